import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Changes, diff, isEmptyChange, type NameChanges, type Snapshot } from '../../../src/snapshot/index.js';
import { ownerOf } from '../../../src/snapshot/owner.js';
import { after, CART, entry, resourcesOf, snapshotOf, someChanges, WEB } from './given.js';

const NONE: NameChanges = { added: [], changed: [], removed: [] };
const NOTHING: Changes = {
  ...{ cluster: NONE, endpoint: NONE, virtualHost: NONE, scopedRoute: NONE, route: NONE, listener: NONE },
  hosts: [],
};
const ROUTE = 'outbound/web.shop.svc.cluster.local';
const VHOST = 'outbound/web.shop.svc.cluster.local:80';

const base = snapshotOf([WEB, entry(WEB, [80])]);
const rows: readonly { name: string; before: Snapshot; after: Snapshot; want: Partial<Changes> }[] = [
  { name: 'nothing', before: base, after: base, want: {} },
  { name: 'equal but made anew', before: base, after: snapshotOf([WEB, entry(WEB, [80])]), want: {} },
  {
    name: 'endpoints',
    before: base,
    after: snapshotOf([WEB, entry(WEB, [80], { address: 'q' })]),
    want: { endpoint: { ...NONE, changed: ['shop/web:80'] }, hosts: [WEB] },
  },
  {
    name: 'a virtual host, named once although both of its forms changed',
    before: base,
    after: snapshotOf([WEB, { ...entry(WEB, [80], { domain: 'y' }), routes: entry(WEB, [80]).routes }]),
    want: { virtualHost: { ...NONE, changed: [VHOST] }, hosts: [WEB] },
  },
  {
    name: 'a virtual host of which only the form for others changed',
    before: base,
    after: snapshotOf([WEB, { ...entry(WEB, [80]), others: entry(WEB, [80], { domain: 'y' }).others }]),
    want: { virtualHost: { ...NONE, changed: [VHOST] }, hosts: [WEB] },
  },
  {
    name: 'the route configuration of a Service',
    before: base,
    after: snapshotOf([WEB, { ...entry(WEB, [80]), routes: entry(WEB, [80], { domain: 'y' }).routes }]),
    want: { route: { ...NONE, changed: [ROUTE] }, hosts: [WEB] },
  },
  {
    name: 'the short name of a Service, which goes',
    before: base,
    after: snapshotOf([WEB, { ...entry(WEB, [80]), ownScopes: [] }]),
    want: { scopedRoute: { ...NONE, removed: ['outbound/shop/web'] }, hosts: [WEB] },
  },
  {
    name: 'a port that came and one that went',
    before: base,
    after: snapshotOf([WEB, entry(WEB, [81])]),
    want: {
      cluster: { ...NONE, added: ['shop/web:81'], removed: ['shop/web:80'] },
      endpoint: { ...NONE, added: ['shop/web:81'], removed: ['shop/web:80'] },
      virtualHost: { ...NONE, added: ['outbound/web.shop.svc.cluster.local:81'], removed: [VHOST] },
      listener: { ...NONE, added: ['web.shop.svc.cluster.local:81'], removed: ['web.shop.svc.cluster.local:80'] },
      route: { ...NONE, changed: [ROUTE] },
      hosts: [WEB],
    },
  },
  {
    name: 'a host that came',
    before: base,
    after: snapshotOf([WEB, entry(WEB, [80])], [CART, entry(CART, [80])]),
    want: {
      cluster: { ...NONE, added: ['shop/cart:80'] },
      endpoint: { ...NONE, added: ['shop/cart:80'] },
      virtualHost: { ...NONE, added: ['outbound/cart.shop.svc.cluster.local:80'] },
      listener: { ...NONE, added: ['cart.shop.svc.cluster.local:80'] },
      scopedRoute: { ...NONE, added: ['outbound/cart.shop', 'outbound/cart.shop.svc', 'outbound/shop/cart'] },
      route: { ...NONE, added: ['outbound/cart.shop.svc.cluster.local'] },
      hosts: [CART],
    },
  },
];
for (const { name, before, after, want } of rows) {
  test(`differs: ${name}`, () => {
    assert.deepEqual(diff(before, after), { ...NOTHING, ...want });
    assert.equal(isEmptyChange(diff(before, after)), Object.keys(want).length === 0);
  });
}

const PARTS = {
  cluster: ['clusters'],
  endpoint: ['endpoints'],
  virtualHost: ['own', 'others'],
  scopedRoute: ['scopes', 'ownScopes'],
  route: ['routes'],
  listener: ['apiListeners'],
} as const;

test('what differs, applied to the one, gives the other, and names nothing else', () => {
  fc.assert(
    fc.property(fc.array(someChanges, { maxLength: 3 }), fc.array(someChanges, { maxLength: 3 }), (past, since) => {
      const [before, now] = [after(past), after([...past, ...since])];
      const changes = diff(before, now);
      for (const kind of Object.keys(PARTS) as (keyof typeof PARTS)[]) {
        const [had, has] = [resourcesOf(before, ...PARTS[kind]), resourcesOf(now, ...PARTS[kind])];
        const { added, changed, removed } = changes[kind];
        for (const name of [...added, ...changed, ...removed]) {
          assert.ok(
            changes.hosts.some((key) => key === ownerOf(kind, name)),
            `${name} is of a host that differs`,
          );
        }
        assert.deepEqual(added, [...has.keys()].filter((name) => !had.has(name)).sort());
        assert.deepEqual(removed, [...had.keys()].filter((name) => !has.has(name)).sort());
        assert.deepEqual(
          changed,
          [...has.keys()].filter((name) => had.has(name) && had.get(name) !== has.get(name)).sort(),
        );
        const applied = new Map(had);
        for (const name of removed) applied.delete(name);
        for (const name of [...added, ...changed]) applied.set(name, has.get(name)!);
        assert.deepEqual(new Map([...applied].sort()), new Map([...has].sort()));
      }
    }),
    { verbose: true },
  );
});
