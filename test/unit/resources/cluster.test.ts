import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterName, objectKey } from '../../../src/base/index.js';
import { endpointResource, hostResources } from '../../../src/resources/index.js';
import { GRPC, host, json, ms, percents, PLAIN_POLICY, port, portIntent, RICH_HOST } from './given.js';

const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const NO_LIMIT = 4_294_967_295;
const name = clusterName(objectKey('shop', 'web'), port(80));

test('a cluster gets its endpoints over the aggregated stream, and has no limits that nobody set', () => {
  const [cluster] = hostResources(host(portIntent({}))).clusters;
  assert.equal(cluster?.name, name);
  assert.deepEqual(json(cluster), {
    name,
    type: 'EDS',
    eds_cluster_config: { service_name: name, eds_config: { ads: {}, resource_api_version: 'V3' } },
    connect_timeout: '5s',
    circuit_breakers: {
      thresholds: [
        { max_connections: NO_LIMIT, max_pending_requests: NO_LIMIT, max_requests: NO_LIMIT, max_retries: NO_LIMIT },
      ],
    },
    typed_extension_protocol_options: {
      [PROTOCOL_OPTIONS]: {
        '@type': `type.googleapis.com/${PROTOCOL_OPTIONS}`,
        use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
      },
    },
    ignore_health_on_host_removal: true,
  });
});

test('a port that says HTTP/2 is spoken to in HTTP/2', () => {
  const [cluster] = hostResources(host(portIntent({ port: GRPC }))).clusters;
  assert.deepEqual(json(cluster!).typed_extension_protocol_options[PROTOCOL_OPTIONS].explicit_http_config, {
    http2_protocol_options: {},
  });
});

test('outlier detection can eject the only pod of a version, for consecutive errors alone', () => {
  const outlierDetection = {
    kind: 'on',
    consecutiveErrors: 3,
    interval: ms(5_000),
    ejectionTime: ms(30_000),
    maxEjected: percents(49.6),
  } as const;
  const [cluster] = hostResources(host(portIntent({ policy: { ...PLAIN_POLICY, outlierDetection } }))).clusters;
  assert.deepEqual(json(cluster!).outlier_detection, {
    consecutive_5xx: 3,
    interval: '5s',
    base_ejection_time: '30s',
    max_ejection_percent: 50,
    always_eject_one_host: true,
    enforcing_success_rate: 0,
  });
});

test('every version of every port is a cluster, whether a route uses it or not', () => {
  assert.deepEqual(
    hostResources(RICH_HOST).clusters.map((cluster) => cluster.name),
    ['shop/web:80@5f6d', 'shop/web:80@9a8b', 'shop/web:9090@5f6d', 'shop/web:9090@9a8b'],
  );
});

test('endpoints stand in one locality that has a weight, as gRPC wants it', () => {
  const resource = endpointResource(name, [
    { address: '10.0.0.1', port: port(8080) },
    { address: 'fd00::1', port: port(8080) },
  ]);
  assert.deepEqual(json(resource), {
    cluster_name: name,
    endpoints: [
      {
        locality: {},
        lb_endpoints: [
          { endpoint: { address: { socket_address: { address: '10.0.0.1', port_value: 8080 } } } },
          { endpoint: { address: { socket_address: { address: 'fd00::1', port_value: 8080 } } } },
        ],
        load_balancing_weight: 1,
      },
    ],
  });
});

test('a cluster without pods has an assignment without endpoints', () => {
  assert.deepEqual(json(endpointResource(name, [])), { cluster_name: name });
});
