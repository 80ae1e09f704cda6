import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { typeUrl } from '../../harness/xds-protos.js';
import { openBytes } from '../../harness/xds-bytes.js';
import { ALL, c, isH2c, plain, rule } from './given.js';

rule(
  'a first request that does not say who sends it ends the stream with INVALID_ARGUMENT',
  async ({ connect, plane }) => {
    for (const node of [{}, { node: { cluster: 'web' } }, { node: { id: '' } }]) {
      const client = connect();
      client.raw('cluster', node);
      const { code, details } = await client.ended('cluster');
      assert.deepEqual(
        [code, details],
        [status.INVALID_ARGUMENT, 'the first request of a stream has to carry node.id'],
      );
    }
    assert.deepEqual(plane.proxies(), []);
  },
);

rule('the node counts for the whole stream, though only the first request carries it', async ({ connect, plane }) => {
  const client = connect({ nodeId: 'sidecar~shop~said-once' });
  client.subscribe('cluster');
  client.ack(await client.next('cluster'));
  client.subscribe('cluster', c('a'));
  await client.accept('cluster');
  assert.deepEqual(
    plane.proxies().map(({ id }) => id),
    ['sidecar~shop~said-once'],
  );
});

rule(
  'a type that is not served does not end the stream of the others',
  async ({ connect, plane }) => {
    const client = connect();
    const secret = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
    client.raw('cluster', { node: client.node(), type_url: secret });
    client.raw('cluster', { type_url: '' });
    client.subscribe('cluster');
    assert.deepEqual((await client.accept('cluster')).names, ALL);
    const { proxy, typeUrl: told } = await plane.told('unserved');
    assert.deepEqual([proxy, told], [client.nodeId, secret]);
  },
  { only: 'ADS' },
);

rule(
  'another type than that of its service ends the stream with INVALID_ARGUMENT',
  async ({ connect, plane }) => {
    const client = connect();
    client.raw('cluster', { node: client.node(), type_url: typeUrl('endpoint') });
    const { code, details } = await client.ended('cluster');
    assert.equal(code, status.INVALID_ARGUMENT);
    assert.match(details, /ClusterLoadAssignment.*serves.*Cluster$/);
    assert.equal((await plane.told('turnedAway')).code, status.INVALID_ARGUMENT);
  },
  { only: 'separate' },
);

rule(
  'a service of one type may be asked without naming it',
  async ({ connect }) => {
    const client = connect();
    client.raw('cluster', { node: client.node(), type_url: '' });
    assert.deepEqual((await client.accept('cluster')).names, ALL);
  },
  { only: 'separate' },
);

rule('bytes that are no request end their own stream and no other', async ({ connect, plane, way }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  const garbage = [Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.from([0x0a, 0x7f]), Buffer.alloc(100, 0x08)];
  for (const bytes of garbage) {
    const ended = await openBytes({ ...way, port: plane.port }, 'cluster', [bytes]);
    assert.equal(ended.code, status.INVALID_ARGUMENT, ended.details);
  }
  plane.apply(...plain('a', { h2c: true }));
  assert.ok(isH2c(await client.accept('cluster'), c('a')));
});

rule(
  'more names than a client may have end its stream with RESOURCE_EXHAUSTED',
  async ({ connect, way }) => {
    const names = Array.from({ length: 11 }, (_, index) => `name-${index}`);
    const atOnce = connect();
    atOnce.subscribe('endpoint', ...names);
    assert.equal((await atOnce.ended('endpoint')).code, status.RESOURCE_EXHAUSTED);
    const littleByLittle = connect();
    for (const name of names) littleByLittle.subscribe('endpoint', name);
    const { code, details } = await littleByLittle.ended('endpoint');
    assert.deepEqual(
      [code, details],
      [
        status.RESOURCE_EXHAUSTED,
        '11 resource names of one type with 67 characters, at most 10 with 33554432 are taken',
      ],
    );
    if (way.variant === 'sotw') return;
    const brought = connect();
    brought.say('endpoint', { kept: Object.fromEntries(names.map((name) => [name, 'v'])) });
    assert.equal((await brought.ended('endpoint')).code, status.RESOURCE_EXHAUSTED);
  },
  { limits: { names: 10 } },
);

rule(
  'a name that is too long ends the stream with RESOURCE_EXHAUSTED',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('endpoint', 'x'.repeat(101));
    assert.equal((await client.ended('endpoint')).code, status.RESOURCE_EXHAUSTED);
  },
  { limits: { nameLength: 100 } },
);

rule(
  'a request that is too large ends its stream with RESOURCE_EXHAUSTED and no other',
  async ({ connect, plane }) => {
    const client = connect({ nodeId: 'sidecar~shop~modest' });
    client.subscribe('cluster');
    await client.accept('cluster');
    const greedy = connect({ nodeId: 'sidecar~shop~greedy' });
    greedy.subscribe('endpoint', ...Array.from({ length: 100 }, (_, index) => `${'x'.repeat(200)}-${index}`));
    assert.equal((await greedy.ended('endpoint')).code, status.RESOURCE_EXHAUSTED);
    plane.apply(...plain('a', { h2c: true }));
    assert.ok(isH2c(await client.accept('cluster'), c('a')));
  },
  { limits: { requestBytes: 10_000 } },
);

rule('names with special meaning elsewhere are names that do not exist', async ({ connect, way }) => {
  const client = connect();
  const odd = ['__proto__', 'constructor', 'xdstp://authority/type/id', 'a/*', '', 'shop/a:80@', 'shop/a:99999999'];
  client.subscribe('endpoint', ...odd, c('a'));
  const { names, removed } = await client.accept('endpoint');
  assert.deepEqual(names, [c('a')]);
  if (way.variant === 'delta') assert.deepEqual([...removed].sort(), [...odd].sort());
});
