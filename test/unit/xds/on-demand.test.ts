import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { ResourceKind } from '../../../src/codec/index.js';
import { CART, hostOf, LOG, SmallServer, type SmallStream, WEB } from './small-server.js';

// Envoy's side of these stories is as it was measured on 1.40: what it asks, what it waits for, what it never asks again.

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
afterEach(() => mock.timers.reset());

const WEB_CLUSTER = 'shop/web:80@v1';
const CART_CLUSTER = 'shop/cart:80@v1';
const BOTH = [
  [WEB, hostOf(WEB)],
  [CART, hostOf(CART)],
] as const;

/** A proxy that has started and called nothing yet. */
function start(server: SmallServer, id = 'a'): SmallStream {
  const envoy = server.connect({ id });
  envoy.ask('cluster');
  envoy.ack('cluster');
  envoy.ask('listener');
  envoy.ack('listener');
  envoy.ask('route', { names: ['outbound'] });
  envoy.ask('virtualHost');
  envoy.ack('route');
  envoy.ack('virtualHost');
  envoy.take();
  return envoy;
}

/** Asks for hosts and lets everything come. */
function call(envoy: SmallStream, ...hosts: readonly string[]): readonly string[] {
  const first = envoy.ask('virtualHost', { names: hosts.map((host) => `outbound/${host}`) });
  const clusters = first.flatMap((line) => (line.startsWith('cluster') ? line.split(' +').slice(1) : []));
  const then = clusters.length === 0 ? [] : envoy.ask('endpoint', { names: clusters });
  const last = ['cluster', 'endpoint'].flatMap((kind) => [...envoy.ack(kind as ResourceKind)]);
  return [...first, ...then, ...last, ...envoy.ack('virtualHost'), ...envoy.take()];
}

/** Time passes, every proxy tells all the while that it uses these clusters. */
function idle(server: SmallServer, envoys: readonly string[], used: readonly string[] = [], by = 1000): void {
  for (let at = 0; at < by; at += 250) {
    for (const id of envoys) server.workloads.used(id, used);
    server.tick(250);
  }
}

test('a proxy that starts gets nothing but what it waits for', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = server.connect();
  assert.deepEqual(envoy.ask('cluster'), ['cluster']);
  assert.deepEqual(envoy.ask('listener'), ['listener +outbound']);
  assert.deepEqual(envoy.ask('route', { names: ['outbound'] }), ['route +outbound']);
  assert.deepEqual(envoy.ask('virtualHost'), ['virtualHost +outbound/_']);
});

test('a host that is called comes clusters first, and its virtual host under the name that was asked', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/web'] }), [`cluster +${WEB_CLUSTER}`]);
  assert.deepEqual(envoy.ask('endpoint', { names: [WEB_CLUSTER] }), [`endpoint +${WEB_CLUSTER}`]);
  assert.deepEqual(envoy.ack('cluster'), ['virtualHost +web=outbound/web']);
  assert.deepEqual(envoy.ack('virtualHost'), []);
  assert.deepEqual(server.told('learned'), [{ what: 'learned', namespace: 'shop', workload: 'front', hosts: [WEB] }]);
});

test('other spellings that are asked meanwhile are all answered, each once', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  envoy.ask('virtualHost', { names: ['outbound/web'] });
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/web.shop:80', 'outbound/web.shop'] }), []);
  envoy.ask('endpoint', { names: [WEB_CLUSTER] });
  assert.deepEqual(envoy.ack('cluster'), ['virtualHost +web=outbound/web=outbound/web.shop=outbound/web.shop:80']);
  server.publish([[WEB, hostOf(WEB, { weight: '2' })]]);
  assert.deepEqual(envoy.ack('virtualHost'), ['virtualHost +web'], 'a change answers nobody');
});

test('a host that is asked again is answered again, though it is held', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  call(envoy, 'web');
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/web:80'] }), ['virtualHost +web=outbound/web:80']);
});

test('a host that there is not, or a port of one, is answered at once as unknown', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/nope', 'outbound/10.0.0.1:80'] }), [
    'virtualHost ?outbound/10.0.0.1:80=outbound/10.0.0.1:80 ?outbound/nope=outbound/nope',
  ]);
  assert.equal(server.told('pushed').at(-1)?.['removed'], 2, 'and they are counted');
  const [, unknown] = envoy.ask('virtualHost', { names: ['outbound/web:9999'] });
  assert.equal(unknown, 'virtualHost ?outbound/web:9999=outbound/web:9999');
});

test('a host that was asked before it existed is pushed when it comes', () => {
  const server = new SmallServer();
  const envoy = start(server);
  envoy.ask('virtualHost', { names: ['outbound/web', 'outbound/web.shop'] });
  envoy.ack('virtualHost');
  assert.equal(server.publish(BOTH), 1, 'CART concerns nobody');
  assert.deepEqual(envoy.take(), [`cluster +${WEB_CLUSTER}`]);
  envoy.ask('endpoint', { names: [WEB_CLUSTER] });
  assert.deepEqual(envoy.ack('cluster'), ['virtualHost +web']);
  assert.deepEqual(
    server.told('learned').map((fact) => fact['hosts']),
    [[WEB]],
  );
});

test('a host that comes while its being unknown could not be told yet answers those who ask for it', () => {
  const server = new SmallServer();
  const envoy = start(server);
  envoy.isStalled = true;
  const first = envoy.ask('virtualHost', { names: ['outbound/other'] });
  envoy.ask('virtualHost', { names: ['outbound/web', 'outbound/web:80'] });
  server.publish(BOTH);
  envoy.flush();
  const then = [...envoy.ask('endpoint', { names: [WEB_CLUSTER] }), ...envoy.ack('cluster')];
  const lines = [...first, ...then];
  assert.deepEqual(
    lines.filter((line) => line.startsWith('virtualHost')),
    ['virtualHost ?outbound/other=outbound/other', 'virtualHost +web=outbound/web=outbound/web:80'],
  );
});

test('a host that goes while a request waits for it is answered as unknown', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/web'] }), [`cluster +${WEB_CLUSTER}`]);
  server.publish([[WEB, undefined]]);
  assert.deepEqual(envoy.take(), ['virtualHost ?outbound/web=outbound/web']);
});

test('a virtual host that is refused is answered as unknown, and the others of its response once more', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  envoy.ask('virtualHost', { names: ['outbound/web', 'outbound/cart'] });
  envoy.ask('endpoint', { names: [WEB_CLUSTER, CART_CLUSTER] });
  assert.deepEqual(envoy.ack('cluster'), ['virtualHost +cart=outbound/cart +web=outbound/web']);
  assert.deepEqual(envoy.ack('virtualHost', { error: 'missing ): (((' }), ['virtualHost +cart=outbound/cart']);
  assert.deepEqual(envoy.ack('virtualHost'), ['virtualHost +web=outbound/web']);
  assert.deepEqual(envoy.ack('virtualHost', { error: 'missing ): (((' }), ['virtualHost ?web=outbound/web']);
  assert.deepEqual(envoy.ack('virtualHost'), []);
  server.publish([[WEB, hostOf(WEB, { weight: 'good' })]]);
  assert.deepEqual(envoy.take(), ['virtualHost +web'], 'it comes when it is another one');
});

test('a change that is refused is answered with the last good one', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = start(server);
  call(envoy, 'web');
  server.publish([[WEB, hostOf(WEB, { weight: 'bad' })]]);
  assert.deepEqual(envoy.take(), ['virtualHost +web']);
  assert.deepEqual(envoy.ack('virtualHost', { error: 'no' }), []);
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/web:80'] }), ['virtualHost +web=outbound/web:80']);
});

test('hosts are learned by all proxies of a workload, and by no others', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const [a, b] = [start(server, 'a'), start(server, 'b')];
  const other = server.connect({ id: 'c', workload: 'back' });
  other.ask('cluster');
  other.take();
  call(a, 'web');
  assert.deepEqual(b.take(), [`cluster +${WEB_CLUSTER}`]);
  b.ask('endpoint', { names: [WEB_CLUSTER] });
  assert.deepEqual(b.ack('cluster'), ['virtualHost +web']);
  assert.deepEqual(other.take(), []);
  const warm = server.connect({ id: 'd' });
  assert.deepEqual(warm.ask('cluster'), [`cluster +${WEB_CLUSTER}`]);
});

test('a proxy that joins is answered first by what its workload knows', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  call(start(server), 'web');
  const envoy = server.connect({ id: 'b' });
  envoy.ask('cluster');
  envoy.ask('endpoint', { names: [WEB_CLUSTER] });
  envoy.ack('cluster');
  envoy.ask('route', { names: ['outbound'] });
  assert.deepEqual(envoy.ask('virtualHost'), ['virtualHost +outbound/_ +web']);
});

test('a host that nobody uses is forgotten: first the table turns, then the virtual host goes, then the clusters', () => {
  const server = new SmallServer({ forgetAfter: 1000, drainDelay: 0 });
  server.publish(BOTH);
  const envoy = start(server);
  call(envoy, 'web', 'cart');
  idle(server, ['a'], [CART_CLUSTER]);
  assert.deepEqual(envoy.take(), ['route +outbound']);
  assert.deepEqual(
    server.told('forgot').map((fact) => fact['hosts']),
    [[WEB]],
  );
  assert.deepEqual(envoy.ack('route'), ['virtualHost -web']);
  assert.deepEqual(envoy.take(), [], 'the virtual host leads there until its removal is acknowledged');
  assert.deepEqual(envoy.ack('virtualHost'), [`cluster -${WEB_CLUSTER}`]);
  assert.deepEqual(envoy.ack('cluster', { unsubscribe: [] }), [`endpoint -${WEB_CLUSTER}`]);
  envoy.ask('endpoint', { unsubscribe: [WEB_CLUSTER] });
  const again = call(envoy, 'web');
  assert.equal(again[0], `cluster +${WEB_CLUSTER}`);
  assert.equal(again.at(-1), 'virtualHost +web=outbound/web');
});

test('names that a turned table takes back are answered none the less', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish([...BOTH, [LOG, hostOf(LOG)]]);
  const envoy = start(server);
  call(envoy, 'web');
  idle(server, ['a'], [], 750);
  envoy.ask('virtualHost', { names: ['outbound/cart'] });
  server.workloads.used('a', []);
  server.tick(250);
  assert.ok(envoy.take().includes('route +outbound'));
  envoy.ask('virtualHost', { unsubscribe: ['outbound/web', 'outbound/cart'] });
  envoy.ack('route');
  envoy.ask('endpoint', { names: [CART_CLUSTER] });
  const lines = [...envoy.ack('cluster'), ...envoy.ack('virtualHost')];
  assert.ok(lines.includes('virtualHost +cart=outbound/cart'), lines.join(', '));
});

test('a host that is called while its removal is on its way comes back whole', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish(BOTH);
  const envoy = start(server);
  call(envoy, 'web');
  idle(server, ['a']);
  envoy.take();
  assert.deepEqual(envoy.ack('route'), ['virtualHost -web']);
  assert.deepEqual(envoy.ask('virtualHost', { names: ['outbound/web'] }), ['virtualHost +web=outbound/web']);
  envoy.ack('virtualHost');
  idle(server, ['a'], [WEB_CLUSTER], 20_000);
  assert.deepEqual(envoy.take(), [], 'nothing of it goes after that');
});

test('a host is kept for as long as some proxy of the workload does not tell what it uses', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish(BOTH);
  const [a, b] = [start(server, 'a'), start(server, 'b')];
  call(a, 'web');
  b.take();
  idle(server, ['a'], [], 5000);
  assert.deepEqual(server.told('forgot'), []);
  server.workloads.used('b', []);
  server.workloads.silent('b');
  idle(server, ['a'], [], 5000);
  assert.deepEqual(server.told('forgot'), []);
  b.close();
  idle(server, ['a'], [], 1250);
  assert.equal(server.told('forgot').length, 1);
});

test('a Service that is gone is forgotten although nobody tells what is in use, and what is there is not', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish(BOTH);
  const envoy = start(server);
  call(envoy, 'web', 'cart');
  server.publish([[CART, undefined]]);
  server.tick(1250);
  assert.deepEqual(
    server.told('forgot').map((fact) => fact['hosts']),
    [[CART]],
  );
  assert.deepEqual(envoy.proxy.state().hosts, [WEB]);
});

test('what a proxy tells after it has left its workload says nothing of the proxy that comes next', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish(BOTH);
  const [a, b] = [start(server, 'a'), start(server, 'b')];
  call(a, 'web');
  b.take();
  // It stays connected by a stream that does not speak for it.
  const other = server.connect({ id: 'a' });
  other.ask('listener');
  a.close();
  server.workloads.used('a', []);
  other.close();
  start(server, 'a');
  idle(server, ['b'], [], 5000);
  assert.deepEqual(server.told('forgot'), []);
});

test('a proxy that is back before its old stream has ended goes on telling', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish(BOTH);
  const old = start(server);
  call(old, 'web');
  server.workloads.used('a', []);
  start(server);
  old.close();
  server.tick(1250);
  assert.equal(server.told('forgot').length, 1);
});

test('a workload without proxies is warm for the next one for a while', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish(BOTH);
  const first = start(server);
  call(first, 'web');
  first.close();
  server.tick(750);
  const second = server.connect({ id: 'b' });
  assert.deepEqual(second.ask('cluster'), [`cluster +${WEB_CLUSTER}`]);
  second.close();
  server.tick(1250);
  assert.deepEqual(server.connect({ id: 'c' }).ask('cluster'), ['cluster']);
});

const KEPT = {
  cluster: (server: SmallServer) => versions(server, 'clusters'),
  endpoint: (server: SmallServer) => versions(server, 'endpoints'),
  virtualHost: (server: SmallServer) => versions(server, 'own'),
};

function versions(server: SmallServer, part: 'clusters' | 'endpoints' | 'own'): Readonly<Record<string, string>> {
  const resources = server.snapshot.hosts.get(WEB)?.[part] ?? [];
  return Object.fromEntries(resources.map(({ name, version }) => [name, version]));
}

/** Says everything at once that an Envoy kept which called `web` and an unknown host. */
function comeBack(
  server: SmallServer,
  envoy: SmallStream,
  before: SmallStream,
  order: readonly ResourceKind[],
): readonly string[] {
  const kept = (kind: ResourceKind, name: string): Readonly<Record<string, string>> => ({
    [name]: before.versions.get(`${kind} ${name}`) ?? '',
  });
  const lines: string[] = [];
  for (const kind of order) {
    if (kind === 'cluster') lines.push(...envoy.ask(kind, { brought: KEPT.cluster(server) }));
    if (kind === 'endpoint') {
      lines.push(...envoy.ask(kind, { names: [WEB_CLUSTER], brought: KEPT.endpoint(server) }));
    }
    if (kind === 'route') lines.push(...envoy.ask(kind, { names: ['outbound'], brought: kept('route', 'outbound') }));
    if (kind !== 'virtualHost') continue;
    const brought = {
      ...KEPT.virtualHost(server),
      ...kept('virtualHost', 'outbound/_'),
      'outbound/nope': 'unknown-e.1',
    };
    lines.push(...envoy.ask(kind, { names: ['*', 'outbound/web', 'outbound/web:80', 'outbound/nope'], brought }));
  }
  return lines;
}

const ORDERS: readonly (readonly ResourceKind[])[] = [
  ['cluster', 'route', 'virtualHost', 'endpoint'],
  ['cluster', 'virtualHost', 'route', 'endpoint'],
  ['cluster', 'endpoint', 'virtualHost', 'route'],
  ['cluster', 'route', 'endpoint', 'virtualHost'],
];
for (const order of ORDERS) {
  for (const turn of ['even', 'odd'] as const) {
    test(`a proxy that comes back to a new server with everything as it is gets nothing (${order.join()}, ${turn})`, () => {
      const before = new SmallServer({ forgetAfter: 1000 });
      before.publish(BOTH);
      const envoy = start(before);
      call(envoy, 'web', ...(turn === 'odd' ? ['cart'] : []));
      if (turn === 'odd') idle(before, ['a'], [WEB_CLUSTER]);
      const after = new SmallServer({ epoch: 'f' });
      after.publish(BOTH);
      assert.deepEqual(comeBack(after, after.connect({ id: 'a' }), envoy, order), []);
      after.tick(60_000);
      assert.deepEqual(after.told('pushed'), []);
      assert.deepEqual(
        [...after.proxies].map((proxy) => proxy.state().hosts),
        [[WEB]],
      );
    });
  }
}

test('what a proxy holds and what is gone is taken away when it comes back', () => {
  const server = new SmallServer();
  server.publish(BOTH);
  const envoy = server.connect();
  const gone = { 'shop/gone:80@v1': '1' };
  assert.deepEqual(envoy.ask('cluster', { brought: gone }), []);
  assert.deepEqual(envoy.ask('route', { names: ['outbound'], brought: { outbound: '1' } }), ['route +outbound']);
  const brought = { 'outbound/gone.shop.svc.cluster.local': '1' };
  const asked = ['*', 'outbound/gone', 'outbound/gone:80'];
  assert.deepEqual(envoy.ask('virtualHost', { names: asked, brought }), [
    'virtualHost +outbound/_ ?outbound/gone=outbound/gone ?outbound/gone:80=outbound/gone:80',
  ]);
  assert.deepEqual(envoy.ack('route'), []);
  assert.deepEqual(envoy.ack('virtualHost'), ['virtualHost -gone']);
  assert.deepEqual(envoy.ack('virtualHost'), []);
  server.tick(5000);
  assert.deepEqual(envoy.take(), ['cluster -shop/gone:80@v1']);
});

test('virtual hosts of one Service go together when a domain goes from one to another', () => {
  const server = new SmallServer();
  server.publish([[WEB, hostOf(WEB)]]);
  const envoy = start(server);
  call(envoy, 'web');
  server.publish([[WEB, hostOf(WEB, { ports: [81, 80] })]]);
  assert.deepEqual(envoy.take(), ['cluster +shop/web:81@v1', 'endpoint +shop/web:81@v1']);
  envoy.ack('endpoint');
  assert.deepEqual(
    envoy.ack('cluster'),
    ['virtualHost +web +web:80'],
    'not before the cluster of the other port is there',
  );
  envoy.ack('virtualHost');
  server.publish([[WEB, hostOf(WEB)]]);
  assert.deepEqual(envoy.take(), ['virtualHost +web -web:80']);
});

test('what a client brought and what is current again by then leads nowhere unknown', () => {
  const server = new SmallServer({ drainDelay: 0 });
  const both = { ports: [80, 81] };
  server.publish([[WEB, hostOf(WEB, both)]]);
  const client = server.connect({ routing: 'scoped' });
  const route = 'outbound/web.shop.svc.cluster.local';
  const [before] = hostOf(WEB).routes;
  client.ask('cluster');
  client.ask('route', { names: [route], brought: { [route]: before?.version ?? '' } });
  server.publish([[WEB, hostOf(WEB)]]);
  client.settle();
  server.tick(60_000);
  client.settle();
  server.tick(60_000);
  assert.equal(client.proxy.state().types[0]?.leaving, 0, 'the cluster of the other port is gone');
});
