import type { Endpoint } from '../../src/model/index.js';
import type { HostIntent } from '../../src/intent/index.js';
import { bootstrap, clustersOf, endpointResource, hostResources, outboundListener } from '../../src/resources/index.js';
import { type Json, json } from '../unit/resources/given.js';

/** What a proxy would be served, written into a bootstrap, so that Envoy judges our resources without a control plane. */
export interface StaticConfig {
  /** Where its outbound listener listens. */
  readonly port: number;
  /** The Envoy configuration, in JSON. */
  readonly text: string;
}

/** A configuration with these hosts as their own namespace sees them; `pods` tells where the pods of a cluster listen. */
export function staticConfig(
  hosts: readonly HostIntent[],
  outbound: number,
  pods: (cluster: string) => readonly Endpoint[],
): StaticConfig {
  const address = (port: number) => ({ host: '127.0.0.1', port });
  const config: Json = bootstrap({
    ...{
      nodeId: 'sidecar~shop~test',
      namespace: 'shop',
      workload: 'test',
      scope: 'lazy',
      api: 'delta',
      aggregated: true,
    },
    ...{ xds: address(1), outbound: address(outbound), admin: address(0) },
  });
  const resources = hosts.map((host) => hostResources(host));
  const listener = json(outboundListener(address(outbound), 'table'));
  const manager = listener.filter_chains[0].filters[0].typed_config;
  delete manager.rds;
  manager.route_config = {
    name: 'outbound',
    virtual_hosts: resources.flatMap(({ own }) => own.map(json)),
    validate_clusters: true,
  };
  const assignments = new Map(
    hosts.flatMap(clustersOf).map(({ name }) => [name as string, json(endpointResource(name, pods(name)))]),
  );
  const clusters = resources
    .flatMap((host) => host.clusters.map(json))
    .map((cluster) => {
      const { eds_cluster_config: _, ...rest } = cluster;
      return { ...rest, type: 'STATIC', load_assignment: assignments.get(cluster.name) };
    });
  // There is no control plane: neither to serve nor to be told what is used.
  const { dynamic_resources: _served, cluster_manager: _told, ...rest } = config;
  return { port: outbound, text: JSON.stringify({ ...rest, static_resources: { listeners: [listener], clusters } }) };
}
