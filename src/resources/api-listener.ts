import {
  connectionManagerOf,
  duration,
  encode,
  type EncodedResource,
  encodeRoutes,
  type EncodedRoutes,
  encodeRouteTable,
  encodeVirtualHost,
} from '../codec/index.js';
import type { HostIntent, PortIntent } from '../intent/index.js';
import { ROUTER_FILTER } from './listener.js';
import { apiListenerName, virtualHostOf } from './names.js';
import type { PortRoutes } from './virtual-host.js';

/**
 * What a proxyless gRPC client of one port gets. It holds its routes itself: a client asks for one target, and a table of all
 * hosts would cost it what a sidecar pays (gRFC A27 allows `route_config` in place).
 */
export function apiListenerResource(
  host: HostIntent,
  port: PortIntent,
  routes: PortRoutes,
): EncodedResource<'listener'> {
  const name = apiListenerName(host, port);
  const virtualHost = encodeVirtualHost(virtualHostOf(host, port), ['*'], withDuration(routes, port));
  const manager = connectionManagerOf(name, encodeRouteTable(name, {}, [virtualHost]), {
    http_filters: [ROUTER_FILTER],
  });
  return encode('listener', name, { name, api_listener: { api_listener: manager } }, virtualHost.references);
}

/** gRPC clients pass over `timeout` and look at the stream's duration (gRFC A31); Envoy would pass over `timeout` if it had both. */
function withDuration({ messages, encoded }: PortRoutes, { policy }: PortIntent): EncodedRoutes {
  if (policy.timeout.kind !== 'after') return encoded;
  const max_stream_duration = { grpc_timeout_header_max: duration(policy.timeout.ms) };
  const routes = messages.map((message) => ({ ...message, route: { ...message.route, max_stream_duration } }));
  return encodeRoutes(routes, encoded.references);
}
