import type { ClusterName } from '../base/index.js';
import {
  any,
  ApiVersion,
  type CircuitBreakers,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  duration,
  encode,
  type EncodedResource,
  type UpstreamsHttpProtocolOptions,
  type OutlierDetection as OutlierDetectionMessage,
} from '../codec/index.js';
import type { AppProtocol, OutlierDetection } from '../model/index.js';

const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const CONNECT_TIMEOUT_MS = 5_000;

/** Envoy's defaults answer 503 from the 1,025th concurrent request on; a limit nobody has set surprises (Cluster, `circuit_breakers`). */
const NO_LIMIT = { value: 4_294_967_295 };

const CIRCUIT_BREAKERS: CircuitBreakers = {
  thresholds: [
    { max_connections: NO_LIMIT, max_pending_requests: NO_LIMIT, max_requests: NO_LIMIT, max_retries: NO_LIMIT },
  ],
};

/**
 * The cluster of one version of a port. Its endpoints come under its own name over the aggregated stream.
 *
 * ROUND_ROBIN, because grpc-js-xds 1.14.1 refuses a cluster with LEAST_REQUEST ("unsupported lb_policy").
 */
export function clusterResource(
  name: ClusterName,
  protocol: AppProtocol,
  outlier: OutlierDetection,
): EncodedResource<'cluster'> {
  return encode('cluster', name, {
    name,
    type: Cluster_DiscoveryType.EDS,
    eds_cluster_config: { service_name: name, eds_config: { ads: {}, resource_api_version: ApiVersion.V3 } },
    lb_policy: Cluster_LbPolicy.ROUND_ROBIN,
    connect_timeout: duration(CONNECT_TIMEOUT_MS),
    circuit_breakers: CIRCUIT_BREAKERS,
    typed_extension_protocol_options: { [PROTOCOL_OPTIONS]: any(PROTOCOL_OPTIONS, protocolOptions(protocol)) },
    // An endpoint that Kubernetes has taken away is gone, whatever its health was.
    ignore_health_on_host_removal: true,
    ...(outlier.kind === 'on' ? { outlier_detection: outlierDetection(outlier) } : {}),
  });
}

/** A port that says HTTP/2 gets it; for the others the caller's choice goes on to the pod, so gRPC works without a declaration. */
function protocolOptions(protocol: AppProtocol): UpstreamsHttpProtocolOptions {
  return protocol === 'http2'
    ? { explicit_http_config: { http2_protocol_options: {} } }
    : { use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} } };
}

function outlierDetection(outlier: Extract<OutlierDetection, { kind: 'on' }>): OutlierDetectionMessage {
  return {
    consecutive_5xx: { value: outlier.consecutiveErrors },
    interval: duration(outlier.interval),
    base_ejection_time: duration(outlier.ejectionTime),
    max_ejection_percent: { value: Math.round(outlier.maxEjected) },
    // Else the only pod of a canary could never be ejected.
    always_eject_one_host: { value: true },
    // On by default in Envoy; the Rollout asked for consecutive errors and nothing else.
    enforcing_success_rate: { value: 0 },
  };
}
