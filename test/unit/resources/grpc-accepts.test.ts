import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { type EncodedResource, TYPE } from '../../../src/codec/index.js';
import { clustersOf, endpointResource, hostResources, routeTable } from '../../../src/resources/index.js';
import { port, RICH_HOST } from './given.js';

// What gRPC's own xDS client says to our resources: it is stricter than Envoy in other places. Its checks are not part of
// its public interface, so the pinned version's files are opened by their paths.

type Decoded = { readonly name: string; readonly error?: string; readonly value?: unknown };
type ResourceType = { decode(context: object, resource: { type_url: string; value: Uint8Array }): Decoded };

const require = createRequire(import.meta.url);
const checks = (file: string, name: string): ResourceType =>
  require(`@grpc/grpc-js-xds/build/src/xds-resource-type/${file}-resource-type.js`)[name].get();

require('@grpc/grpc-js-xds').register();
const CHECKS = {
  listener: checks('listener', 'ListenerResourceType'),
  route: checks('route-config', 'RouteConfigurationResourceType'),
  cluster: checks('cluster', 'ClusterResourceType'),
  endpoint: checks('endpoint', 'EndpointResourceType'),
};

const { clusters, own, apiListeners } = hostResources(RICH_HOST);
const pods = [
  { address: '10.0.0.1', port: port(8080) },
  { address: '10.0.0.2', port: port(8080) },
];
const endpoints = clustersOf(RICH_HOST).flatMap(({ name }) => [
  endpointResource(name, pods),
  endpointResource(name, []),
]);

const rows: readonly { name: string; kind: keyof typeof CHECKS; given: readonly EncodedResource[] }[] = [
  { name: 'API listeners', kind: 'listener', given: apiListeners },
  { name: 'clusters', kind: 'cluster', given: clusters },
  { name: 'endpoints', kind: 'endpoint', given: endpoints },
  { name: 'the route table of sidecars', kind: 'route', given: [routeTable(own)] },
];
for (const { name, kind, given } of rows) {
  test(`gRPC takes ${name}`, () => {
    for (const resource of given) {
      const result = CHECKS[kind].decode({ bootstrap: {} }, { type_url: TYPE[kind], value: resource.body });
      assert.equal(result.error, undefined);
      assert.equal(result.name, resource.name);
    }
  });
}
