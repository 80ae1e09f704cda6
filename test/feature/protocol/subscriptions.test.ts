import assert from 'node:assert/strict';
import type { ControlPlane } from '../../harness/control-plane.js';
import { until } from '../../harness/poll.js';
import { ALL, c, expectQuiet, isFull, LETTERS, plain, rule } from './given.js';

rule('an empty first request means everything', async ({ connect }) => {
  const client = connect();
  client.subscribe('cluster');
  assert.deepEqual((await client.next('cluster')).names, ALL);
});

rule('an asterisk means everything', async ({ connect }) => {
  const client = connect();
  client.subscribe('cluster', '*');
  assert.deepEqual((await client.next('cluster')).names, ALL);
});

rule(
  'everything of nothing is answered at once, for Envoy waits for it',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('cluster');
    const { names, removed } = await client.accept('cluster');
    assert.deepEqual([names, removed], [[], []]);
  },
  { objects: [] },
);

rule('everything of listeners is the one of a sidecar, and none of those for gRPC', async ({ connect }) => {
  const client = connect();
  client.subscribe('listener');
  assert.deepEqual((await client.next('listener')).names, ['outbound']);
});

rule('a listener for gRPC is served by its name', async ({ connect }) => {
  const client = connect();
  client.subscribe('listener', 'a.shop.svc.cluster.local:80');
  assert.deepEqual((await client.next('listener')).names, ['a.shop.svc.cluster.local:80']);
});

for (const kind of ['cluster', 'endpoint'] as const) {
  rule(`of ${kind}s only those that were asked for are sent`, async ({ connect, plane }) => {
    const client = connect();
    client.subscribe(kind, c('b'), c('a'));
    assert.deepEqual([...(await client.accept(kind)).names].sort(), [c('a'), c('b')]);
    plane.apply(...plain('c', { h2c: true, pod: 9002 }), ...plain('z'));
    plane.apply(...plain('a', { h2c: true, pod: 9002 }));
    const { names } = await client.accept(kind);
    assert.deepEqual([...names].sort(), isFull(client.options, kind) ? [c('a'), c('b')] : [c('a')]);
  });
}

rule('a name that is asked for twice in one request comes once', async ({ connect, way }) => {
  const client = connect();
  const names = [c('a'), c('a')];
  client.raw('endpoint', {
    node: client.node(),
    ...(way.variant === 'delta' ? { resource_names_subscribe: names } : { resource_names: names }),
  });
  assert.deepEqual((await client.next('endpoint')).names, [c('a')]);
});

rule('the type of a resource is the type of its response', async ({ connect }) => {
  const client = connect();
  client.subscribe('cluster');
  client.subscribe('endpoint', ...ALL);
  client.subscribe('listener');
  client.subscribe('route', 'outbound');
  for (const kind of ['cluster', 'endpoint', 'listener', 'route'] as const) {
    const response = await client.accept(kind);
    assert.ok(response.resources.length > 0);
    for (const { typeUrl } of response.resources) assert.equal(typeUrl, response.typeUrl);
  }
});

rule(
  'a name that does not exist is reported as removed, and sent when it appears',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('endpoint', c('ghost'), c('a'));
    const { names, removed } = await client.accept('endpoint');
    assert.deepEqual([names, removed], [[c('a')], [c('ghost')]]);
    plane.apply(...plain('ghost'));
    assert.deepEqual((await client.accept('endpoint')).names, [c('ghost')]);
  },
  { only: 'delta' },
);

rule(
  'a name that does not exist is not answered in a loop, and sent when it appears',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('endpoint', c('ghost'), c('a'));
    assert.deepEqual((await client.accept('endpoint')).names, [c('a')]);
    await expectQuiet(client, 'endpoint', c('b'));
    plane.apply(...plain('ghost'));
    assert.deepEqual((await client.accept('endpoint')).names, [c('ghost')]);
    await expectQuiet(client, 'endpoint', c('d'));
  },
  { only: 'sotw' },
);

rule(
  'names that do not exist are left out of a full list, which is sent nevertheless',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('cluster', c('ghost'));
    assert.deepEqual((await client.accept('cluster')).names, []);
    plane.apply(...plain('ghost'));
    assert.deepEqual((await client.accept('cluster')).names, [c('ghost')]);
  },
  { only: 'sotw' },
);

rule('the others are sent although one name does not exist', async ({ connect }) => {
  const client = connect();
  client.subscribe('endpoint', c('a'), c('ghost'), c('b'));
  assert.deepEqual([...(await client.accept('endpoint')).names].sort(), [c('a'), c('b')]);
});

for (const kind of ['cluster', 'endpoint'] as const) {
  rule(`${kind}s that are unsubscribed and subscribed again are sent again`, async ({ connect }) => {
    const client = connect();
    client.subscribe(kind, c('a'), c('b'));
    await client.accept(kind);
    client.unsubscribe(kind, c('a'));
    if (isFull(client.options, kind)) await expectQuiet(client, kind, c('c'));
    client.subscribe(kind, c('a'));
    const { names } = await client.accept(kind);
    assert.ok(names.includes(c('a')));
    if (!isFull(client.options, kind)) assert.deepEqual(names, [c('a')]);
  });

  rule(`what was unsubscribed of ${kind}s is not sent any more`, async ({ connect, plane }) => {
    const client = connect();
    client.subscribe(kind, c('a'), c('b'));
    await client.accept(kind);
    client.unsubscribe(kind, c('a'));
    await expectQuiet(client, kind, c('d'));
    plane.apply(...plain('a', { h2c: true, pod: 9002 }));
    plane.apply(...plain('b', { h2c: true, pod: 9002 }));
    const { names } = await client.accept(kind);
    assert.deepEqual([...names].sort(), isFull(client.options, kind) ? [c('b'), c('d')] : [c('b')]);
  });
}

rule(
  'a name that is subscribed again without being unsubscribed is sent again',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('endpoint', c('a'));
    await client.accept('endpoint');
    client.subscribe('endpoint', c('a'));
    assert.deepEqual((await client.accept('endpoint')).names, [c('a')]);
  },
  { only: 'delta' },
);

rule(
  'a name under a wildcard is sent again when it is subscribed, and the wildcard stays',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('cluster');
    await client.accept('cluster');
    client.subscribe('cluster', c('a'));
    assert.deepEqual((await client.accept('cluster')).names, [c('a')]);
    plane.apply(...plain('z'));
    assert.deepEqual((await client.accept('cluster')).names, [c('z')]);
  },
  { only: 'delta' },
);

rule(
  'unsubscribing a name that the wildcard covers is answered with the resource',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('cluster', '*', c('a'));
    assert.deepEqual([...(await client.accept('cluster')).names].sort(), ALL);
    client.unsubscribe('cluster', c('a'));
    const { names, removed } = await client.accept('cluster');
    assert.deepEqual([names, removed], [[c('a')], []]);
  },
  { only: 'delta' },
);

rule(
  'unsubscribing a name that the wildcard does not cover is answered with its removal',
  async ({ connect }) => {
    const grpc = 'a.shop.svc.cluster.local:80';
    const client = connect();
    client.subscribe('listener', '*', grpc);
    assert.deepEqual([...(await client.accept('listener')).names].sort(), [grpc, 'outbound']);
    client.unsubscribe('listener', grpc);
    const { names, removed } = await client.accept('listener');
    assert.deepEqual([names, removed], [[], [grpc]]);
  },
  { only: 'delta' },
);

rule(
  'who leaves the wildcard keeps the names that it asked for, and nothing else comes',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('cluster', '*', c('a'));
    await client.accept('cluster');
    client.unsubscribe('cluster', '*');
    await expectQuiet(client, 'cluster', c('d'));
    plane.apply(...plain('b', { h2c: true }), ...plain('z'));
    plane.apply(...plain('a', { h2c: true }));
    assert.deepEqual((await client.accept('cluster')).names, [c('a')]);
  },
  { only: 'delta' },
);

rule(
  'the wildcard can be entered again after it was left',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('cluster');
    await client.accept('cluster');
    client.unsubscribe('cluster', '*');
    client.subscribe('cluster', '*');
    assert.deepEqual((await client.accept('cluster')).names, ALL);
  },
  { only: 'delta' },
);

rule(
  'subscribing to the wildcard and unsubscribing from it in the first request asks for nothing',
  async ({ connect, plane }) => {
    const client = connect();
    client.say('cluster', { subscribe: ['*'], unsubscribe: ['*'] });
    await expectQuiet(client, 'cluster', c('d'));
    plane.apply(...plain('a', { h2c: true }));
    await expectQuiet(client, 'cluster', c('e'));
  },
  { only: 'delta' },
);

rule('unsubscribing what was never subscribed is passed over', async ({ connect }) => {
  const client = connect();
  client.subscribe('endpoint', c('a'));
  await client.accept('endpoint');
  client.unsubscribe('endpoint', c('b'), 'nonsense');
  await expectQuiet(client, 'endpoint', c('d'));
});

rule(
  'an empty list is everything at first; with an asterisk and a name it is both; with the name alone it alone; empty again nothing',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('cluster');
    assert.deepEqual((await client.accept('cluster')).names, ALL);
    client.subscribe('cluster', '*', c('a'));
    assert.deepEqual([...(await client.accept('cluster')).names].sort(), ALL);
    plane.apply(...plain('z'));
    assert.deepEqual([...(await client.accept('cluster')).names].sort(), [...ALL, c('z')]);

    client.unsubscribe('cluster', '*');
    await subscribedTo(plane, 1);
    plane.apply(...plain('b', { h2c: true }));
    plane.apply(...plain('a', { h2c: true }));
    assert.deepEqual((await client.accept('cluster')).names, [c('a')]);

    client.unsubscribe('cluster', c('a'));
    await subscribedTo(plane, 0);
    plane.apply(...plain('a'), ...plain('b'));
    client.subscribe('cluster', c('c'));
    assert.deepEqual((await client.accept('cluster')).names, [c('c')]);
  },
  { only: 'sotw' },
);

/** Waits until the server has read what the only client subscribes to. */
function subscribedTo(plane: ControlPlane, count: number): Promise<unknown> {
  const isSo = (): boolean => plane.proxies()[0]?.types.some((type) => type.subscribed === count) === true;
  return until(`a subscription of ${count} names`, isSo);
}

rule(
  'a list of endpoints that grows is answered with what is new in it',
  async ({ connect }) => {
    const client = connect();
    for (const name of LETTERS) {
      client.subscribe('endpoint', c(name));
      assert.deepEqual((await client.accept('endpoint')).names, [c(name)]);
    }
  },
  { only: 'sotw' },
);

rule(
  'a full list holds all that is subscribed whenever one of it changes',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('cluster', c('a'), c('b'), c('c'));
    await client.accept('cluster');
    plane.apply(...plain('b', { h2c: true }));
    assert.deepEqual([...(await client.accept('cluster')).names].sort(), [c('a'), c('b'), c('c')]);
  },
  { only: 'sotw' },
);
