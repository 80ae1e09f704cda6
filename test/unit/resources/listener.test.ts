import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeResource } from '../../../src/codec/index.js';
import {
  hostResources,
  onDemandTable,
  outboundListener,
  placeholder,
  routeTable,
} from '../../../src/resources/index.js';
import { hostNamed, type Json, json, portIntent, RICH_HOST } from './given.js';

const HCM = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = {
  name: 'envoy.filters.http.router',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
    suppress_envoy_headers: true,
  },
};

test('the outbound listener routes by a table of its own name and ends no quiet stream', () => {
  assert.deepEqual(json(outboundListener({ host: '127.0.0.1', port: 15001 }, 'table')), {
    name: 'outbound',
    address: { socket_address: { address: '127.0.0.1', port_value: 15001 } },
    traffic_direction: 'OUTBOUND',
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': HCM,
              stat_prefix: 'outbound',
              rds: {
                route_config_name: 'outbound',
                config_source: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' },
              },
              http_filters: [ROUTER],
              upgrade_configs: [{ upgrade_type: 'websocket' }],
              strip_trailing_host_dot: true,
              stream_idle_timeout: '0s',
              server_header_transformation: 'PASS_THROUGH',
              proxy_100_continue: true,
            },
          },
        ],
      },
    ],
  });
});

const managerOf = (routing: 'table' | 'scoped' | 'onDemand'): Json =>
  json(outboundListener({ host: '127.0.0.1', port: 15001 }, routing)).filter_chains[0].filters[0].typed_config;
const SOURCE = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

test('a scoped listener finds the routes of a host by its name without the port', () => {
  const { rds, ...rest } = managerOf('table');
  assert.ok(rds !== undefined);
  assert.deepEqual(managerOf('scoped'), {
    ...rest,
    scoped_routes: {
      name: 'outbound',
      scope_key_builder: {
        fragments: [{ header_value_extractor: { name: ':authority', element_separator: ':', index: 0 } }],
      },
      rds_config_source: SOURCE,
      scoped_rds: { scoped_rds_config_source: SOURCE },
    },
  });
});

test('a listener on demand asks for virtual hosts that are not in its table yet', () => {
  const onDemand = {
    name: 'envoy.filters.http.on_demand',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand' },
  };
  assert.deepEqual(managerOf('onDemand'), { ...managerOf('table'), http_filters: [onDemand, ROUTER] });
});

test('the table of that listener has no virtual hosts but says where they come from', () => {
  assert.deepEqual(json(onDemandTable('even')), { name: 'outbound', vhds: { config_source: SOURCE } });
  const other = json(onDemandTable('odd'));
  assert.deepEqual(other, {
    name: 'outbound',
    vhds: { config_source: { ...SOURCE, initial_fetch_timeout: '31536000s' } },
  });
});

test('the placeholder is nobody’s host', () => {
  assert.deepEqual(json(placeholder()), { name: 'outbound/_', domains: ['_.invalid'] });
  assert.deepEqual(placeholder().references, []);
});

test('a route table is its virtual hosts as they are', () => {
  const hosts = [...hostResources(RICH_HOST).own, ...hostResources(hostNamed('infra', 'log', portIntent({}))).others];
  const table = routeTable(hosts);
  assert.equal(table.name, 'outbound');
  assert.deepEqual(decodeResource(table).virtual_hosts, hosts.map(decodeResource));
  assert.deepEqual(table.references, [...new Set(hosts.flatMap(({ references }) => references))].sort());
});

test('a gRPC client finds the routes of its port in the listener it asks for', () => {
  const { own, apiListeners } = hostResources(RICH_HOST);
  assert.deepEqual(
    apiListeners.map(({ name }) => name),
    ['web.shop.svc.cluster.local:80', 'web.shop.svc.cluster.local:9090'],
  );
  const manager = json(apiListeners[1]!).api_listener.api_listener;
  assert.deepEqual(manager, {
    '@type': HCM,
    stat_prefix: 'web.shop.svc.cluster.local:9090',
    route_config: {
      name: 'web.shop.svc.cluster.local:9090',
      virtual_hosts: [{ ...json(own[1]!), domains: ['*'] }],
    },
    http_filters: [ROUTER],
  });
});

test('a gRPC client is told a timeout in the words that it reads (gRFC A31)', () => {
  const [listener] = hostResources(RICH_HOST).apiListeners;
  const [virtualHost] = json(listener!).api_listener.api_listener.route_config.virtual_hosts;
  for (const { route } of virtualHost.routes) {
    assert.deepEqual(route.max_stream_duration, { grpc_timeout_header_max: '1.500s' });
  }
});
