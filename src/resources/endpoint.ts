import type { ClusterName } from '../base/index.js';
import { encode, type EncodedResource, type LbEndpoint } from '../codec/index.js';
import type { Endpoint } from '../model/index.js';

/**
 * Where the pods of a cluster listen. Without any it is an assignment without endpoints: that empties a cluster, while Envoy
 * ignores a removed one (xDS protocol: deletions of endpoints come with their cluster).
 */
export function endpointResource(cluster: ClusterName, endpoints: readonly Endpoint[]): EncodedResource<'endpoint'> {
  // gRPC takes endpoints only in a locality that has a weight (gRFC A27); Envoy does not mind.
  const locality = { locality: {}, lb_endpoints: endpoints.map(lbEndpoint), load_balancing_weight: { value: 1 } };
  return encode('endpoint', cluster, { cluster_name: cluster, endpoints: endpoints.length === 0 ? [] : [locality] });
}

function lbEndpoint({ address, port }: Endpoint): LbEndpoint {
  return { endpoint: { address: { socket_address: { address, port_value: port } } } };
}
