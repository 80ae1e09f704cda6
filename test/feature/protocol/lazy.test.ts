import assert from 'node:assert/strict';
import { startPlane } from '../../harness/control-plane.js';
import { field, list } from '../../harness/xds-protos.js';
import { c, plain, SERVICES, web, webPods } from './given.js';
import { Caller, httpFilters, lazy, Reporter } from './lazy-given.js';

// Envoys that ask for a host when it is first called (VHDS), each on one stream, over the wire.

const FULL = (name: string): string => `outbound/${name}.shop.svc.cluster.local`;

lazy('a proxy that calls nothing holds nothing: its table asks, and no cluster comes', async ({ envoy }) => {
  const caller = envoy();
  caller.onResponse = undefined;
  caller.subscribe('cluster');
  assert.deepEqual((await caller.accept('cluster')).names, []);
  caller.subscribe('listener');
  const [listener] = (await caller.accept('listener')).resources;
  assert.deepEqual(httpFilters(listener?.body), ['envoy.filters.http.on_demand', 'envoy.filters.http.router']);
  caller.subscribe('route', 'outbound');
  const [table] = (await caller.accept('route')).resources;
  assert.notEqual(field(table?.body, 'vhds', 'config_source', 'ads'), undefined);
  assert.deepEqual(list(table?.body, 'virtual_hosts'), []);
  caller.subscribe('virtualHost');
  const { names, resources } = await caller.accept('virtualHost');
  assert.deepEqual(names, ['outbound/_']);
  assert.deepEqual(field(resources[0]?.body, 'domains'), ['_.invalid']);
});

lazy(
  'a host comes when it is called: its cluster, its endpoints, then the virtual host by its own name',
  async ({ envoy }) => {
    const caller = await envoy().begin();
    caller.lines.length = 0;
    await caller.call('a');
    const order = [`cluster +${c('a')}`, `endpoint +${c('a')}`, `virtualHost +${FULL('a')}`];
    assert.deepEqual([...new Set(caller.lines)], order);
    assert.deepEqual([...(caller.versions.get('cluster')?.keys() ?? [])], [c('a')], 'and nothing else');
  },
);

for (const host of ['a', 'A', 'a:80', 'a.shop', 'a.shop.svc', 'a.shop.svc:80', 'a.shop.svc.cluster.local:80']) {
  lazy(`a host is found as ${host}`, async ({ envoy }) => {
    const caller = await envoy().begin();
    await caller.call(host.toLowerCase());
    assert.ok(caller.holds('virtualHost', FULL('a')));
  });
}

lazy('a host that there is not is answered at once, and comes when it is there', async ({ envoy, plane }) => {
  const caller = await envoy().begin();
  await caller.call('late');
  await caller.call('late.shop:80');
  assert.ok(caller.lines.includes('virtualHost ?outbound/late'));
  plane.apply(...plain('late'));
  await caller.until(() => caller.holds('virtualHost', FULL('late')));
  assert.ok(caller.lines.indexOf(`cluster +${c('late')}`) < caller.lines.indexOf(`virtualHost +${FULL('late')}`));
});

lazy('a second proxy of the workload has what the first one called before it asks', async ({ envoy }) => {
  await (await envoy().begin()).call('a');
  const second = await envoy({ nodeId: 'sidecar~shop~front-1' }).begin();
  await second.until(() => second.holds('virtualHost', FULL('a')));
  assert.deepEqual(second.asked, []);
});

lazy('proxies of other workloads get not a byte of what one calls, nor of its changes', async (given) => {
  const { plane, envoy } = given;
  plane.apply(...webPods('v1', 'v2'), web({ currentStepIndex: 1 }));
  const caller = await envoy().begin();
  await caller.call('web');
  const other = await envoy({ cluster: 'back', nodeId: 'sidecar~shop~back-0' }).begin();
  await other.call('a');
  await plane.told('acked', ({ proxy, kind }) => proxy === other.nodeId && kind === 'virtualHost');
  const before = plane.facts.length;
  plane.apply(web({ currentStepIndex: 3 }));
  await plane.settled(caller.nodeId);
  const pushed = plane.facts.slice(before).flatMap((fact) => (fact.what === 'pushed' ? [[fact.proxy, fact.kind]] : []));
  assert.deepEqual(pushed, [[caller.nodeId, 'virtualHost']]);
});

lazy('a proxy that comes back to another server with everything as it is gets nothing', async ({ envoy, closing }) => {
  const caller = await envoy().begin();
  for (const host of ['a', 'b.shop', 'b:80', 'nope', 'nope.example.org:81']) await caller.call(host);
  const other = await startPlane({ objects: SERVICES.toReversed(), scope: 'lazy' });
  try {
    const again = closing(new Caller({ port: other.port }));
    again.comeBack(caller);
    again.subscribe('endpoint', c('ghost'));
    await again.until(() => again.lines.length > 0);
    assert.deepEqual(again.lines, [`endpoint -${c('ghost')}`], 'all before was read');
    other.apply(...plain('a', { h2c: true }));
    await again.until(() => again.lines.some((line) => line === `cluster +${c('a')}`));
    await again.call('c');
    assert.ok(again.holds('virtualHost', FULL('c')));
  } finally {
    await other.stop();
  }
});

lazy(
  'a host that reports do not name any more goes: the table turns, the virtual host goes, then its clusters',
  async ({ plane, envoy, closing }) => {
    const caller = await envoy().begin();
    await caller.call('a');
    await caller.call('b');
    const reporter = closing(new Reporter(plane.port, caller.node()));
    await reporter.asked();
    caller.lines.length = 0;
    const timer = setInterval(() => reporter.report(c('b')), 20);
    try {
      await caller.until(() => caller.lines.includes(`cluster -${c('a')}`));
      const order = ['route +outbound', `virtualHost -${FULL('a')} -outbound/a`, `cluster -${c('a')}`];
      assert.deepEqual(
        caller.lines.filter((line) => !line.startsWith('endpoint')),
        order,
      );
      await caller.call('a');
      assert.ok(caller.holds('virtualHost', FULL('a')) && caller.holds('virtualHost', FULL('b')));
    } finally {
      clearInterval(timer);
    }
  },
  { forgetAfter: 200 },
);

lazy(
  'a proxy that asks for more names than it may loses its stream, and the others do not',
  async ({ plane, envoy }) => {
    const [hostile, good] = [await envoy().begin(), await envoy({ cluster: 'back', nodeId: 'good' }).begin()];
    hostile.onResponse = undefined;
    for (let index = 0; index < 30; index += 1) hostile.subscribe('virtualHost', `outbound/n${index}`);
    assert.equal((await hostile.ended('virtualHost')).code, 8);
    await good.call('a');
    assert.equal(plane.proxies().length, 1);
  },
  { limits: { names: 20 } },
);

lazy('a proxy that asks for hosts without end holds no more than its names', async ({ plane, envoy }) => {
  const caller = await envoy().begin();
  const names = Array.from({ length: 3000 }, (_, index) => `outbound/n${index}`);
  for (let at = 0; at < names.length; at += 100) caller.subscribe('virtualHost', ...names.slice(at, at + 100));
  await caller.until(() => names.every((name) => caller.holds('virtualHost', name)));
  await caller.call('a');
  await plane.told('acked', ({ resources }) => resources.some(({ name }) => name === FULL('a')));
  const [state] = plane.proxies();
  assert.deepEqual(state?.hosts, ['shop/a']);
  assert.equal(
    state?.types.find(({ kind }) => kind === 'virtualHost')?.resources,
    2,
    'what does not exist is not kept',
  );
});

lazy(
  'a proxy that calls ever new hosts is told to forget them before they are too many, and keeps what it has',
  async ({ plane, envoy }) => {
    const caller = await envoy().begin();
    await caller.call('a');
    const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
    for (const name of names) await caller.call(name);
    const turns = (): number => caller.lines.filter((line) => line === 'route +outbound').length;
    await caller.until(() => turns() === 2 && caller.lines.some((line) => line.includes(' -outbound/n0')));
    await caller.call('n29');
    await caller.call('b');
    assert.ok(caller.holds('virtualHost', FULL('a')) && caller.holds('virtualHost', FULL('b')));
    assert.equal(turns(), 2, 'it is told once');
    assert.equal(plane.proxies().length, 1, 'and goes on, although it asked for more names than it may have at a time');
  },
  { limits: { asked: 20, names: 25 } },
);

lazy('a host that is too long to be one is answered like any other that there is not', async ({ plane, envoy }) => {
  const caller = await envoy().begin();
  const long = 'a'.repeat(60_000);
  await caller.call(long);
  await caller.call('a');
  for (let index = 0; index < 20; index += 1) await caller.call(`${long}${index}`);
  await caller.until(() => caller.lines.filter((line) => line === 'route +outbound').length === 2);
  await caller.call('b');
  assert.ok(caller.holds('virtualHost', FULL('a')) && caller.holds('virtualHost', FULL('b')));
  assert.equal(plane.proxies().length, 1);
});
