import { OUTBOUND } from '../base/index.js';
import {
  any,
  ApiVersion,
  type ConfigSource,
  duration,
  encode,
  type EncodedResource,
  type HttpConnectionManager,
  HttpConnectionManager_ServerHeaderTransformation,
  type HttpFilter,
  type ScopedRoutes,
  TrafficDirection,
} from '../codec/index.js';

/** The network filter that speaks HTTP. */
const HTTP_CONNECTION_MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** 0 waits for ever: a listener that serves before its routes are there answers 404 to everything. */
const SOURCE: ConfigSource = { ads: {}, resource_api_version: ApiVersion.V3, initial_fetch_timeout: duration(0) };

const ROUTER = 'envoy.extensions.filters.http.router.v3.Router';

/** The last HTTP filter of every chain; it adds none of Envoy's own headers to what callers and services see. */
export const ROUTER_FILTER: HttpFilter = {
  name: 'envoy.filters.http.router',
  typed_config: any(ROUTER, { suppress_envoy_headers: true }),
};

const ON_DEMAND_FILTER: HttpFilter = {
  name: 'envoy.filters.http.on_demand',
  typed_config: any('envoy.extensions.filters.http.on_demand.v3.OnDemand', {}),
};

/** How a listener finds the routes of a host: in one table, in a scope of its own (SRDS), or by asking for it (VHDS). */
export type ListenerRouting = 'table' | 'scoped' | 'onDemand';

/**
 * The listener of the explicit shape: the application sends its requests here and the Host says where to. It changes as little
 * of them as it can; nothing ends a quiet stream, because WebSockets and gRPC streams are quiet for long.
 */
export function outboundListener(
  address: { readonly host: string; readonly port: number },
  routing: ListenerRouting,
): EncodedResource<'listener'> {
  return encode('listener', OUTBOUND, {
    name: OUTBOUND,
    address: { socket_address: { address: address.host, port_value: address.port } },
    traffic_direction: TrafficDirection.OUTBOUND,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: any(HTTP_CONNECTION_MANAGER, outboundConnectionManager(routing)),
          },
        ],
      },
    ],
  });
}

function outboundConnectionManager(routing: ListenerRouting): HttpConnectionManager {
  return {
    stat_prefix: OUTBOUND,
    ...(routing === 'scoped'
      ? { scoped_routes: scopedRoutes() }
      : { rds: { route_config_name: OUTBOUND, config_source: SOURCE } }),
    http_filters: [...(routing === 'onDemand' ? [ON_DEMAND_FILTER] : []), ROUTER_FILTER],
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    // `web.shop.svc.cluster.local.` is the same host, written so that a resolver tries no search domain.
    strip_trailing_host_dot: true,
    stream_idle_timeout: duration(0),
    server_header_transformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    // The service answers `Expect: 100-continue`, not the proxy.
    proxy_100_continue: true,
  };
}

/** The scope of a request is its host without the port: what stands before the first colon. */
function scopedRoutes(): ScopedRoutes {
  const host = { name: ':authority', element_separator: ':', index: 0 };
  return {
    name: OUTBOUND,
    scope_key_builder: { fragments: [{ header_value_extractor: host }] },
    rds_config_source: SOURCE,
    scoped_rds: { scoped_rds_config_source: SOURCE },
  };
}
