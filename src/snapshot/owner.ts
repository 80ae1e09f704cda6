import { type ObjectKey, objectKey } from '../base/index.js';
import type { ResourceKind } from '../codec/index.js';

/**
 * The Service that a resource belongs to, read from its name, so that a lookup by name needs no index; `undefined` where the
 * name is none of a host's.
 *
 * Clusters and endpoints are named `NS/SERVICE:PORT[@HASH]`, virtual hosts `outbound/SERVICE.NS.svc.cluster.local[:PORT]`,
 * API listeners as virtual hosts without `outbound/`. Neither Service nor namespace names hold a dot, a slash or a colon
 * (RFC 1035 and RFC 1123 labels, as Kubernetes demands).
 */
export function ownerOf(kind: ResourceKind, name: string): ObjectKey | undefined {
  if (kind === 'route') return undefined;
  return kind === 'cluster' || kind === 'endpoint' ? ownerOfCluster(name) : ownerOfHost(name);
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
