import {
  any,
  ApiVersion,
  duration,
  encode,
  type EncodedResource,
  type HttpConnectionManager,
  HttpConnectionManager_ServerHeaderTransformation,
  type HttpFilter,
  TrafficDirection,
} from '../codec/index.js';
import { OUTBOUND } from './names.js';

/** The network filter that speaks HTTP. */
export const HTTP_CONNECTION_MANAGER =
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

const ROUTER = 'envoy.extensions.filters.http.router.v3.Router';

/** The last HTTP filter of every chain; it adds none of Envoy's own headers to what callers and services see. */
export const ROUTER_FILTER: HttpFilter = {
  name: 'envoy.filters.http.router',
  typed_config: any(ROUTER, { suppress_envoy_headers: true }),
};

/**
 * The listener of the explicit shape: the application sends its requests here and the Host says where to. It changes as little
 * of them as it can; nothing ends a quiet stream, because WebSockets and gRPC streams are quiet for long.
 */
export function outboundListener(address: {
  readonly host: string;
  readonly port: number;
}): EncodedResource<'listener'> {
  return encode('listener', OUTBOUND, {
    name: OUTBOUND,
    address: { socket_address: { address: address.host, port_value: address.port } },
    traffic_direction: TrafficDirection.OUTBOUND,
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: any(HTTP_CONNECTION_MANAGER, outboundConnectionManager()),
          },
        ],
      },
    ],
  });
}

function outboundConnectionManager(): HttpConnectionManager {
  return {
    stat_prefix: OUTBOUND,
    rds: {
      route_config_name: OUTBOUND,
      // 0 waits for ever: a listener that serves before its table is there answers 404 to everything.
      config_source: { ads: {}, resource_api_version: ApiVersion.V3, initial_fetch_timeout: duration(0) },
    },
    http_filters: [ROUTER_FILTER],
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    // `web.shop.svc.cluster.local.` is the same host, written so that a resolver tries no search domain.
    strip_trailing_host_dot: true,
    stream_idle_timeout: duration(0),
    server_header_transformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    // The service answers `Expect: 100-continue`, not the proxy.
    proxy_100_continue: true,
  };
}
