import type { Messages } from './gen/messages.js';

/** Full names of the messages that are served as resources. */
export const MESSAGE_NAME = {
  listener: 'envoy.config.listener.v3.Listener',
  scopedRoute: 'envoy.config.route.v3.ScopedRouteConfiguration',
  route: 'envoy.config.route.v3.RouteConfiguration',
  virtualHost: 'envoy.config.route.v3.VirtualHost',
  cluster: 'envoy.config.cluster.v3.Cluster',
  endpoint: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
} as const;

/** The xDS resource types we serve, as they stand in `type_url`. */
export const TYPE = {
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  scopedRoute: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  virtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
} as const;

/** A resource type by the word we use for it. */
export type ResourceKind = keyof typeof TYPE;

/** The message a resource of kind `K` is: a plain object with Envoy's field names, everything optional. */
export type MessageOf<K extends ResourceKind> = Messages[(typeof MESSAGE_NAME)[K]];

/** All kinds, in the order in which Envoy wants them (xDS protocol, "Eventual consistency considerations"). */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  'cluster',
  'endpoint',
  'listener',
  'scopedRoute',
  'route',
  'virtualHost',
];

const kinds: ReadonlyMap<string, ResourceKind> = new Map(RESOURCE_KINDS.map((kind) => [TYPE[kind], kind]));

/** The kind a `type_url` means; `undefined` for a type we do not serve. */
export function kindOf(typeUrl: string): ResourceKind | undefined {
  return kinds.get(typeUrl);
}
