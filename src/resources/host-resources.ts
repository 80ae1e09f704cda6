import { type PortNumber, sameContent } from '../base/index.js';
import { type EncodedResource, encodeRouteTable } from '../codec/index.js';
import type { HostIntent, PortIntent } from '../intent/index.js';
import { apiListenerResource } from './api-listener.js';
import { clusterResource } from './cluster.js';
import { clusterFor, routeConfigurationName } from './names.js';
import { hostScopes, type HostScopes } from './scope.js';
import { portRoutes, scopedVirtualHost, virtualHostResource } from './virtual-host.js';

/** Everything that one host gives, apart from its endpoints. */
export interface HostResources extends HostScopes {
  readonly clusters: readonly EncodedResource<'cluster'>[];
  /** Virtual hosts as proxies of the host's own namespace see them: under its short name too. */
  readonly own: readonly EncodedResource<'virtualHost'>[];
  /** The same as proxies of other namespaces see them. */
  readonly others: readonly EncodedResource<'virtualHost'>[];
  /** One, with the virtual hosts of all ports: what its scopes lead to. Which callers mean it by its short name, the scopes tell. */
  readonly routes: readonly EncodedResource<'route'>[];
  /** The port that names without a port mean. */
  readonly defaultPort: PortNumber | undefined;
  /** For proxyless gRPC: one a port, served by name only. */
  readonly apiListeners: readonly EncodedResource<'listener'>[];
}

/** What a host meant before, and the resources that gave. */
export interface Former {
  readonly host: HostIntent;
  readonly resources: Pick<HostResources, 'clusters' | 'scopes' | 'ownScopes'>;
}

/**
 * Encodes what a host means for traffic. Throws (invariant) for a route that leads nowhere.
 *
 * What depends on nothing that changed since `before` is taken over: of a weight, only routes depend.
 */
export function hostResources(host: HostIntent, before?: Former): HostResources {
  const ports = host.ports.map((port) => ({ port, routes: portRoutes(host, port) }));
  const scoped = ports.map(({ port, routes }) => scopedVirtualHost(host, port, routes));
  const { scopes, ownScopes } = before?.resources ?? hostScopes(host);
  return {
    scopes,
    ownScopes,
    clusters: host.ports.flatMap((port) => portClusters(host, port, before)),
    own: ports.map(({ port, routes }) => virtualHostResource(host, port, routes, 'own')),
    routes: [encodeRouteTable(routeConfigurationName(host), {}, scoped)],
    defaultPort: host.ports.find(({ isDefault }) => isDefault)?.port.port,
    others: ports.map(({ port, routes }) => virtualHostResource(host, port, routes, 'other')),
    apiListeners: ports.map(({ port, routes }) => apiListenerResource(host, port, routes)),
  };
}

function portClusters(
  { service }: HostIntent,
  { port, versions, policy }: PortIntent,
  before: Former | undefined,
): readonly EncodedResource<'cluster'>[] {
  const { outlierDetection } = policy;
  const old = before?.host.ports.find((one) => one.port.port === port.port);
  const isAlike =
    old !== undefined &&
    old.port.protocol === port.protocol &&
    sameContent(old.policy.outlierDetection, outlierDetection);
  const known = isAlike ? (before?.resources.clusters ?? []) : [];
  return versions.map((version) => {
    const name = clusterFor(service, port.port, version);
    const cluster = known.find((one) => one.name === name);
    return cluster ?? clusterResource(name, port.protocol, outlierDetection);
  });
}
