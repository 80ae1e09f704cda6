import assert from 'node:assert/strict';
import { type ControlPlane, startPlane } from '../../harness/control-plane.js';
import { type Response, XdsClient } from '../../harness/xds-client.js';
import type { TableKind } from '../../harness/xds-protos.js';
import { ALL, c, isH2c, LETTERS, plain, portsOf, rule, SERVICES, settleIn } from './given.js';

type Kept = Readonly<Record<TableKind, Response>>;

/** What a client kept, as its first request of a type tells it. */
function kept({ resources, version }: Response, variant: 'delta' | 'sotw'): Readonly<Record<string, string>> | string {
  return variant === 'delta' ? Object.fromEntries(resources.map((each) => [each.name, each.version])) : version;
}

/** Has a client take everything and leave; gives what it kept. */
async function comeAndGo(client: XdsClient, plane: ControlPlane): Promise<Kept> {
  const held = await settleIn(client, ALL);
  client.close();
  await plane.told('disconnected');
  return held;
}

/** Names all types at once with what was kept, as Envoy does after a reconnect: CDS and LDS by wildcard, EDS and RDS by name. */
function comeBack(
  client: XdsClient,
  held: Kept,
  order: readonly TableKind[] = ['cluster', 'endpoint', 'listener', 'route'],
): void {
  for (const kind of order) {
    const subscribe = kind === 'endpoint' || kind === 'route' ? held[kind].names : [];
    client.say(kind, { subscribe, kept: kept(held[kind], client.options.variant) });
  }
}

rule(
  'a client that comes back with everything as it is gets nothing',
  async ({ connect, plane }) => {
    const held = await comeAndGo(connect(), plane);
    const pushes = plane.facts.filter(({ what }) => what === 'pushed').length;
    const again = connect();
    comeBack(again, held);
    again.subscribe('endpoint', c('ghost'));
    assert.deepEqual((await again.next('endpoint')).removed, [c('ghost')], 'all before was read');
    for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) assert.deepEqual(again.waiting(kind), []);
    const since = plane.facts.filter(({ what }) => what === 'pushed').slice(pushes);
    assert.equal(since.length, 1);
  },
  { only: 'delta' },
);

rule(
  'after a restart of the server, what has the same content has the same version and is not sent again',
  async ({ connect, way }) => {
    const first = connect();
    const held = await settleIn(first, ALL);
    // Another instance, that has seen the same objects in another order.
    const other = await startPlane({ objects: [] });
    other.apply(...plain('e', { pod: 9007 }), ...plain('gone'));
    other.apply(...SERVICES.toReversed());
    other.remove(...plain('gone'));
    const client = new XdsClient({ ...way, port: other.port });
    try {
      comeBack(client, held);
      client.subscribe('endpoint', c('ghost'));
      assert.deepEqual((await client.next('endpoint')).removed, [c('ghost')]);
      assert.equal(other.facts.filter(({ what }) => what === 'pushed').length, 1);
    } finally {
      client.close();
      await other.stop();
    }
  },
  { only: 'delta' },
);

rule(
  'a client that comes back gets what changed while it was away, and what is gone removed',
  async ({ connect, plane }) => {
    const held = await comeAndGo(connect(), plane);
    plane.apply(...plain('a', { h2c: true, pod: 9002 }), ...plain('z'));
    plane.remove(...plain('d'));
    const again = connect();
    comeBack(again, held);
    const news = await again.accept('cluster');
    assert.deepEqual([...news.names].sort(), [c('a'), c('z')]);
    assert.deepEqual(news.removed, []);
    assert.deepEqual(portsOf(await again.accept('endpoint'), c('a')), [9002]);
    assert.deepEqual((await again.accept('route')).names, ['outbound']);
    assert.deepEqual((await again.accept('cluster')).removed, [c('d')]);
  },
  { only: 'delta' },
);

rule(
  'a cluster that changed while its client was away gets its endpoints sent, though those are the same',
  async ({ connect, plane }) => {
    const held = await comeAndGo(connect(), plane);
    plane.apply(...plain('a', { h2c: true }));
    const again = connect();
    comeBack(again, held);
    assert.ok(isH2c(await again.next('cluster'), c('a')));
    const endpoints = await again.next('endpoint');
    assert.deepEqual(portsOf(endpoints, c('a')), [9001]);
  },
);

rule('so it is when the client names its endpoints before its clusters', async ({ connect, plane }) => {
  const held = await comeAndGo(connect(), plane);
  plane.apply(...plain('a', { h2c: true }));
  const again = connect();
  comeBack(again, held, ['endpoint', 'cluster', 'route', 'listener']);
  assert.ok(isH2c(await again.next('cluster'), c('a')));
  assert.deepEqual(portsOf(await again.next('endpoint'), c('a')), [9001]);
});

rule(
  'a version with an empty nonce is a first request, and is answered in full',
  async ({ connect, plane }) => {
    const held = await comeAndGo(connect(), plane);
    const again = connect();
    comeBack(again, held);
    assert.deepEqual((await again.accept('cluster')).names, ALL);
    assert.deepEqual((await again.accept('endpoint')).names, ALL);
    assert.deepEqual((await again.accept('listener')).names, ['outbound']);
    assert.deepEqual((await again.accept('route')).names, ['outbound']);
  },
  { only: 'sotw' },
);

rule('a nonce of the stream before means nothing on a new one', async ({ connect, plane, way }) => {
  const { endpoint } = await comeAndGo(connect(), plane);
  const again = connect();
  again.raw('endpoint', {
    node: again.node(),
    response_nonce: endpoint.nonce,
    ...(way.variant === 'delta' ? { resource_names_subscribe: [c('a')] } : { resource_names: [c('a')] }),
  });
  assert.deepEqual((await again.accept('endpoint')).names, [c('a')]);
});

rule('a client that comes back without having kept anything gets everything', async ({ connect, plane }) => {
  await comeAndGo(connect(), plane);
  const { cluster, endpoint, route } = await settleIn(connect(), ALL);
  assert.deepEqual([cluster.names, endpoint.names, route.names], [ALL, ALL, ['outbound']]);
});

rule(
  'a client that connects anew while its old stream still hangs gets everything, and the old one harms it no more',
  async ({ connect, plane }) => {
    const old = connect();
    await settleIn(old, ALL);
    const anew = connect();
    const { cluster } = await settleIn(anew, ALL);
    assert.deepEqual(cluster.names, ALL);
    old.close();
    plane.apply(...plain('a', { h2c: true }));
    assert.ok(isH2c(await anew.accept('cluster'), c('a')));
  },
);

rule(
  'names that a client kept and no longer subscribes to are not sent and not removed',
  async ({ connect }) => {
    const client = connect();
    const versions = Object.fromEntries(LETTERS.map((name) => [c(name), 'older']));
    client.say('endpoint', { subscribe: [c('a'), c('b')], kept: versions });
    const { names, removed } = await client.accept('endpoint');
    assert.deepEqual([[...names].sort(), removed], [[c('a'), c('b')], []]);
  },
  { only: 'delta' },
);

rule(
  'a name that a client kept and that is gone is removed, though it asks for it by name',
  async ({ connect, plane }) => {
    const client = connect();
    client.say('endpoint', { subscribe: [c('ghost'), c('a')], kept: { [c('ghost')]: 'x', [c('a')]: 'older' } });
    const seen = { names: [] as string[], removed: [] as string[] };
    while (seen.names.length + seen.removed.length < 2) {
      const { names, removed } = await client.accept('endpoint');
      seen.names.push(...names);
      seen.removed.push(...removed);
    }
    assert.deepEqual(seen, { names: [c('a')], removed: [c('ghost')] });
    plane.apply(...plain('ghost'));
    assert.deepEqual((await client.accept('endpoint')).names, [c('ghost')], 'and sent when it appears');
  },
  { only: 'delta' },
);
