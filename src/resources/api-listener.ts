import { any, duration, encode, type EncodedResource, type Route } from '../codec/index.js';
import type { HostIntent, PortIntent } from '../intent/index.js';
import { HTTP_CONNECTION_MANAGER, ROUTER_FILTER } from './listener.js';
import { apiListenerName, virtualHostName } from './names.js';
import type { PortRoutes } from './virtual-host.js';

/**
 * What a proxyless gRPC client of one port gets. It holds its routes itself: a client asks for one target, and a table of all
 * hosts would cost it what a sidecar pays (gRFC A27 allows `route_config` in place).
 */
export function apiListenerResource(
  host: HostIntent,
  port: PortIntent,
  { routes, references }: PortRoutes,
): EncodedResource<'listener'> {
  const name = apiListenerName(host, port);
  const virtualHost = { name: virtualHostName(host, port), domains: ['*'], routes: withDuration(routes, port) };
  const manager = {
    stat_prefix: name,
    route_config: { name, virtual_hosts: [virtualHost] },
    http_filters: [ROUTER_FILTER],
  };
  return encode(
    'listener',
    name,
    { name, api_listener: { api_listener: any(HTTP_CONNECTION_MANAGER, manager) } },
    references,
  );
}

/** gRPC clients pass over `timeout` and look at the stream's duration (gRFC A31); Envoy would pass over `timeout` if it had both. */
function withDuration(routes: readonly Route[], { policy }: PortIntent): readonly Route[] {
  if (policy.timeout.kind !== 'after') return routes;
  const max_stream_duration = { grpc_timeout_header_max: duration(policy.timeout.ms) };
  return routes.map((message) => ({ ...message, route: { ...message.route, max_stream_duration } }));
}
