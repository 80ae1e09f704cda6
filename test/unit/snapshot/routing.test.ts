import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portNumber } from '../../../src/base/index.js';
import type { ResourceKind } from '../../../src/codec/index.js';
import { type HostEntry, HostSet, type Routing, type View } from '../../../src/snapshot/index.js';
import { CART, counting, entry, LOG, OUTBOUND, snapshotOf, virtualHost, WEB } from './given.js';

/** Port 80 is the default one, as it is in the names of real virtual hosts. */
function withDefault(key: typeof WEB, ...others: readonly number[]): HostEntry {
  const of = (domain: string) => [
    virtualHost(key, undefined, [domain], [`${key}:80`]),
    ...others.map((port) => virtualHost(key, port, [domain])),
  ];
  return { ...entry(key, [80, ...others]), own: of('own'), others: of('other'), defaultPort: portNumber(80) };
}

const snapshot = snapshotOf([WEB, withDefault(WEB, 81)], [CART, withDefault(CART)], [LOG, withDefault(LOG)]);
const hosts = HostSet.empty.with([WEB, LOG]);
const { viewOf, made } = counting();
const seen = (routing: Routing, namespace = 'shop'): View =>
  viewOf(snapshot, { namespace, outbound: OUTBOUND, routing });
const names = (view: View, kind: ResourceKind): readonly string[] => [...view.all(kind)].map(({ name }) => name);

const WEB_NAME = 'outbound/web.shop.svc.cluster.local';
const ALL_ROUTES = [
  'outbound/log.infra.svc.cluster.local',
  'outbound/cart.shop.svc.cluster.local',
  'outbound/web.shop.svc.cluster.local',
];

test('scoped: everything is there, but the table of all hosts only for those who ask for it by name', () => {
  const view = seen({ kind: 'scoped' });
  assert.deepEqual(names(view, 'route'), ALL_ROUTES);
  assert.deepEqual(names(view, 'cluster'), ['infra/log:80', 'shop/cart:80', 'shop/web:80', 'shop/web:81']);
  assert.equal(made.tables, 0);
  assert.equal(view.get('route', 'outbound'), seen({ kind: 'table' }).get('route', 'outbound'));
  assert.equal(view.get('route', WEB_NAME), snapshot.hosts.get(WEB)?.routes[0]);
});

test('scoped: a short name leads a proxy to the host of its own namespace only', () => {
  const scopes = (namespace: string) => names(seen({ kind: 'scoped' }, namespace), 'scopedRoute');
  const qualified = ['log.infra', 'log.infra.svc', 'cart.shop', 'cart.shop.svc', 'web.shop', 'web.shop.svc'];
  const all = qualified.map((name) => `outbound/${name}`);
  assert.deepEqual(scopes('nobody'), all);
  assert.deepEqual(scopes('infra'), [...all.slice(0, 2), 'outbound/infra/log', ...all.slice(2)]);
  assert.equal(seen({ kind: 'scoped' }, 'nobody').get('scopedRoute', 'outbound/shop/web'), undefined);
  const own = seen({ kind: 'scoped' }, 'shop').get('scopedRoute', 'outbound/shop/web');
  assert.equal(own, snapshot.hosts.get(WEB)?.ownScopes[0]);
});

test('on demand: everything is what the proxy calls', () => {
  const view = seen({ kind: 'onDemand', hosts });
  const clusters = ['infra/log:80', 'shop/web:80', 'shop/web:81'];
  assert.deepEqual(names(view, 'cluster'), clusters);
  assert.deepEqual(names(view, 'endpoint'), clusters);
  assert.deepEqual(names(view, 'virtualHost'), [
    'outbound/_',
    'outbound/log.infra.svc.cluster.local',
    WEB_NAME,
    `${WEB_NAME}:81`,
  ]);
  assert.equal(view.get('cluster', 'shop/cart:80'), undefined);
  assert.equal(view.get('endpoint', 'shop/cart:80'), undefined);
  assert.notEqual(view.get('listener', 'cart.shop.svc.cluster.local:80'), undefined, 'for gRPC');
});

test('on demand: the one table is a table that asks, whatever hosts there are', () => {
  const view = seen({ kind: 'onDemand', hosts });
  assert.deepEqual(names(view, 'route'), ['outbound']);
  const table = view.get('route', 'outbound');
  assert.equal([...view.all('route')][0], table);
  assert.equal(seen({ kind: 'onDemand', hosts: HostSet.empty }, 'nobody').get('route', 'outbound'), table);
  assert.notEqual(table?.version, seen({ kind: 'table' }).get('route', 'outbound')?.version);
});

test('on demand: the table is another one once a host was forgotten, so that the proxy asks again', () => {
  const version = (of: HostSet) => seen({ kind: 'onDemand', hosts: of }).get('route', 'outbound')?.version;
  assert.equal(version(hosts.with([CART])), version(hosts));
  assert.notEqual(version(hosts.with([], [LOG])), version(hosts));
});

test('each routing has a listener of its own', () => {
  const routings: readonly Routing[] = [{ kind: 'table' }, { kind: 'scoped' }, { kind: 'onDemand', hosts }];
  const versions = routings.map((routing) => seen(routing).get('listener', 'outbound')?.version);
  assert.equal(new Set(versions).size, 3);
  const later = snapshotOf([WEB, withDefault(WEB)]);
  const scope = { namespace: 'shop', outbound: OUTBOUND, routing: { kind: 'scoped' } } as const;
  assert.equal(viewOf(later, scope).get('listener', 'outbound'), seen(scope.routing).get('listener', 'outbound'));
});

const spellings: readonly (readonly [string, string | undefined])[] = [
  ['outbound/_', 'outbound/_'],
  ['outbound/web', WEB_NAME],
  ['outbound/web:80', WEB_NAME],
  ['outbound/web:81', `${WEB_NAME}:81`],
  ['outbound/web:82', undefined],
  ['outbound/Web.Shop', WEB_NAME],
  ['outbound/web.shop.svc', WEB_NAME],
  [WEB_NAME, WEB_NAME],
  [`${WEB_NAME}:80`, WEB_NAME],
  [`${WEB_NAME}:81`, `${WEB_NAME}:81`],
  ['outbound/log', undefined],
  ['outbound/log.infra:80', 'outbound/log.infra.svc.cluster.local'],
  ['outbound/cart', undefined],
  ['outbound', undefined],
  ['outbound/', undefined],
];
for (const [name, want] of spellings) {
  test(`on demand, a proxy that asks for ${name} gets ${want ?? 'nothing'}`, () => {
    assert.equal(seen({ kind: 'onDemand', hosts }).get('virtualHost', name)?.name, want);
  });
}

test('on demand, a virtual host comes in the form for its own namespace or for others', () => {
  const get = (namespace: string) =>
    seen({ kind: 'onDemand', hosts }, namespace).get('virtualHost', 'outbound/web.shop');
  assert.equal(get('shop'), snapshot.hosts.get(WEB)?.own[0]);
  assert.equal(get('infra'), snapshot.hosts.get(WEB)?.others[0]);
  assert.equal(get('nobody'), snapshot.hosts.get(WEB)?.others[0]);
});

test('proxies with one set of hosts share a view; another set of the same hosts is another one', () => {
  assert.equal(seen({ kind: 'onDemand', hosts }), seen({ kind: 'onDemand', hosts }));
  assert.notEqual(seen({ kind: 'onDemand', hosts }), seen({ kind: 'onDemand', hosts: hosts.with([CART]) }));
  assert.equal(seen({ kind: 'scoped' }), seen({ kind: 'scoped' }));
  assert.notEqual(seen({ kind: 'scoped' }), seen({ kind: 'table' }));
});

test('a host that is gone, or not there yet, may well be called', () => {
  const called = HostSet.empty.with([WEB, CART]);
  const scope = { namespace: 'shop', outbound: OUTBOUND, routing: { kind: 'onDemand', hosts: called } } as const;
  const view = viewOf(snapshotOf([WEB, withDefault(WEB)]), scope);
  assert.deepEqual(names(view, 'cluster'), ['shop/web:80']);
  assert.equal(view.get('virtualHost', 'outbound/cart'), undefined);
});
