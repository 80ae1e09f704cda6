import { isIP } from 'node:net';
import {
  any,
  type ApiConfigSource,
  ApiConfigSource_ApiType,
  ApiVersion,
  type Bootstrap_DynamicResources,
  type Cluster,
  Cluster_DiscoveryType,
  type ConfigSource,
  duration,
  type JsonValue,
  messageToJson,
  struct,
} from '../codec/index.js';

/** A host (name or IP) and a port. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** What the bootstrap of a sidecar has to say. */
export interface BootstrapOptions {
  /** `node.id`, by convention `sidecar~NS~POD`. */
  readonly nodeId: string;
  /** The namespace whose short names the sidecar understands. */
  readonly namespace: string;
  /** `node.cluster`: whose sidecar this is. */
  readonly workload: string;
  /** Of the control plane. */
  readonly xds: SocketAddress;
  /** Where the sidecar takes requests; tells the control plane which listener to serve. */
  readonly outbound: SocketAddress;
  /** Of Envoy's own admin interface; it must not be reachable from elsewhere. */
  readonly admin: SocketAddress;
  /** `full`: everything, whatever the control plane does by itself; `lazy`: what the sidecar calls, where both can do that. */
  readonly scope: 'lazy' | 'full';
  /** `sotw`: state of the world, for comparison and older proxies. */
  readonly api: 'delta' | 'sotw';
  /** False: listeners and clusters on streams of their own. Routes and endpoints keep to the aggregated one, as their resources say. */
  readonly aggregated: boolean;
}

const XDS_CLUSTER = 'xds';

const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Bootstrap of a sidecar in the explicit shape, for Envoy 1.36 to 1.40, in Envoy's own JSON form. */
export function bootstrap(options: BootstrapOptions): JsonValue {
  return messageToJson('envoy.config.bootstrap.v3.Bootstrap', {
    node: {
      id: options.nodeId,
      cluster: options.workload,
      metadata: struct({
        NAMESPACE: options.namespace,
        OUTBOUND_ADDRESS: printAddress(options.outbound),
        ...(options.scope === 'full' ? { SCOPE: 'full' } : {}),
      }),
    },
    admin: { address: address(options.admin) },
    dynamic_resources: dynamicResources(options),
    cluster_manager: { load_stats_config: loadReports() },
    static_resources: { clusters: [xdsCluster(options.xds)] },
    layered_runtime: {
      layers: [
        // Envoy refuses a regex whose program is larger than 100 unless told otherwise, and with it the whole table.
        { name: 'static', static_layer: struct({ re2: { max_program_size: { error_level: 100_000 } } }) },
        { name: 'admin', admin_layer: {} },
      ],
    },
  });
}

function dynamicResources(options: BootstrapOptions): Bootstrap_DynamicResources {
  const own = apiSource(options.api);
  const source: ConfigSource = {
    ...(options.aggregated ? { ads: {} } : { api_config_source: own }),
    resource_api_version: ApiVersion.V3,
    // 0 waits for ever: a sidecar is not ready before it knows something.
    initial_fetch_timeout: duration(0),
  };
  return { ads_config: own, cds_config: source, lds_config: source };
}

const RECONNECT_FIRST_MS = 500;
/** Envoy's own 30 s would leave a sidecar that long without changes after the control plane is back. */
const RECONNECT_AT_MOST_MS = 5_000;

function apiSource(api: BootstrapOptions['api']): ApiConfigSource {
  const backOff = { base_interval: duration(RECONNECT_FIRST_MS), max_interval: duration(RECONNECT_AT_MOST_MS) };
  return {
    api_type: api === 'delta' ? ApiConfigSource_ApiType.DELTA_GRPC : ApiConfigSource_ApiType.GRPC,
    transport_api_version: ApiVersion.V3,
    set_node_on_first_message_only: true,
    grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER, retry_policy: { retry_back_off: backOff } } }],
  };
}

/**
 * Where to report which clusters are in use: a control plane that does not want to know leaves the stream unanswered, and then
 * nothing is reported. Envoy comes back after 5 s whatever is said here (LoadStatsReporter of Envoy 1.40).
 */
function loadReports(): ApiConfigSource {
  return {
    api_type: ApiConfigSource_ApiType.GRPC,
    transport_api_version: ApiVersion.V3,
    grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER } }],
  };
}

const KEEPALIVE_INTERVAL_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;

function xdsCluster(xds: SocketAddress): Cluster {
  const keepalive = { interval: duration(KEEPALIVE_INTERVAL_MS), timeout: duration(KEEPALIVE_TIMEOUT_MS) };
  return {
    name: XDS_CLUSTER,
    type: isIP(xds.host) === 0 ? Cluster_DiscoveryType.STRICT_DNS : Cluster_DiscoveryType.STATIC,
    connect_timeout: duration(5_000),
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address(xds) } }] }],
    },
    typed_extension_protocol_options: {
      [PROTOCOL_OPTIONS]: any(PROTOCOL_OPTIONS, {
        // Without pings a control plane that has vanished is not missed: the stream is quiet when nothing changes.
        explicit_http_config: { http2_protocol_options: { connection_keepalive: keepalive } },
      }),
    },
  };
}

function address({ host, port }: SocketAddress): { readonly socket_address: { address: string; port_value: number } } {
  return { socket_address: { address: host, port_value: port } };
}

function printAddress({ host, port }: SocketAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
