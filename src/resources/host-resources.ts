import type { PortNumber } from '../base/index.js';
import { type EncodedResource, encodeRouteTable } from '../codec/index.js';
import type { HostIntent } from '../intent/index.js';
import { apiListenerResource } from './api-listener.js';
import { clusterResource } from './cluster.js';
import { clusterFor, routeConfigurationName } from './names.js';
import { hostScopes, type HostScopes } from './scope.js';
import { portRoutes, virtualHostResource } from './virtual-host.js';

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

/**
 * Encodes what a host means for traffic. Throws (invariant) for a route that leads nowhere. Of what it gave `before`, that is
 * taken over which depends on nothing but its name.
 */
export function hostResources(host: HostIntent, before?: HostScopes): HostResources {
  const ports = host.ports.map((port) => ({ port, routes: portRoutes(host, port) }));
  const own = ports.map(({ port, routes }) => virtualHostResource(host, port, routes, 'own'));
  return {
    ...(before === undefined ? hostScopes(host) : { scopes: before.scopes, ownScopes: before.ownScopes }),
    clusters: host.ports.flatMap(({ port, versions, policy }) =>
      versions.map((version) =>
        clusterResource(clusterFor(host.service, port.port, version), port.protocol, policy.outlierDetection),
      ),
    ),
    own,
    routes: [encodeRouteTable(routeConfigurationName(host), {}, own)],
    defaultPort: host.ports.find(({ isDefault }) => isDefault)?.port.port,
    others: ports.map(({ port, routes }) => virtualHostResource(host, port, routes, 'other')),
    apiListeners: ports.map(({ port, routes }) => apiListenerResource(host, port, routes)),
  };
}
