import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs, invariant, objectKey, type ObjectKey, portNumber } from '../../../src/base/index.js';
import { referrersOf } from '../../../src/snapshot/index.js';
import { hostsNamed } from '../../../src/xds/protocol/hosts-named.js';
import { LearnedScope } from '../../../src/xds/protocol/learned-scope.js';
import { Audience } from '../../../src/xds/server/audience.js';
import { CART, hostOf, LOG, WEB } from './small-server.js';

// What a workload has learned, whom a change concerns, and which names lead where.

const RUNS = { numRuns: Number(process.env['PENSTOCK_PROPERTY_RUNS'] ?? 200), includeErrorInReport: true };

const SECOND = durationMs(1000);
invariant(SECOND !== undefined, 'a second is a duration');

const all = (): boolean => true;
const only =
  (...keys: readonly ObjectKey[]) =>
  (key: ObjectKey): boolean =>
    keys.includes(key);

test('a scope gives what is new in it, once', () => {
  const scope = new LearnedScope();
  const before = scope.hosts;
  assert.deepEqual(scope.ask([WEB, CART, WEB], 0, all), [WEB, CART]);
  const { hosts } = scope;
  assert.notEqual(hosts, before);
  assert.deepEqual(scope.ask([CART], 1, all), []);
  assert.equal(scope.hosts, hosts, 'a set that is the same is the same object');
  assert.deepEqual(hosts.keys, [CART, WEB]);
});

test('what there is not is awaited and no part of the scope', () => {
  const scope = new LearnedScope();
  assert.deepEqual(scope.ask([WEB, LOG], 0, only(WEB)), [WEB]);
  assert.deepEqual([...scope.awaited], [LOG]);
  assert.deepEqual(scope.ask([LOG], 0, all), [LOG]);
  assert.deepEqual([[...scope.awaited], scope.hosts.keys], [[], [LOG, WEB]]);
});

test('of thousands that are awaited those are given up that were asked for the longest ago', () => {
  const scope = new LearnedScope();
  const key = (index: number): ObjectKey => objectKey('shop', `n${index}`);
  const first = key(0);
  scope.ask([first, key(1)], 0, () => false);
  for (let index = 2; index < 5000; index += 1) scope.ask([key(index), first], 0, () => false);
  assert.equal(scope.awaited.size, 1000);
  assert.ok(scope.awaited.has(first) && scope.awaited.has(key(4999)) && !scope.awaited.has(key(1)));
});

test('a scope forgets what was neither asked for nor used for so long', () => {
  const scope = new LearnedScope();
  scope.ask([WEB, CART, LOG], 0, all);
  const { hosts } = scope;
  scope.use([WEB, objectKey('shop', 'other')], 500);
  scope.ask([LOG], 900, all);
  assert.deepEqual(scope.forget(999, SECOND), []);
  assert.equal(scope.hosts, hosts);
  assert.deepEqual(scope.forget(1000, SECOND), [CART]);
  assert.notEqual(scope.hosts.turn, hosts.turn, 'who may have asked for it has to be told');
  assert.deepEqual(scope.hosts.keys, [LOG, WEB], 'others have no use, and do not come in by it');
  assert.deepEqual(scope.forget(10_000, SECOND), [WEB, LOG]);
  assert.deepEqual(scope.ask([CART], 10_000, all), [CART], 'and may come again');
});

test('the audience of some Services is who wants to know of one of them, or of all, each once', () => {
  const key = fc.integer({ min: 0, max: 99 }).map((index) => objectKey('shop', `n${index}`));
  const interests = fc.oneof(
    { weight: 3, arbitrary: fc.uniqueArray(key, { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.uniqueArray(key, { minLength: 65, maxLength: 90 }) },
    { weight: 1, arbitrary: fc.constant('all' as const) },
    { weight: 1, arbitrary: fc.constant('gone' as const) },
  );
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), interests), { maxLength: 30 });
  fc.assert(
    fc.property(steps, fc.uniqueArray(key, { maxLength: 4 }), (history, changed) => {
      const audience = new Audience<number>();
      const model = new Map<number, readonly ObjectKey[] | 'all'>();
      for (const [who, what] of history) {
        if (what === 'gone') {
          audience.delete(who);
          model.delete(who);
        } else {
          audience.set(who, what === 'all' ? what : new Set(what));
          model.set(who, what);
        }
      }
      const found = [...audience.of(changed)];
      assert.equal(new Set(found).size, found.length);
      for (const who of [0, 1, 2, 3, 4]) {
        const wants = model.get(who) ?? [];
        const isMeant = wants === 'all' || wants.some((each) => changed.includes(each));
        // Somebody with many wishes may be told of everything.
        if (isMeant) assert.ok(found.includes(who));
        else assert.ok(!found.includes(who) || wants.length > 64);
      }
    }),
    RUNS,
  );
});

test('who wanted to know of many Services and wants few is not told of others any more', () => {
  const audience = new Audience<string>();
  audience.set('a', new Set(Array.from({ length: 65 }, (_, index) => objectKey('shop', `n${index}`))));
  assert.deepEqual([...audience.of([WEB])], ['a']);
  audience.set('a', new Set([CART]));
  assert.deepEqual([[...audience.of([WEB])], [...audience.of([CART, CART])]], [[], ['a']]);
});

const NONE = { subscribe: [], initialVersions: new Map<string, string>() };
const named: readonly {
  readonly name: string;
  readonly kind: Parameters<typeof hostsNamed>[0];
  readonly asked?: readonly string[];
  readonly held?: readonly string[];
  readonly isFirst?: boolean;
  readonly want: readonly ObjectKey[];
}[] = [
  { name: 'the short name', kind: 'virtualHost', asked: ['outbound/web', 'outbound/WEB:80'], want: [WEB, WEB] },
  {
    name: 'every longer name',
    kind: 'virtualHost',
    asked: ['outbound/log.infra', 'outbound/log.infra.svc:1', 'outbound/log.infra.svc.cluster.local:65535'],
    want: [LOG, LOG, LOG],
  },
  {
    name: 'nothing else',
    kind: 'virtualHost',
    asked: [
      ...['*', '', 'web', 'outbound/', 'outbound/_', 'outbound/web:0', 'outbound/web:99999', 'outbound/[::1]:80'],
      ...['outbound/web.shop.svc.cluster', 'outbound/web.shop.example.org', 'inbound/web', 'outbound/10.0.0.1'],
      ...['outbound/web.', 'outbound/w_b', `outbound/${'x'.repeat(64)}`],
    ],
    want: [],
  },
  { name: 'no names of other types', kind: 'cluster', asked: ['shop/web:80'], want: [] },
  {
    name: 'the clusters that are held',
    kind: 'cluster',
    held: ['shop/web:80', 'shop/cart:80@abc', 'mine'],
    want: [WEB, CART],
  },
  { name: 'the endpoints that are held', kind: 'endpoint', held: ['shop/web:80@x'], want: [WEB] },
  {
    name: 'the virtual hosts that are held',
    kind: 'virtualHost',
    held: ['outbound/web.shop.svc.cluster.local', 'outbound/log.infra.svc.cluster.local:81', 'outbound/nope'],
    want: [WEB, LOG],
  },
  { name: 'nothing held later on', kind: 'cluster', held: ['shop/web:80'], isFirst: false, want: [] },
  { name: 'no listeners and tables', kind: 'listener', held: ['outbound', 'web.shop.svc.cluster.local:80'], want: [] },
];
for (const { name, kind, asked = [], held = [], isFirst = true, want } of named) {
  test(`a request names ${name}`, () => {
    const initialVersions = new Map(held.map((each) => [each, '1']));
    assert.deepEqual(hostsNamed(kind, { ...NONE, subscribe: asked, initialVersions }, 'shop', isFirst), want);
  });
}

test('whatever refers to a cluster of a host is among those that may', () => {
  const ports = [80, 8080, 9090];
  for (const key of [WEB, LOG, objectKey('a-b', 'c-d')]) {
    const entry = hostOf(key, { ports, versions: ['v1', '5d4f'] });
    for (const holder of [...entry.own, ...entry.others, ...entry.routes]) {
      for (const reference of holder.references) {
        const isFound = referrersOf(reference).some(({ kind, name }) => kind === holder.kind && name === holder.name);
        assert.ok(isFound, `${holder.kind} ${holder.name} refers to ${reference}`);
      }
    }
    const names = referrersOf(`${key}:8080@v1`).map(({ kind, name }) => `${kind} ${name}`);
    assert.equal(new Set(names).size, names.length, 'each once');
    assert.ok(names.includes(`listener ${entry.own[1]?.name.replace('outbound/', '')}`));
    assert.equal(portNumber(8080), 8080);
  }
});

test('a cluster of nobody’s may be in a table only', () => {
  for (const name of ['', 'mine', 'a/b', ':80', '/:80', 'shop/:80']) {
    assert.deepEqual(referrersOf(name), [{ kind: 'route', name: 'outbound' }]);
  }
  const odd = referrersOf('shop/web:port').map(({ kind, name }) => `${kind} ${name}`);
  assert.ok(odd.includes('virtualHost outbound/web.shop.svc.cluster.local'));
});
