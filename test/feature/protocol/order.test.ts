import assert from 'node:assert/strict';
import { ALL, c, isFull, plain, portsOf, rule, SERVICES, settleIn, splitsIn, w, web, webPods } from './given.js';
import { clustersIn } from '../../harness/model-envoy.js';
import type { Given } from './given.js';
import type { Response, XdsClient } from '../../harness/xds-client.js';
import type { Kind } from '../../harness/xds-protos.js';

/** `web` in version v1, with nothing under way, beside the plain Services. */
const STEADY = [...SERVICES, ...webPods('v1'), web({ currentStepIndex: 6 }, ['v1', 'v1'])];

/** v2 appears and gets 20 %. */
const UPDATE = [...webPods('v1', 'v2'), web({ currentStepIndex: 1 })];

/** Kinds of what was pushed for the newest publication, in order. */
function pushed({ plane }: Pick<Given, 'plane'>): readonly Kind[] {
  return plane.facts.flatMap((fact) => (fact.what === 'pushed' && fact.sequence === plane.sequence ? [fact.kind] : []));
}

/** A client that has everything there is; where `web` is not there, its endpoints are a name that does not exist. */
async function sidecar({ connect }: Given): Promise<XdsClient> {
  const client = connect();
  await settleIn(client, [...ALL, w('v1')]);
  return client;
}

rule(
  'the endpoints of a changed cluster are pushed right behind it, though nobody asked and they did not change',
  async (given) => {
    const client = await sidecar(given);
    given.plane.apply(...plain('a', { h2c: true }));
    const clusters = await client.next('cluster');
    assert.ok(clusters.names.includes(c('a')));
    assert.deepEqual(portsOf(await client.next('endpoint'), c('a')), [9001]);
  },
);

rule(
  'the endpoints of a new cluster are pushed right behind it, though nobody asked',
  async (given) => {
    const client = await sidecar(given);
    given.plane.apply(...plain('z'));
    assert.deepEqual((await client.next('cluster')).names, [c('z')]);
    assert.deepEqual(portsOf(await client.next('endpoint'), c('z')), [9001]);
  },
  { only: 'delta' },
);

rule(
  'the endpoints of a new cluster come when they are asked for, before the cluster is acknowledged',
  async (given) => {
    const client = await sidecar(given);
    given.plane.apply(...plain('z'));
    await client.next('cluster');
    client.subscribe('endpoint', c('z'));
    assert.deepEqual(portsOf(await client.accept('endpoint'), c('z')), [9001]);
  },
  { only: 'sotw' },
);

rule('a cluster without pods has an empty assignment, for Envoy would wait for one', async (given) => {
  const client = await sidecar(given);
  const [service] = plain('empty');
  given.plane.apply(service ?? {});
  await client.next('cluster');
  if (given.way.variant === 'sotw') client.subscribe('endpoint', c('empty'));
  assert.deepEqual(portsOf(await client.next('endpoint'), c('empty')), []);
});

rule(
  'a route waits until the clusters that it refers to are acknowledged',
  async (given) => {
    const { plane, way } = given;
    const client = await sidecar(given);
    plane.apply(...UPDATE);
    const clusters = await client.next('cluster');
    assert.ok(clusters.names.includes(w('v2')));
    if (way.variant === 'sotw') client.subscribe('endpoint', w('v2'));
    assert.deepEqual((await client.accept('endpoint')).names, [w('v2')]);
    await plane.told('acked', ({ kind, sequence }) => kind === 'endpoint' && sequence === plane.sequence);
    assert.deepEqual(pushed({ plane }), ['cluster', 'endpoint']);
    assert.deepEqual(client.waiting('route'), []);
    client.ack(clusters);
    const table = await client.accept('route');
    assert.equal(splitsIn(table.resources[0]?.body ?? {})['web.shop'], 'v1 80, v2 20');
  },
  { objects: STEADY },
);

rule(
  'a route does not wait for clusters that are there, although they change at the same time',
  async (given) => {
    const client = await sidecar(given);
    given.plane.apply(...plain('a', { h2c: true }), web({ currentStepIndex: 3 }));
    await client.next('cluster');
    const table = await client.next('route');
    assert.equal(splitsIn(table.resources[0]?.body ?? {})['web.shop'], 'v1 50, v2 50');
  },
  { objects: [...SERVICES, ...UPDATE] },
);

rule(
  'a weight that moves is one response, with the route table alone',
  async (given) => {
    const client = await sidecar(given);
    given.plane.apply(web({ currentStepIndex: 3 }));
    await client.accept('route');
    await given.plane.settled(client.nodeId);
    assert.deepEqual(pushed(given), ['route']);
  },
  { objects: [...SERVICES, ...UPDATE] },
);

rule('a pod that comes or goes is one response, with its endpoints alone', async (given) => {
  const client = await sidecar(given);
  given.plane.apply(...plain('a', { pod: 9002 }));
  assert.deepEqual((await client.accept('endpoint')).names, [c('a')]);
  await given.plane.settled(client.nodeId);
  assert.deepEqual(pushed(given), ['endpoint']);
});

rule('a cluster is taken away after the table without it is acknowledged, and not before', async (given) => {
  const { plane, way } = given;
  const client = await sidecar(given);
  plane.remove(...plain('d'));
  const table = await client.next('route');
  assert.ok(!clustersIn(table.resources[0]?.body ?? {}).has(c('d')));
  // Clusters go out meanwhile, and the one that is about to go is still among them.
  plane.apply(...plain('a', { h2c: true }));
  const meanwhile = await client.accept('cluster');
  if (isFull(way, 'cluster')) assert.ok(meanwhile.names.includes(c('d')));
  assert.deepEqual(meanwhile.removed, []);
  client.ack(table);
  const last = await client.accept('cluster');
  if (isFull(way, 'cluster')) assert.ok(!last.names.includes(c('d')));
  else assert.deepEqual([last.names, last.removed], [[], [c('d')]]);
});

const DRAIN = 40;

rule(
  'a cluster that no route refers to stays for the time of draining',
  async (given) => {
    const client = await sidecar(given);
    given.plane.remove(...plain('d'));
    const table = await client.next('route');
    const acknowledgedAt = performance.now();
    client.ack(table);
    await client.accept('cluster');
    assert.ok(performance.now() - acknowledgedAt >= DRAIN);
  },
  { drainDelay: DRAIN },
);

rule(
  'endpoints are taken away after their cluster',
  async (given) => {
    const client = await sidecar(given);
    const order: string[] = [];
    client.onResponse = ({ kind, removed }) => {
      if (removed.includes(c('d'))) order.push(kind);
    };
    given.plane.remove(...plain('d'));
    await client.accept('route');
    await client.accept('cluster');
    assert.deepEqual((await client.accept('endpoint')).removed, [c('d')]);
    if (given.way.aggregated) assert.deepEqual(order, ['cluster', 'endpoint']);
  },
  { only: 'delta' },
);

rule('a cluster that comes back before it was taken away stays', async (given) => {
  const { plane, way } = given;
  const client = await sidecar(given);
  const seen: Response[] = [];
  client.onResponse = (response) => {
    if (response.kind === 'cluster') seen.push(response);
  };
  plane.remove(...plain('d'));
  const without = await client.next('route');
  plane.apply(...plain('d'));
  client.ack(without);
  const withIt = await client.accept('route');
  assert.ok(clustersIn(withIt.resources[0]?.body ?? {}).has(c('d')));
  await plane.settled(client.nodeId);
  plane.apply(...plain('z'));
  let last = await client.accept('cluster');
  while (!last.names.includes(c('z'))) last = await client.accept('cluster');
  for (const { names, removed } of seen) {
    assert.ok(!removed.includes(c('d')));
    if (isFull(way, 'cluster')) assert.ok(names.includes(c('d')));
  }
});

rule('new clusters and removals never share a response', async (given) => {
  const { plane, way } = given;
  const client = await sidecar(given);
  const seen: Response[] = [];
  client.onResponse = (response) => {
    if (response.kind === 'cluster') seen.push(response);
    client.ack(response);
  };
  const before = plane.proxies()[0]?.types.find(({ kind }) => kind === 'cluster')?.resources;
  assert.equal(before, 5);
  plane.remove(...plain('d'));
  plane.apply(...plain('z'), ...plain('a', { h2c: true }));
  const isOver = ({ names, removed }: Response): boolean =>
    isFull(way, 'cluster') ? names.includes(c('z')) && !names.includes(c('d')) : removed.includes(c('d'));
  while (!seen.some(isOver)) seen.push(await client.next('cluster'));
  if (isFull(way, 'cluster')) {
    assert.ok(
      seen.some(({ names }) => names.includes(c('z')) && names.includes(c('d'))),
      'both for a while',
    );
  } else {
    for (const { names, removed } of seen) assert.ok(names.length === 0 || removed.length === 0);
  }
});

rule('a listener for gRPC goes with its Service', async (given) => {
  const { plane, way, connect } = given;
  const client = connect();
  const [d, e] = ['d.shop.svc.cluster.local:80', 'e.shop.svc.cluster.local:80'] as const;
  client.subscribe('listener', d, e);
  assert.deepEqual([...(await client.accept('listener')).names].sort(), [d, e]);
  plane.remove(...plain('d'));
  const { names, removed } = await client.accept('listener');
  assert.deepEqual([names, removed], isFull(way, 'listener') ? [[e], []] : [[], [d]]);
});
