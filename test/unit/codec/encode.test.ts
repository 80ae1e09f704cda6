import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  any,
  connectionManagerOf,
  decodeResource,
  deltaEntry,
  type EncodedResource,
  encode,
  encodeMessage,
  encodeRoutes,
  encodeRouteTable,
  encodeVirtualHost,
  kindOf,
  RESOURCE_KINDS,
  sotwEntry,
  TYPE,
  versionOf,
} from '../../../src/codec/index.js';
import { MESSAGE_NAME } from '../../../src/codec/kinds.js';
import { readIndependently, writeIndependently } from './independent.js';
import { cluster, endpoint, listener, newerVirtualHost, routeHead, scopedRoute, virtualHost } from './samples.js';

const samples: readonly { readonly message: object; readonly resource: EncodedResource }[] = [
  { message: cluster, resource: encode('cluster', 'c', cluster) },
  { message: endpoint, resource: encode('endpoint', 'e', endpoint) },
  { message: listener, resource: encode('listener', 'l', listener) },
  { message: virtualHost, resource: encode('virtualHost', 'v', virtualHost) },
  { message: routeHead, resource: encode('route', 'r', routeHead) },
  { message: scopedRoute, resource: encode('scopedRoute', 's', scopedRoute) },
];

for (const { message, resource } of samples) {
  const name = MESSAGE_NAME[resource.kind];

  test(`an independent reader sees the same ${resource.kind}`, () => {
    assert.deepEqual(readIndependently(name, resource.body), message);
  });

  test(`an independent writer gives the same bytes for a ${resource.kind}`, () => {
    assert.deepEqual(Buffer.from(resource.body), Buffer.from(writeIndependently(name, message)));
  });

  test(`a ${resource.kind} comes back as it went in`, () => {
    assert.deepEqual(decodeResource(resource), message);
  });

  test(`the type URL of a ${resource.kind} leads back to its kind`, () => {
    assert.equal(TYPE[resource.kind], `type.googleapis.com/${name}`);
    assert.equal(kindOf(TYPE[resource.kind]), resource.kind);
  });
}

test('a type we do not serve has no kind', () => {
  assert.equal(kindOf('type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'), undefined);
  assert.equal(kindOf('constructor'), undefined);
  assert.equal(RESOURCE_KINDS.length, Object.keys(TYPE).length);
});

test('the newer fields have the numbers and types that Envoy gave them', () => {
  const weighted = encodeMessage('envoy.config.route.v3.WeightedCluster', { use_hash_policy: { value: true } });
  assert.deepEqual([...weighted], [(5 << 3) | 2, 2, 8, 1]);
  const mirror = encodeMessage('envoy.config.route.v3.RouteAction.RequestMirrorPolicy', {
    request_headers_mutations: [{ remove: 'x' }],
    host_rewrite_literal: 'y',
  });
  assert.deepEqual([...mirror], [(7 << 3) | 2, 3, 0x0a, 1, 120, (8 << 3) | 2, 1, 121]);
});

test('a version is a hash of the content: always the same, and another for another content', () => {
  assert.equal(versionOf(new Uint8Array()), 'e3b0c44298fc1c14');
  const [before, same, after] = [cluster, { ...cluster }, { ...cluster, name: 'other' }].map((message) => {
    return encode('cluster', 'c', message);
  });
  assert.match(before?.version ?? '', /^[0-9a-f]{16}$/);
  assert.equal(before?.version, same?.version);
  assert.notEqual(before?.version, after?.version);
});

test('the order in which a map was filled does not show in the bytes', () => {
  const one = any('envoy.extensions.filters.http.router.v3.Router', {});
  const two = any('envoy.extensions.filters.http.on_demand.v3.OnDemand', {});
  const forward = encode('cluster', 'c', { typed_extension_protocol_options: { a: one, b: two, '10': one, '9': two } });
  const backward = encode('cluster', 'c', {
    typed_extension_protocol_options: { '9': two, '10': one, b: two, a: one },
  });
  assert.deepEqual(forward, backward);
  const metadata = (keys: readonly string[]) => ({
    metadata: {
      filter_metadata: { x: { fields: Object.fromEntries(keys.map((key) => [key, { string_value: key }])) } },
    },
  });
  assert.equal(
    encode('cluster', 'c', metadata(['p', 'q'])).version,
    encode('cluster', 'c', metadata(['q', 'p'])).version,
  );
});

test('a field that holds its default is the field left out', () => {
  const spelled = encode('listener', 'l', { name: 'l', traffic_direction: 0, stat_prefix: '', filter_chains: [] });
  assert.equal(spelled.version, encode('listener', 'l', { name: 'l' }).version);
});

test('a message that means something by being there is written though empty', () => {
  assert.notEqual(encode('cluster', 'c', { eds_cluster_config: {} }).body.length, 0);
});

test('a route table from encoded virtual hosts has the bytes of the whole message', () => {
  const hosts = [virtualHost, newerVirtualHost].map((host) => encode('virtualHost', host.name ?? '', host));
  const whole = encode('route', 'outbound', {
    ...routeHead,
    name: 'outbound',
    virtual_hosts: [virtualHost, newerVirtualHost],
  });
  assert.deepEqual(encodeRouteTable('outbound', routeHead, hosts), whole);
  assert.deepEqual(encodeRouteTable('outbound', {}, []), encode('route', 'outbound', { name: 'outbound' }));
});

test('a virtual host from encoded routes has the bytes of the whole message', () => {
  const routes = virtualHost.routes ?? [];
  assert.ok(routes.length > 0);
  const whole = encode('virtualHost', 'v', { name: 'v', domains: ['a', 'b'], routes }, ['y', 'x']);
  assert.deepEqual(encodeVirtualHost('v', ['a', 'b'], encodeRoutes(routes, ['y', 'x', 'y'])), whole);
  assert.deepEqual(encodeVirtualHost('v', [], encodeRoutes([], [])), encode('virtualHost', 'v', { name: 'v' }));
});

test('a connection manager around an encoded route table has the bytes of the whole message', () => {
  const route_config = { name: 't', virtual_hosts: [virtualHost] };
  const http_filters = [{ name: 'f' }];
  const table = encodeRouteTable('t', {}, [encode('virtualHost', 'v', virtualHost)]);
  assert.deepEqual(
    connectionManagerOf('s', table, { http_filters }),
    any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
      ...{ stat_prefix: 's', route_config, http_filters },
    }),
  );
});

test('a virtual host longer than a one-byte length is framed right', () => {
  for (const length of [127, 128, 16_383, 16_384, 2_100_000]) {
    const host = { name: 'h', domains: ['d'.repeat(length)] };
    const table = encodeRouteTable('t', {}, [encode('virtualHost', 'h', host)]);
    assert.equal(table.version, encode('route', 't', { name: 't', virtual_hosts: [host] }).version);
  }
});

test('references are sorted, each once, and a table has those of its virtual hosts', () => {
  const first = encode('virtualHost', 'a', {}, ['z', 'b', 'z']);
  const second = encode('virtualHost', 'b', {}, ['a', 'b']);
  assert.deepEqual(first.references, ['b', 'z']);
  assert.deepEqual(encodeRouteTable('t', {}, [first, second]).references, ['a', 'b', 'z']);
});

test('what is kept has memory of its own, and keeps no other alive', () => {
  const { body } = encode('cluster', 'c', cluster);
  assert.equal(body.buffer.byteLength, body.length);
  const resource = encode('endpoint', 'e', endpoint);
  for (const entry of [deltaEntry(resource), sotwEntry(resource)]) assert.equal(entry.buffer.byteLength, entry.length);
});

test('an encoded resource is frozen', () => {
  const resource = encode('cluster', 'c', cluster, ['x']);
  assert.ok(Object.isFrozen(resource));
  assert.ok(Object.isFrozen(resource.references));
});
