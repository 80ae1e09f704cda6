import assert from 'node:assert/strict';
import type { Response } from '../../harness/xds-client.js';
import { list, type Message } from '../../harness/xds-protos.js';
import { ALL, c, isFull, isH2c, plain, portsOf, rule, SERVICES, settleIn, splitsIn, web, webPods } from './given.js';

rule('a proxy that never answers does not hold up another one', async ({ connect, plane }) => {
  const slow = connect({ nodeId: 'sidecar~shop~slow' });
  slow.subscribe('endpoint', ...ALL);
  await slow.next('endpoint');
  const quick = connect({ nodeId: 'sidecar~shop~quick' });
  quick.subscribe('endpoint', ...ALL);
  await quick.accept('endpoint');
  for (let pod = 9002; pod < 9012; pod += 1) {
    plane.apply(...plain('a', { pod }));
    assert.deepEqual(portsOf(await quick.accept('endpoint'), c('a')), [pod]);
    await plane.told('acked', ({ proxy, sequence }) => proxy === quick.nodeId && sequence === plane.sequence);
  }
  assert.deepEqual(slow.waiting('endpoint'), []);
});

for (const kind of ['cluster', 'endpoint'] as const) {
  rule(`20 changes of ${kind}s behind the back of a slow proxy become one response with the newest`, async (given) => {
    const { connect, plane } = given;
    const client = connect();
    client.subscribe(kind, ...ALL);
    const first = await client.next(kind);
    for (let change = 1; change <= 20; change += 1) {
      plane.apply(
        ...plain('a', { h2c: change % 2 === 0, pod: 9001 + change }),
        ...plain('b', { h2c: true, pod: 9002 }),
      );
    }
    client.ack(first);
    const second = await client.accept(kind);
    assert.deepEqual([...second.names].sort(), isFull(given.way, kind) ? ALL : [c('a'), c('b')]);
    if (kind === 'cluster') assert.ok(isH2c(second, c('a')));
    else assert.deepEqual(portsOf(second, c('a')), [9021]);
    await plane.told('acked', ({ sequence }) => sequence === plane.sequence);
    assert.deepEqual(client.waiting(kind), []);
    assert.equal(plane.facts.filter(({ what }) => what === 'pushed').length, 2);
  });
}

rule(
  'a change that is taken back behind the back of a slow proxy is no response at all',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('endpoint', ...ALL);
    const first = await client.next('endpoint');
    plane.apply(...plain('a', { pod: 9002 }));
    plane.apply(...plain('a'));
    client.ack(first);
    await plane.settled(client.nodeId);
    plane.apply(...plain('b', { pod: 9002 }));
    assert.deepEqual((await client.accept('endpoint')).names, [c('b')]);
  },
);

rule(
  'what a proxy of one namespace sees under a short name is the Service of that namespace',
  async ({ connect, plane }) => {
    plane.apply(...plain('a', { namespace: 'other' }));
    const domainsOf = async (namespace: string): Promise<readonly string[]> => {
      const client = connect({ namespace, nodeId: `sidecar~${namespace}~x` });
      client.subscribe('cluster');
      await client.accept('cluster');
      client.subscribe('route', 'outbound');
      const hosts = list((await client.accept('route')).resources[0]?.body, 'virtual_hosts');
      return hosts.flatMap((host) =>
        (host['domains'] as readonly string[]).includes('a') ? [String(host['name'])] : [],
      );
    };
    assert.deepEqual(await domainsOf('shop'), ['outbound/a.shop.svc.cluster.local']);
    assert.deepEqual(await domainsOf('other'), ['outbound/a.other.svc.cluster.local']);
    assert.deepEqual(await domainsOf('third'), []);
  },
);

rule('no domain stands twice in a route table, for Envoy refuses such a table', async ({ connect, plane }) => {
  plane.apply(...plain('a', { namespace: 'other' }), ...plain('shop', { namespace: 'a' }));
  const client = connect();
  client.subscribe('route', 'outbound');
  const table: Message = (await client.next('route')).resources[0]?.body ?? {};
  const domains = list(table, 'virtual_hosts').flatMap((host) => host['domains'] as readonly string[]);
  assert.ok(domains.length > 20);
  assert.equal(new Set(domains).size, domains.length);
});

rule('a namespace is told by the node id where the node does not say it', async ({ connect, plane }) => {
  plane.apply(...plain('a', { namespace: 'other' }));
  const client = connect({ nodeId: 'sidecar~other~pod-1' });
  client.subscribe('route', 'outbound');
  await client.accept('route');
  assert.equal(plane.proxies()[0]?.namespace, 'other');
});

rule('what a proxy refused it alone does without; others get it', async ({ connect, plane }) => {
  const one = connect({ nodeId: 'sidecar~shop~one' });
  const two = connect({ nodeId: 'sidecar~shop~two' });
  for (const client of [one, two]) {
    client.subscribe('endpoint', ...ALL);
    await client.accept('endpoint');
  }
  plane.apply(...plain('a', { pod: 9002 }));
  one.nack(await one.next('endpoint'), 'no');
  assert.deepEqual(portsOf(await two.accept('endpoint'), c('a')), [9002]);
  const three = connect({ nodeId: 'sidecar~shop~three' });
  three.subscribe('endpoint', c('a'));
  assert.deepEqual(portsOf(await three.accept('endpoint'), c('a')), [9002]);
});

rule(
  'the server tells when each proxy has everything of a publication, clusters before routes',
  async ({ connect, plane, way }) => {
    const clients = ['one', 'two', 'three'].map((pod) => connect({ nodeId: `sidecar~shop~${pod}` }));
    for (const client of clients) await settleIn(client, [...ALL, 'shop/web:80@v1']);
    plane.apply(...webPods('v1', 'v2'), web({ currentStepIndex: 1 }));
    const { sequence } = plane;
    const told = (): readonly string[] =>
      plane.facts.flatMap((fact) => (fact.what === 'settled' && fact.sequence === sequence ? [fact.proxy] : []));
    for (const client of clients) {
      const clusters: Response = await client.next('cluster');
      if (way.variant === 'sotw') client.subscribe('endpoint', 'shop/web:80@v2');
      await client.accept('endpoint');
      assert.ok(!told().includes(client.nodeId));
      client.ack(clusters);
      const table = await client.accept('route');
      assert.equal(splitsIn(table.resources[0]?.body ?? {})['web.shop'], 'v1 80, v2 20');
      await plane.settled(client.nodeId, sequence);
    }
    assert.deepEqual(
      told(),
      clients.map(({ nodeId }) => nodeId),
    );
    assert.deepEqual(
      plane.proxies().map(({ acknowledged }) => acknowledged),
      [sequence, sequence, sequence],
    );
  },
  { objects: [...SERVICES, ...webPods('v1'), web({ currentStepIndex: 6 }, ['v1', 'v1'])] },
);

rule('two proxies with one node id are told apart by their numbers', async ({ connect, plane }) => {
  const nodeId = 'sidecar~shop~twin';
  const twins = [connect({ nodeId }), connect({ nodeId })];
  for (const twin of twins) {
    twin.subscribe('endpoint', ...ALL);
    await twin.accept('endpoint');
  }
  const sessions = (what: 'connected' | 'awaited' | 'disconnected'): readonly number[] =>
    plane.facts.flatMap((fact) => (fact.what === what ? [fact.session] : []));
  assert.equal(new Set(sessions('connected')).size, 2);
  plane.apply(...plain('a', { pod: 9002 }));
  assert.deepEqual(sessions('awaited'), sessions('connected'));
  twins[0]?.close();
  await plane.told('disconnected');
  assert.deepEqual(sessions('disconnected'), sessions('connected').slice(0, 1));
  assert.equal(plane.proxies().length, 1);
});

rule('a proxy that is gone is told to be gone, and is no longer listed', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  assert.equal(plane.proxies().length, 1);
  client.close();
  await plane.told('disconnected', ({ proxy }) => proxy === client.nodeId);
  assert.deepEqual(plane.proxies(), []);
  plane.apply(...plain('a', { h2c: true }));
});

rule(
  'one stream that ends does not end the streams of the other types',
  async ({ connect, plane }) => {
    const client = connect();
    await settleIn(client, ALL);
    client.hangUp('listener');
    await client.ended('listener');
    plane.apply(...plain('a', { h2c: true }));
    assert.ok(isH2c(await client.accept('cluster'), c('a')));
    assert.deepEqual(portsOf(await client.accept('endpoint'), c('a')), [9001]);
  },
  { only: 'separate' },
);
