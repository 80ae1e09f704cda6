import assert from 'node:assert/strict';
import type { ControlPlane } from '../../harness/control-plane.js';
import type { Response } from '../../harness/xds-client.js';
import type { Kind } from '../../harness/xds-protos.js';
import { ALL, c, expectQuiet, isFull, isH2c, plain, portsOf, rule, settleIn, web, webPods, splitsIn } from './given.js';

/** Waits until the server has read the answer to the newest publication, for one type. */
function acked(plane: ControlPlane, kind: Kind): Promise<unknown> {
  return plane.told('acked', (fact) => fact.kind === kind && fact.sequence === plane.sequence);
}

async function rejected(plane: ControlPlane): Promise<{ readonly message: string; readonly names: readonly string[] }> {
  const { message, refused } = await plane.told('rejected', (fact) => fact.sequence === plane.sequence);
  return { message, names: refused.map(({ name }) => name) };
}

rule('every response has a nonce that no other response of the stream has', async ({ connect, plane }) => {
  const client = connect();
  const nonces: string[] = [];
  client.onResponse = ({ nonce }) => nonces.push(nonce);
  await settleIn(client, ALL);
  for (const pod of [9002, 9003, 9004]) {
    plane.apply(...plain('a', { h2c: pod % 2 === 0, pod }));
    await client.accept('cluster');
    assert.deepEqual(portsOf(await client.accept('endpoint'), c('a')), [pod]);
  }
  assert.ok(nonces.length >= 10 && nonces.every((nonce) => nonce !== ''));
  assert.equal(new Set(nonces).size, nonces.length);
});

for (const kind of ['cluster', 'endpoint'] as const) {
  rule(`an acknowledgement of ${kind}s is not answered`, async ({ connect, plane }) => {
    const client = connect();
    client.subscribe(kind, ...ALL);
    await client.accept(kind);
    await acked(plane, kind);
    plane.apply(...plain('a', { h2c: true, pod: 9002 }));
    const { names } = await client.accept(kind);
    assert.deepEqual(names, isFull(client.options, kind) ? ALL : [c('a')]);
    await acked(plane, kind);
    assert.deepEqual(client.waiting(kind), []);
    assert.equal(plane.facts.filter(({ what }) => what === 'pushed').length, 2);
  });
}

rule('nothing is sent when objects change that mean nothing for it', async ({ connect, plane }) => {
  const client = connect();
  await settleIn(client, ALL);
  await acked(plane, 'route');
  const before = plane.sequence;
  const [service, slice] = plain('a');
  const labelled = { ...service, metadata: { name: 'a', namespace: 'shop', labels: { team: 'one' } } };
  assert.equal(plane.apply(labelled, slice ?? {}), before);
  plane.apply(...plain('a', { pod: 9002 }));
  assert.deepEqual((await client.accept('endpoint')).names, [c('a')]);
  for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) assert.deepEqual(client.waiting(kind), []);
});

rule('a type that was not acknowledged holds up no other', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('endpoint', ...ALL);
  await client.next('endpoint');
  client.subscribe('cluster');
  await client.accept('cluster');
  plane.apply(...plain('a', { h2c: true }));
  assert.ok(isH2c(await client.accept('cluster'), c('a')));
});

rule('what the acknowledgement of one type says is not taken for another', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  const clusters = await client.accept('cluster');
  client.subscribe('endpoint', ...ALL);
  const endpoints = await client.next('endpoint');
  client.ack({ ...endpoints, nonce: clusters.nonce });
  plane.apply(...plain('a', { pod: 9002 }));
  await expectUnanswered(plane, 'endpoint');
  client.ack(endpoints);
  assert.deepEqual(portsOf(await client.accept('endpoint'), c('a')), [9002]);
});

async function expectUnanswered(plane: ControlPlane, kind: Kind): Promise<void> {
  await plane.told('acked', (fact) => fact.kind === 'cluster');
  assert.equal(plane.facts.filter((fact) => fact.what === 'acked' && fact.kind === kind).length, 0);
}

rule('what was refused is not sent again, and the last good version stays in force', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  plane.apply(...plain('a', { h2c: true }));
  const bad = await client.next('cluster');
  assert.ok(isH2c(bad, c('a')));
  client.nack(bad, `Error adding/updating cluster(s) ${c('a')}: no`);
  assert.deepEqual((await rejected(plane)).names, [c('a')]);

  plane.apply(...plain('b', { h2c: true }));
  const next = await client.accept('cluster');
  assert.deepEqual(next.names, isFull(client.options, 'cluster') ? ALL : [c('b')]);
  if (isFull(client.options, 'cluster')) assert.equal(isH2c(next, c('a')), false);
  await acked(plane, 'cluster');
  assert.deepEqual(client.waiting('cluster'), []);
});

rule(
  'a refusal is kept with its message for those who look, until what was refused changes',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('cluster');
    await client.accept('cluster');
    plane.apply(...plain('a', { h2c: true }));
    client.nack(await client.next('cluster'), `${c('a')}: not on a Tuesday`);
    await rejected(plane);
    const shown = (): readonly string[] =>
      plane
        .proxies()
        .flatMap(({ types }) => types.flatMap(({ rejections }) => rejections.map(({ message }) => message)));
    assert.deepEqual(shown(), [`${c('a')}: not on a Tuesday`]);
    assert.ok((plane.proxies()[0]?.acknowledged ?? 0) < plane.sequence);
    plane.apply(...plain('a'));
    await client.accept('cluster');
    await acked(plane, 'cluster');
    assert.deepEqual(shown(), []);
  },
);

rule('the next version of what was refused is sent', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('endpoint', ...ALL);
  await client.accept('endpoint');
  plane.apply(...plain('a', { pod: 9002 }));
  client.nack(await client.next('endpoint'), 'no');
  await rejected(plane);
  plane.apply(...plain('a', { pod: 9003 }));
  const response = await client.accept('endpoint');
  assert.deepEqual([response.names, portsOf(response, c('a'))], [[c('a')], [9003]]);
});

rule(
  'the version before a refused one is sent when it comes back, for a part may have been applied',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('endpoint', ...ALL);
    await client.accept('endpoint');
    plane.apply(...plain('a', { pod: 9002 }));
    client.nack(await client.next('endpoint'), 'no');
    await rejected(plane);
    plane.apply(...plain('a', { pod: 9001 }));
    assert.deepEqual(portsOf(await client.accept('endpoint'), c('a')), [9001]);
  },
);

rule('the others of a refused response are sent without the one that it names', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  plane.apply(...plain('a', { h2c: true }), ...plain('b', { h2c: true }));
  client.nack(await client.next('cluster'), `Error adding/updating cluster(s) ${c('a')}: no`);
  const next = await client.accept('cluster');
  assert.ok(isH2c(next, c('b')));
  assert.equal(isH2c(next, c('a')), false);
  if (!isFull(client.options, 'cluster')) assert.deepEqual(next.names, [c('b')]);
});

rule('when a refusal names nobody, parts of the response are tried', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('endpoint', ...ALL);
  await client.accept('endpoint');
  plane.apply(...['a', 'b', 'd'].flatMap((name) => plain(name, { pod: 9002 })));
  client.nack(await client.next('endpoint'), 'something is wrong');
  const tried: (readonly string[])[] = [];
  while (tried.length < 5) {
    const response: Response = await client.next('endpoint');
    tried.push(response.names);
    if (response.names.includes(c('b'))) client.nack(response, 'something is wrong');
    else client.ack(response);
  }
  assert.deepEqual(tried, [[c('a'), c('b')], [c('a')], [c('b'), c('d')], [c('b')], [c('d')]]);
  plane.apply(...plain('e', { pod: 9002 }));
  assert.deepEqual((await client.accept('endpoint')).names, [c('e')], 'and the culprit is not sent once more');
});

rule('names that are subscribed on an acknowledgement count', async ({ connect }) => {
  const client = connect();
  client.subscribe('endpoint', c('a'));
  client.ack(await client.next('endpoint'), { subscribe: [c('b')] });
  assert.deepEqual((await client.accept('endpoint')).names, [c('b')]);
});

rule('names that are subscribed on a refusal count', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('endpoint', c('a'));
  client.nack(await client.next('endpoint'), `${c('a')} is wrong`, { subscribe: [c('b')], unsubscribe: [c('a')] });
  assert.deepEqual((await client.accept('endpoint')).names, [c('b')]);
  plane.apply(...plain('a', { pod: 9002 }));
  plane.apply(...plain('b', { pod: 9002 }));
  assert.deepEqual((await client.accept('endpoint')).names, [c('b')]);
});

rule(
  'names that are subscribed with the nonce of an older response count',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('endpoint', c('a'));
    const first = await client.accept('endpoint');
    plane.apply(...plain('a', { pod: 9002 }));
    const second = await client.next('endpoint');
    client.ack(first, { subscribe: [c('b')], unsubscribe: [c('a')] });
    assert.deepEqual((await client.next('endpoint')).names, [c('b')]);
    client.ack(second);
    await expectQuiet(client, 'endpoint', c('d'));
  },
  { only: 'delta' },
);

rule(
  'a request with the nonce of an older response is not answered, and says nothing',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('endpoint', c('a'));
    const first = await client.accept('endpoint');
    plane.apply(...plain('a', { pod: 9002 }));
    const second = await client.next('endpoint');
    client.raw('endpoint', { response_nonce: first.nonce, resource_names: [c('a'), c('b')] });
    client.raw('endpoint', { response_nonce: first.nonce, error_detail: { code: 13, message: 'late' } });
    client.ack(second);
    await expectQuiet(client, 'endpoint', c('d'));
    assert.equal(plane.facts.filter(({ what }) => what === 'rejected').length, 0);
  },
  { only: 'sotw' },
);

rule('a refused type does not hold up the others', async ({ connect, plane }) => {
  const client = connect();
  await settleIn(client, ALL);
  plane.apply(...plain('a', { pod: 9002 }));
  client.nack(await client.next('endpoint'), 'no');
  plane.apply(...plain('b', { h2c: true }));
  assert.ok(isH2c(await client.accept('cluster'), c('b')));
});

rule(
  'after a refused route table the next one comes, and clusters go on meanwhile',
  async ({ connect, plane }) => {
    const client = connect();
    await settleIn(client, ['shop/web:80@v1', 'shop/web:80@v2']);
    plane.apply(web({ currentStepIndex: 3 }));
    const refused = await client.next('route');
    assert.equal(splitsIn(refused.resources[0]?.body ?? {})['web.shop'], 'v1 50, v2 50');
    client.nack(refused, 'outbound: no');
    await rejected(plane);
    plane.apply(...plain('a'));
    assert.ok((await client.accept('cluster')).names.includes(c('a')));
    plane.apply(web({ currentStepIndex: 5 }));
    let table = await client.accept('route');
    if (splitsIn(table.resources[0]?.body ?? {})['web.shop'] !== 'v2') table = await client.accept('route');
    assert.equal(splitsIn(table.resources[0]?.body ?? {})['web.shop'], 'v2');
  },
  { objects: [...webPods('v1', 'v2'), web({ currentStepIndex: 1 })] },
);

rule('a client that refuses everything is not answered in a loop', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  let count = 0;
  client.onResponse = (response) => {
    count += 1;
    client.nack(response, 'I do not like it');
  };
  for (let round = 0; round < 5; round += 1) {
    const before = count;
    plane.apply(...plain('a', { h2c: round % 2 === 0 }));
    await plane.told('rejected', (fact) => fact.sequence === plane.sequence);
    assert.ok(count - before <= ALL.length + 2, `${count - before} responses in one round`);
  }
});
