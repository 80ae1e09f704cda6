import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EMPTY_SNAPSHOT, type HostEntry, withHosts } from '../../../src/snapshot/index.js';
import {
  after,
  CART,
  cluster,
  endpoint,
  entry,
  LOG,
  ownScopes,
  route,
  snapshotOf,
  someChanges,
  virtualHost,
  WEB,
} from './given.js';

test('equal entries change nothing: the snapshot itself comes back', () => {
  const before = snapshotOf([WEB, entry(WEB, [80])], [CART, entry(CART, [80])]);
  assert.equal(withHosts(before, new Map([[WEB, entry(WEB, [80])]])), before);
  assert.equal(withHosts(before, new Map([[LOG, undefined]])), before);
});

test('what is equal in a changed entry stays the same object', () => {
  const before = snapshotOf([WEB, entry(WEB, [80, 81])]);
  const next = withHosts(
    before,
    new Map([[WEB, { ...entry(WEB, [80, 81]), clusters: [cluster(WEB, 80), cluster(WEB, 81, 9)] }]]),
  );
  const [old, now] = [before.hosts.get(WEB)!, next.hosts.get(WEB)!];
  assert.equal(now.clusters[0], old.clusters[0]);
  assert.notEqual(now.clusters[1], old.clusters[1]);
  for (const part of ['own', 'others', 'apiListeners', 'endpoints'] as const) assert.equal(now[part], old[part]);
});

test('hosts stand in text order', () => {
  const snapshot = snapshotOf([WEB, entry(WEB, [80])], [LOG, entry(LOG, [80])], [CART, entry(CART, [80])]);
  assert.deepEqual([...snapshot.keys], [LOG, CART, WEB]);
  assert.deepEqual([...withHosts(snapshot, new Map([[CART, undefined]])).keys], [LOG, WEB]);
});

test('routing stays the same until a virtual host changes', () => {
  const before = snapshotOf([WEB, entry(WEB, [80])]);
  const churned = withHosts(before, new Map([[WEB, entry(WEB, [80], { address: 'other', timeout: 9 })]]));
  assert.notEqual(churned, before);
  assert.equal(churned.routing, before.routing);
  assert.notEqual(withHosts(before, new Map([[WEB, entry(WEB, [80], { domain: 'y' })]])).routing, before.routing);
  assert.notEqual(withHosts(before, new Map([[WEB, undefined]])).routing, before.routing);
});

test('a snapshot and its entries are frozen', () => {
  const snapshot = snapshotOf([WEB, entry(WEB, [80])]);
  for (const value of [snapshot, snapshot.keys, snapshot.hosts, snapshot.hosts.get(WEB)])
    assert.ok(Object.isFrozen(value));
});

const good = entry(WEB, [80]);
const faults: readonly { name: string; given: HostEntry; want: RegExp }[] = [
  {
    name: 'a virtual host that points to a cluster which is not there',
    given: { ...good, others: [virtualHost(WEB, 80, ['x'], ['shop/web:80@gone'])] },
    want: /virtualHost outbound\/web\.shop\.svc\.cluster\.local:80 refers to cluster shop\/web:80@gone, which shop\/web does not have/,
  },
  {
    name: 'a route configuration that does',
    given: { ...good, routes: [route(WEB, 'x', [80, 81])] },
    want: /route outbound\/web\.shop\.svc\.cluster\.local refers to cluster shop\/web:81/,
  },
  {
    name: 'a scope whose name leads elsewhere',
    given: { ...good, ownScopes: ownScopes(CART) },
    want: /the name of scopedRoute outbound\/shop\/cart does not lead to shop\/web/,
  },
  {
    name: 'an API listener that does',
    given: { ...good, clusters: [], own: [], others: [], routes: [] },
    want: /listener web\.shop\.svc\.cluster\.local:80 refers to cluster shop\/web:80/,
  },
  {
    name: 'a cluster without an assignment',
    given: { ...good, endpoints: [] },
    want: /cluster shop\/web:80 has no endpoint assignment/,
  },
  {
    name: 'a resource whose name leads elsewhere',
    given: { ...good, endpoints: [...good.endpoints, endpoint(CART, 80)] },
    want: /the name of endpoint shop\/cart:80 does not lead to shop\/web/,
  },
];
for (const { name, given, want } of faults) {
  test(`refused: ${name}`, () => {
    assert.throws(() => withHosts(EMPTY_SNAPSHOT, new Map([[WEB, given]])), want);
  });
}

test('an entry that is refused leaves its host as it was, and the others move on', () => {
  const before = snapshotOf([WEB, good], [CART, entry(CART, [80])]);
  const refused: unknown[] = [];
  const changes = new Map([
    [WEB, { ...good, endpoints: [] }],
    [CART, entry(CART, [81])],
  ]);
  const next = withHosts(before, changes, (key, error) => refused.push(key, error));
  assert.equal(next.hosts.get(WEB), before.hosts.get(WEB));
  assert.deepEqual(
    next.hosts.get(CART)?.clusters.map(({ name }) => name),
    ['shop/cart:81'],
  );
  assert.equal(refused[0], WEB);
  assert.match(String(refused[1]), /no endpoint assignment/);
});

test('a snapshot that grew step by step equals one made at once', () => {
  fc.assert(
    fc.property(fc.array(someChanges, { maxLength: 5 }), (history) => {
      const grown = after(history);
      const atOnce = after([new Map(history.flatMap((changes) => [...changes]))]);
      assert.deepEqual([...grown.keys], [...atOnce.keys]);
      for (const key of grown.keys) assert.deepEqual(grown.hosts.get(key), atOnce.hosts.get(key));
    }),
    { verbose: true },
  );
});
