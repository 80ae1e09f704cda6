import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ResourceKind, RESOURCE_KINDS } from '../../../src/codec/index.js';
import { type Snapshot, type View, withHosts } from '../../../src/snapshot/index.js';
import { CART, counting, entry, LOG, OUTBOUND, snapshotOf, WEB } from './given.js';

const TABLE = { kind: 'table' } as const;
const snapshot = snapshotOf([WEB, entry(WEB, [80, 81])], [LOG, entry(LOG, [80])]);
const seen = (namespace: string, of: Snapshot = snapshot): View =>
  counting().viewOf(of, { namespace, outbound: OUTBOUND, routing: TABLE });
const names = (view: View, kind: ResourceKind): readonly string[] => [...view.all(kind)].map(({ name }) => name);

test('a wildcard covers everything but the API listeners, in the order of the hosts', () => {
  const view = seen('shop');
  const clusters = ['infra/log:80', 'shop/web:80', 'shop/web:81'];
  assert.deepEqual(names(view, 'cluster'), clusters);
  assert.deepEqual(names(view, 'endpoint'), clusters);
  assert.deepEqual(names(view, 'listener'), ['outbound']);
  assert.deepEqual(names(view, 'route'), ['outbound']);
  assert.deepEqual(names(view, 'virtualHost'), [
    'outbound/log.infra.svc.cluster.local:80',
    'outbound/web.shop.svc.cluster.local:80',
    'outbound/web.shop.svc.cluster.local:81',
  ]);
});

test('what a wildcard lists is what a lookup finds', () => {
  const view = seen('shop');
  for (const kind of RESOURCE_KINDS) {
    for (const resource of view.all(kind)) assert.equal(view.get(kind, resource.name), resource);
  }
});

test('an API listener is found by its name', () => {
  const name = 'web.shop.svc.cluster.local:81';
  assert.equal(seen('shop').get('listener', name), snapshot.hosts.get(WEB)?.apiListeners[1]);
});

const unknown: readonly (readonly [ResourceKind, string])[] = [
  ['cluster', ''],
  ['cluster', '*'],
  ['cluster', 'shop/web'],
  ['cluster', 'shop/web:82'],
  ['cluster', 'shop/none:80'],
  ['cluster', '/web:80'],
  ['endpoint', 'shop/:80'],
  ['virtualHost', 'outbound'],
  ['virtualHost', 'outbound/_'],
  ['virtualHost', 'outbound/web'],
  ['virtualHost', 'outbound/web.shop'],
  ['virtualHost', 'outbound/web.shop.svc.cluster.local'],
  ['virtualHost', 'outbound/..svc'],
  ['virtualHost', 'other/web.shop.svc.cluster.local:80'],
  ['listener', 'web.shop.svc.cluster.local:82'],
  ['listener', 'inbound'],
  ['route', 'inbound'],
  ['route', 'outbound/none.shop.svc.cluster.local'],
  ['scopedRoute', 'outbound'],
  ['scopedRoute', 'outbound/web'],
  ['scopedRoute', 'outbound/infra/web'],
  ['scopedRoute', 'outbound/web.shop.svc.cluster'],
];
for (const [kind, name] of unknown) {
  test(`there is no ${kind} '${name}'`, () => assert.equal(seen('shop').get(kind, name), undefined));
}

test('a proxy sees the hosts of its own namespace in their own form', () => {
  const name = 'outbound/web.shop.svc.cluster.local:80';
  const web = snapshot.hosts.get(WEB);
  assert.equal(seen('shop').get('virtualHost', name), web?.own[0]);
  assert.equal(seen('infra').get('virtualHost', name), web?.others[0]);
  assert.equal(seen('').get('virtualHost', name), web?.others[0]);
});

test('a table is made when it is first asked for, once for all proxies that see the same', () => {
  const { viewOf, made } = counting();
  const at = (namespace: string, port = 15001) =>
    viewOf(snapshot, { namespace, outbound: { host: '127.0.0.1', port }, routing: TABLE });
  assert.deepEqual(names(at('shop'), 'cluster').length, 3);
  assert.deepEqual(made, { tables: 0, listeners: 0 });
  assert.equal(at('shop').get('route', 'outbound'), at('shop', 15002).get('route', 'outbound'));
  assert.equal(made.tables, 1);
  assert.equal(at('shop').get('listener', 'outbound'), at('shop').get('listener', 'outbound'));
  assert.notEqual(at('shop').get('listener', 'outbound'), at('shop', 15002).get('listener', 'outbound'));
  assert.equal(made.listeners, 2);
  assert.notEqual(at('shop').get('route', 'outbound')?.version, at('infra').get('route', 'outbound')?.version);
  assert.equal(at('nobody').get('route', 'outbound'), at('elsewhere').get('route', 'outbound'));
  assert.equal(at('shop'), at('shop'));
  assert.equal(made.tables, 3);
});

test('a table lives on until a virtual host changes', () => {
  const { viewOf, made } = counting();
  const table = (of: Snapshot) =>
    viewOf(of, { namespace: 'shop', outbound: OUTBOUND, routing: TABLE }).get('route', 'outbound');
  const churned = withHosts(snapshot, new Map([[WEB, entry(WEB, [80, 81], { address: 'q' })]]));
  assert.equal(table(churned), table(snapshot));
  assert.equal(made.tables, 1);
  const grown = withHosts(churned, new Map([[CART, entry(CART, [80])]]));
  assert.notEqual(table(grown)?.version, table(snapshot)?.version);
});

test('addresses without end are not kept: the views of the first are forgotten, and made anew', () => {
  const { viewOf, made } = counting();
  const at = (port: number): View =>
    viewOf(snapshot, { namespace: 'shop', outbound: { host: '127.0.0.1', port }, routing: TABLE });
  const first = at(1);
  assert.equal(at(1), first);
  for (let port = 2; port <= 1001; port += 1) at(port);
  assert.notEqual(at(1), first);
  assert.deepEqual([...at(1).all('cluster')], [...first.all('cluster')]);
  assert.equal(made.listeners, 0, 'nobody asked for one');
});
