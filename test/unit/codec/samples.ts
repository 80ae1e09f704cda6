import {
  any,
  type Cluster,
  Cluster_DiscoveryType,
  type ClusterLoadAssignment,
  duration,
  HttpConnectionManager_CodecType,
  type Listener,
  type RouteConfiguration,
  RoutingPriority,
  type ScopedRouteConfiguration,
  TrafficDirection,
  type VirtualHost,
} from '../../../src/codec/index.js';

/** A scope with a key of two parts. */
export const scopedRoute: ScopedRouteConfiguration = {
  name: 'outbound/cart.shop',
  route_configuration_name: 'outbound/cart.shop.svc.cluster.local',
  key: { fragments: [{ string_key: 'cart.shop' }, { string_key: 'b' }] },
  on_demand: true,
};

/** A cluster with a typed config, a nested oneof and wrappers. */
export const cluster: Cluster = {
  name: 'shop/cart:80@6c9f',
  type: Cluster_DiscoveryType.EDS,
  eds_cluster_config: { eds_config: { ads: {}, resource_api_version: 2 }, service_name: 'shop/cart:80@6c9f' },
  connect_timeout: duration(1500),
  circuit_breakers: { thresholds: [{ priority: RoutingPriority.HIGH, max_requests: { value: 4096 } }] },
  outlier_detection: { consecutive_5xx: { value: 5 }, max_ejection_percent: { value: 100 } },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      { use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} } },
    ),
  },
};

/** Two versions, one of them without endpoints to send to. */
export const endpoint: ClusterLoadAssignment = {
  cluster_name: 'shop/cart:80@6c9f',
  endpoints: [
    {
      lb_endpoints: [
        { endpoint: { address: { socket_address: { address: '10.0.0.1', port_value: 8080 } } }, health_status: 1 },
        { endpoint: { address: { socket_address: { address: '10.0.0.2', port_value: 8080 } } } },
      ],
    },
  ],
};

/** A header route before a weighted one with a mirror. `use_hash_policy` is newer than the judge's .proto files: see `newer`. */
export const virtualHost: VirtualHost = {
  name: 'outbound/cart.shop',
  domains: ['cart.shop', 'cart.shop.svc.cluster.local'],
  routes: [
    {
      name: 'qa',
      match: { prefix: '/', headers: [{ name: 'x-qa', string_match: { exact: 'yes' } }] },
      route: { cluster: 'shop/cart:80@7d11', timeout: {} },
    },
    {
      match: { prefix: '/' },
      route: {
        weighted_clusters: {
          clusters: [
            { name: 'shop/cart:80@6c9f', weight: { value: 80 } },
            { name: 'shop/cart:80@7d11', weight: { value: 20 } },
          ],
        },
        timeout: {},
        hash_policy: [{ cookie: { name: 'version', ttl: duration(3_600_000) } }],
        request_mirror_policies: [
          { cluster: 'shop/cart:80@7d11', runtime_fraction: { default_value: { numerator: 500_000, denominator: 2 } } },
        ],
        retry_policy: { retry_on: 'connect-failure', num_retries: { value: 2 }, retriable_status_codes: [503, 504] },
      },
    },
  ],
};

/** The same split with the fields that are younger than the installed .proto files. */
export const newerVirtualHost: VirtualHost = {
  name: 'outbound/newer',
  domains: ['*'],
  routes: [
    {
      match: { prefix: '/' },
      route: {
        weighted_clusters: {
          clusters: [
            { name: 'stable', weight: { value: 1 } },
            { name: 'canary', weight: { value: 0 } },
          ],
          use_hash_policy: { value: true },
        },
        hash_policy: [{ header: { header_name: 'x-user' } }],
        request_mirror_policies: [
          {
            cluster: 'canary',
            disable_shadow_host_suffix_append: true,
            request_headers_mutations: [{ remove: 'authorization' }],
          },
        ],
      },
    },
  ],
};

/** A table without its name and virtual hosts. */
export const routeHead: Omit<RouteConfiguration, 'name' | 'virtual_hosts'> = {
  ignore_port_in_host_matching: true,
  validate_clusters: { value: true },
  max_direct_response_body_size_bytes: { value: 4096 },
};

/** A sidecar's outbound listener. */
export const listener: Listener = {
  name: 'outbound',
  address: { socket_address: { address: '127.0.0.1', port_value: 15001 } },
  traffic_direction: TrafficDirection.OUTBOUND,
  filter_chains: [
    {
      filters: [
        {
          name: 'http',
          typed_config: any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
            codec_type: HttpConnectionManager_CodecType.AUTO,
            stat_prefix: 'outbound',
            rds: { route_config_name: 'outbound', config_source: { ads: {}, resource_api_version: 2 } },
            upgrade_configs: [{ upgrade_type: 'websocket' }],
            http_filters: [{ name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) }],
          }),
        },
      ],
    },
  ],
};
