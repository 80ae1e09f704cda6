import { portNumber } from '../../base/index.js';
import type { ProxyNode } from '../../codec/index.js';
import type { ListenAddress, ProxyScope } from '../../snapshot/index.js';

/** Who a proxy is, as it says itself. */
export interface Identity {
  /** Node id. */
  readonly id: string;
  readonly namespace: string;
  /** Node cluster: the workload it belongs to. */
  readonly workload: string;
  /** What it runs, for example `envoy 1.40.0`; empty where it does not say. */
  readonly client: string;
  readonly scope: ProxyScope;
}

/** Entry of the node's metadata that says where the proxy's outbound listener listens. */
export const OUTBOUND_ADDRESS = 'OUTBOUND_ADDRESS';

const DEFAULT_NAMESPACE = 'default';
const DEFAULT_OUTBOUND: ListenAddress = { host: '127.0.0.1', port: 15_001 };

/** Reads a node; `undefined` where it has no id. What it leaves out or says wrongly gets the usual value. */
export function identityOf(node: ProxyNode | undefined): Identity | undefined {
  if (node === undefined || node.id === '') return undefined;
  const namespace = node.namespace || namespaceOf(node.id);
  const outbound = addressOf(node.metadata.get(OUTBOUND_ADDRESS) ?? '') ?? DEFAULT_OUTBOUND;
  return {
    id: node.id,
    namespace,
    workload: node.cluster,
    client: [node.userAgent ?? '', node.version ?? ''].join(' ').trim(),
    scope: { namespace, outbound },
  };
}

/** From `sidecar~NAMESPACE~POD`. */
function namespaceOf(id: string): string {
  const [role, namespace, pod] = id.split('~');
  return role !== undefined && pod !== undefined && namespace ? namespace : DEFAULT_NAMESPACE;
}

/** `HOST:PORT`, an IPv6 address in brackets or not. */
function addressOf(text: string): ListenAddress | undefined {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1');
  const port = /^\d+$/.test(text.slice(colon + 1)) ? portNumber(Number(text.slice(colon + 1))) : undefined;
  return host === '' || port === undefined ? undefined : { host, port };
}
