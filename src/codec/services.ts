import type { ResourceKind } from './kinds.js';

/** A method of an xDS service: a stream of requests against a stream of responses. */
export interface ServiceMethod {
  /** Full name of the gRPC service. */
  readonly service: string;
  readonly method: string;
  /** `/service/method`, as HTTP/2 names it. */
  readonly path: string;
  /** Which request and response messages it speaks. */
  readonly variant: 'delta' | 'sotw';
  /** The one type it serves, or all of them (ADS). */
  readonly serves: ResourceKind | 'all';
}

/** Every xDS method we serve. VHDS has no state-of-the-world form (rds.proto). */
export const SERVICES: readonly ServiceMethod[] = [
  ...both('envoy.service.discovery.v3.AggregatedDiscoveryService', 'AggregatedResources', 'all'),
  ...both('envoy.service.listener.v3.ListenerDiscoveryService', 'Listeners', 'listener'),
  ...both('envoy.service.route.v3.ScopedRoutesDiscoveryService', 'ScopedRoutes', 'scopedRoute'),
  ...both('envoy.service.route.v3.RouteDiscoveryService', 'Routes', 'route'),
  delta('envoy.service.route.v3.VirtualHostDiscoveryService', 'VirtualHosts', 'virtualHost'),
  ...both('envoy.service.cluster.v3.ClusterDiscoveryService', 'Clusters', 'cluster'),
  ...both('envoy.service.endpoint.v3.EndpointDiscoveryService', 'Endpoints', 'endpoint'),
];

function both(service: string, what: string, serves: ServiceMethod['serves']): readonly ServiceMethod[] {
  const method = `Stream${what}`;
  return [{ service, method, path: `/${service}/${method}`, variant: 'sotw', serves }, delta(service, what, serves)];
}

function delta(service: string, what: string, serves: ServiceMethod['serves']): ServiceMethod {
  const method = `Delta${what}`;
  return { service, method, path: `/${service}/${method}`, variant: 'delta', serves };
}
