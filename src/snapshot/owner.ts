import { assertNever, type ObjectKey, objectKey, type PortNumber, portNumber } from '../base/index.js';
import type { ResourceKind } from '../codec/index.js';

/**
 * The Service that a resource belongs to, read from its name, so that a lookup by name needs no index; `undefined` where the
 * name is none of a host's.
 *
 * Clusters and endpoints are named `NS/SERVICE:PORT[@HASH]`, virtual hosts `outbound/SERVICE.NS.svc.cluster.local[:PORT]`,
 * route configurations as virtual hosts without a port, API listeners as virtual hosts without `outbound/`; scoped routes
 * `outbound/SERVICE.NS[.svc[.cluster.local]]`, and that of the short name `outbound/NS/SERVICE`. Neither Service nor namespace
 * names hold a dot, a slash or a colon (RFC 1035 and RFC 1123 labels, as Kubernetes demands).
 */
export function ownerOf(kind: ResourceKind, name: string): ObjectKey | undefined {
  switch (kind) {
    case 'cluster':
    case 'endpoint':
      return ownerOfCluster(name);
    case 'listener':
    case 'route':
    case 'virtualHost':
      return ownerOfHost(name);
    case 'scopedRoute':
      return ownerOfScope(name);
    default:
      return assertNever(kind);
  }
}

function ownerOfCluster(name: string): ObjectKey | undefined {
  const slash = name.indexOf('/');
  const colon = name.indexOf(':');
  return slash > 0 && colon > slash + 1 ? objectKey(name.slice(0, slash), name.slice(slash + 1, colon)) : undefined;
}

function ownerOfHost(name: string): ObjectKey | undefined {
  const host = name.slice(name.indexOf('/') + 1);
  const [service, namespace, svc] = host.split('.', 3);
  return service && namespace && svc === 'svc' ? objectKey(namespace, service) : undefined;
}

function ownerOfScope(name: string): ObjectKey | undefined {
  const [, host = '', short] = name.split('/', 3);
  if (short !== undefined) return host && short ? objectKey(host, short) : undefined;
  const [service, namespace] = host.split('.', 2);
  return service && namespace ? objectKey(namespace, service) : undefined;
}

/** What a caller means by a host name. */
export interface Asked {
  readonly service: ObjectKey;
  /** `undefined` where the name has none. */
  readonly port: PortNumber | undefined;
}

/** Two labels are enough to name a Service, one in its own namespace; a longer name ends as cluster DNS has it. */
const ASKED =
  /^outbound\/(?<service>[a-z0-9-]{1,63})(?:\.(?<namespace>[a-z0-9-]{1,63})(?:\.svc(?:\.cluster\.local)?)?)?(?::(?<port>[1-9]\d{0,4}))?$/i;

/** Reads the name under which Envoy asks for a virtual host: `outbound/` and what its caller wrote as Host, in any case (RFC 9110, 4.2.3). */
export function asked(name: string, caller: string): Asked | undefined {
  const groups = ASKED.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { service = '', namespace = caller, port } = groups;
  const number = port === undefined ? undefined : portNumber(Number(port));
  if (namespace === '' || (port !== undefined && number === undefined)) return undefined;
  return { service: objectKey(namespace.toLowerCase(), service.toLowerCase()), port: number };
}

/**
 * The Service that a virtual host's name means to callers of a namespace: `outbound/web`, `outbound/web.shop`,
 * `outbound/web.shop.svc` or `outbound/web.shop.svc.cluster.local`, each with or without a port. `undefined` for any other name.
 * Whether there is such a Service, and whether it has the port, is not looked at.
 */
export function hostAsked(name: string, namespace: string): ObjectKey | undefined {
  return asked(name, namespace)?.service;
}
