import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrap, type BootstrapOptions } from '../../../src/resources/index.js';
import type { Json } from './given.js';

const OPTIONS: BootstrapOptions = {
  nodeId: 'sidecar~shop~web-0',
  namespace: 'shop',
  workload: 'web',
  xds: { host: '127.0.0.1', port: 18000 },
  outbound: { host: '127.0.0.1', port: 15001 },
  admin: { host: '127.0.0.1', port: 15000 },
  scope: 'lazy',
  api: 'delta',
  aggregated: true,
};

const made = (given: Partial<BootstrapOptions>): Json => bootstrap({ ...OPTIONS, ...given });

const STREAM = {
  api_type: 'DELTA_GRPC',
  transport_api_version: 'V3',
  set_node_on_first_message_only: true,
  grpc_services: [
    {
      envoy_grpc: {
        cluster_name: 'xds',
        retry_policy: { retry_back_off: { base_interval: '0.500s', max_interval: '5s' } },
      },
    },
  ],
};
const AGGREGATED = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

test('a bootstrap says who the proxy is and where its control plane is', () => {
  const xdsAddress = { socket_address: { address: '127.0.0.1', port_value: 18000 } };
  assert.deepEqual(made({}), {
    node: {
      id: 'sidecar~shop~web-0',
      cluster: 'web',
      metadata: { NAMESPACE: 'shop', OUTBOUND_ADDRESS: '127.0.0.1:15001' },
    },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 15000 } } },
    dynamic_resources: { ads_config: STREAM, cds_config: AGGREGATED, lds_config: AGGREGATED },
    cluster_manager: {
      load_stats_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
      },
    },
    static_resources: {
      clusters: [
        {
          name: 'xds',
          type: 'STATIC',
          connect_timeout: '5s',
          load_assignment: {
            cluster_name: 'xds',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: xdsAddress } }] }],
          },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: {
                http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
              },
            },
          },
        },
      ],
    },
    layered_runtime: {
      layers: [
        { name: 'static', static_layer: { re2: { max_program_size: { error_level: 100_000 } } } },
        { name: 'admin', admin_layer: {} },
      ],
    },
  });
});

test('state of the world instead of increments', () => {
  assert.equal(made({ api: 'sotw' }).dynamic_resources.ads_config.api_type, 'GRPC');
});

test('listeners and clusters on streams of their own', () => {
  const { ads_config: ads, cds_config: cds, lds_config: lds } = made({ aggregated: false }).dynamic_resources;
  assert.deepEqual(cds, { api_config_source: STREAM, resource_api_version: 'V3', initial_fetch_timeout: '0s' });
  assert.deepEqual(lds, cds);
  assert.deepEqual(ads, STREAM);
});

const hostRows = [
  { host: 'penstock.penstock-system', type: 'STRICT_DNS' },
  { host: '10.0.0.7', type: 'STATIC' },
  { host: 'fd00::7', type: 'STATIC' },
];
for (const { host, type } of hostRows) {
  test(`a control plane at ${host} is found by ${type}`, () => {
    // STATIC is the default of its field; it is printed because it is one of a choice.
    assert.equal(made({ xds: { host, port: 18000 } }).static_resources.clusters[0].type, type);
  });
}

test('an IPv6 address keeps its port apart', () => {
  assert.equal(made({ outbound: { host: '::1', port: 15001 } }).node.metadata.OUTBOUND_ADDRESS, '[::1]:15001');
});
