import { portNumber } from '../../base/index.js';
import type { ProxyNode, ServiceMethod } from '../../codec/index.js';
import type { ListenAddress, Routing } from '../../snapshot/index.js';

/** Who a proxy is, as it says itself. */
export interface Identity {
  /** Node id. */
  readonly id: string;
  readonly namespace: string;
  /** Node cluster: the workload it belongs to. */
  readonly workload: string;
  /** What it runs, for example `envoy 1.40.0`; empty where it does not say. */
  readonly client: string;
  readonly outbound: ListenAddress;
  /** How it finds routes; `onDemand` is the lazy scope. */
  readonly routing: Routing['kind'];
}

/** What is served to a proxy that can take both: everything, or what it asks for. */
export type ScopeChoice = 'full' | 'lazy';

/** Entry of the node's metadata that says where the proxy's outbound listener listens. */
export const OUTBOUND_ADDRESS = 'OUTBOUND_ADDRESS';

/** Entry of the node's metadata: `full` is served everything whatever the server does by itself. */
const SCOPE = 'SCOPE';

/** Entries of a node's metadata that an identity is made of. */
export const KEPT_METADATA: readonly string[] = [OUTBOUND_ADDRESS, SCOPE];

const DEFAULT_NAMESPACE = 'default';
const DEFAULT_OUTBOUND: ListenAddress = { host: '127.0.0.1', port: 15_001 };

/**
 * The first Envoy that can ask for hosts without losing a request: 1.36 refuses virtual hosts on its aggregated stream, and up
 * to 1.39 a WebSocket, a gRPC stream or an upload that is the first request to a host gets 404 (measured, see ADR 15).
 */
const FIRST_ON_DEMAND = [1, 40] as const;

/** What else decides how a proxy is served: the stream on which it first speaks, and the server's own choice. */
export interface Terms {
  readonly method: Pick<ServiceMethod, 'variant' | 'serves'>;
  readonly scope: ScopeChoice;
}

/** Reads a node; `undefined` where it has no id. What it leaves out or says wrongly gets the usual value. */
export function identityOf(node: ProxyNode | undefined, terms: Terms): Identity | undefined {
  if (node === undefined || node.id === '') return undefined;
  return {
    id: node.id,
    namespace: node.namespace || namespaceOf(node.id),
    workload: node.cluster,
    client: [node.userAgent ?? '', node.version ?? ''].join(' ').trim(),
    outbound: addressOf(node.metadata.get(OUTBOUND_ADDRESS) ?? '') ?? DEFAULT_OUTBOUND,
    routing: routingOf(node, terms),
  };
}

/** A state-of-the-world client would name all its tables with every answer: it gets one. */
function routingOf(node: ProxyNode, { method, scope }: Terms): Routing['kind'] {
  if (method.variant === 'sotw') return 'table';
  const isLazy = scope === 'lazy' && node.metadata.get(SCOPE) !== 'full' && method.serves === 'all';
  return isLazy && takesOnDemand(node) ? 'onDemand' : 'scoped';
}

function takesOnDemand({ userAgent, version = '' }: ProxyNode): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [firstMajor, firstMinor] = FIRST_ON_DEMAND;
  return userAgent === 'envoy' && (major > firstMajor || (major === firstMajor && minor >= firstMinor));
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
