import { invariant, type ObjectKey, type PortNumber } from '../base/index.js';
import type { EncodedResource } from '../codec/index.js';
import { ownerOf } from './owner.js';

/** Everything that one Service gives to proxies. */
export interface HostEntry {
  readonly clusters: readonly EncodedResource<'cluster'>[];
  /** Virtual hosts as proxies of the Service's own namespace see them: under its short name too. */
  readonly own: readonly EncodedResource<'virtualHost'>[];
  /** The same virtual hosts as all other proxies see them. */
  readonly others: readonly EncodedResource<'virtualHost'>[];
  /** The Service's own route configuration, with the virtual hosts of all its ports: what its scopes point to. */
  readonly routes: readonly EncodedResource<'route'>[];
  /** One for each spelling of the Service's name that means it to every proxy. */
  readonly scopes: readonly EncodedResource<'scopedRoute'>[];
  /** The same for the short name, which only proxies of the Service's own namespace understand. */
  readonly ownScopes: readonly EncodedResource<'scopedRoute'>[];
  /** The port that names without a port mean. */
  readonly defaultPort: PortNumber | undefined;
  /** Served by name only, to proxyless gRPC. */
  readonly apiListeners: readonly EncodedResource<'listener'>[];
  readonly endpoints: readonly EncodedResource<'endpoint'>[];
}

/** The parts of an entry. */
export const PARTS = [
  'clusters',
  'own',
  'others',
  'routes',
  'scopes',
  'ownScopes',
  'apiListeners',
  'endpoints',
] as const;

/** A part of an entry. */
export type Part = (typeof PARTS)[number];

/** `after` with the objects of `before` wherever they are equal; `before` itself when all of them are. */
export function sharing(before: HostEntry | undefined, after: HostEntry): HostEntry {
  if (before === undefined) return Object.freeze({ ...after });
  const shared = Object.freeze({
    clusters: sharingList(before.clusters, after.clusters),
    own: sharingList(before.own, after.own),
    others: sharingList(before.others, after.others),
    routes: sharingList(before.routes, after.routes),
    scopes: sharingList(before.scopes, after.scopes),
    ownScopes: sharingList(before.ownScopes, after.ownScopes),
    defaultPort: after.defaultPort,
    apiListeners: sharingList(before.apiListeners, after.apiListeners),
    endpoints: sharingList(before.endpoints, after.endpoints),
  });
  const isSame = shared.defaultPort === before.defaultPort && PARTS.every((part) => shared[part] === before[part]);
  return isSame ? before : shared;
}

function sharingList<R extends EncodedResource>(before: readonly R[], after: readonly R[]): readonly R[] {
  const known = new Map(before.map((resource) => [resource.name, resource]));
  const list = after.map((resource) => {
    const old = known.get(resource.name);
    // A version is a hash of the bytes (codec), so equal versions are equal resources.
    return old?.version === resource.version ? old : resource;
  });
  return list.length === before.length && list.every((resource, index) => resource === before[index]) ? before : list;
}

/**
 * Throws (invariant) unless the entry stands on its own: whatever holds routes refers only to clusters of the entry, for
 * Envoy takes a route to an unknown cluster and answers 503; each cluster has its endpoints, for a cluster without an
 * assignment keeps Envoy warming for 15 seconds; and every name leads back to the Service, for lookups rely on it. Names in
 * parts that `before` had already are not looked at again.
 */
export function checkEntry(key: ObjectKey, entry: HostEntry, before?: HostEntry): void {
  const clusters = new Set(entry.clusters.map((cluster) => cluster.name));
  for (const part of ['own', 'others', 'routes', 'apiListeners'] as const) {
    for (const holder of entry[part]) checkReferences(key, holder, clusters);
  }
  const endpoints = new Set(entry.endpoints.map((endpoint) => endpoint.name));
  for (const cluster of clusters) invariant(endpoints.has(cluster), `cluster ${cluster} has no endpoint assignment`);
  for (const part of PARTS) {
    if (entry[part] === before?.[part]) continue;
    for (const { kind, name } of entry[part]) {
      invariant(ownerOf(kind, name) === key, `the name of ${kind} ${name} does not lead to ${key}`);
    }
  }
}

function checkReferences(key: ObjectKey, holder: EncodedResource, clusters: ReadonlySet<string>): void {
  for (const reference of holder.references) {
    invariant(
      clusters.has(reference),
      `${holder.kind} ${holder.name} refers to cluster ${reference}, which ${key} does not have`,
    );
  }
}
