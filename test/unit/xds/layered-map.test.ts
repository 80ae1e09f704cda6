import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LayeredMap, type Merges } from '../../../src/xds/protocol/layered-map.js';

const RUNS = { numRuns: Number(process.env['PENSTOCK_PROPERTY_RUNS'] ?? 200), includeErrorInReport: true };

const key = fc.integer({ min: 0, max: 120 }).map((number) => `k${number}`);

type Step =
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'burst'; readonly from: number; readonly size: number; readonly value: number }
  | { readonly kind: 'adopt'; readonly base: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({
    ...{ kind: fc.constant('burst' as const), from: fc.integer({ min: 0, max: 60 }) },
    ...{ size: fc.integer({ min: 0, max: 90 }), value: fc.integer({ min: 0, max: 3 }) },
  }),
  fc.record({ kind: fc.constant('adopt' as const), base: fc.integer({ min: 0, max: 2 }) }),
);

const BASES: readonly ReadonlyMap<string, number>[] = [0, 40, 600].map(
  (size) => new Map(Array.from({ length: size }, (_, index) => [`k${index}`, index % 4])),
);

function take(map: LayeredMap<number>, model: Map<string, number>, one: Step): void {
  switch (one.kind) {
    case 'set':
      map.set(one.key, one.value);
      model.set(one.key, one.value);
      break;
    case 'delete':
      assert.equal(map.delete(one.key), model.delete(one.key));
      break;
    case 'burst':
      for (let at = one.from; at < one.from + one.size; at += 1) {
        map.set(`k${at}`, one.value);
        model.set(`k${at}`, one.value);
      }
      break;
    case 'adopt': {
      const base = BASES[one.base] ?? new Map<string, number>();
      map.adopt(base);
      model.clear();
      for (const [name, value] of base) model.set(name, value);
      break;
    }
  }
}

test('many maps that share their entries are each as a map of its own', () => {
  const copies = BASES.map((base) => [...base]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), step), { maxLength: 80 }), (steps) => {
      const merges: Merges<number> = new WeakMap();
      const maps = [0, 1, 2].map(() => new LayeredMap<number>(merges));
      const models = [0, 1, 2].map(() => new Map<string, number>());
      for (const [who, one] of steps) take(maps[who]!, models[who]!, one);
      maps.forEach((map, who) => {
        const model = models[who]!;
        assert.equal(map.size, model.size);
        assert.deepEqual(new Map(map), model);
        assert.deepEqual([...map.keys()].toSorted(), [...model.keys()].toSorted());
        for (let at = 0; at <= 150; at += 1) {
          assert.equal(map.get(`k${at}`), model.get(`k${at}`));
          assert.equal(map.has(`k${at}`), model.has(`k${at}`));
        }
      });
    }),
    RUNS,
  );
  assert.deepEqual(
    BASES.map((base) => [...base]),
    copies,
    'what was adopted is nobody’s to change',
  );
});

test('maps with the same history share what they have come to', () => {
  // The one place where they may be told apart is how often entries are copied: each copy reads the shared part once.
  let copies = 0;
  class Counted extends Map<string, number> {
    override [Symbol.iterator](): MapIterator<[string, number]> {
      copies += 1;
      return super[Symbol.iterator]();
    }
  }
  const base = new Counted(BASES[2]);
  copies = 0;
  const merges: Merges<number> = new WeakMap();
  const maps = Array.from({ length: 50 }, () => new LayeredMap<number>(merges));
  for (const map of maps) {
    map.adopt(base);
    for (let at = 0; at < 100; at += 1) map.set(`k${at}`, 9);
  }
  assert.equal(copies, 1);
  assert.deepEqual(new Map(maps[0]), new Map(maps[49]));
});

test('a map that comes to something else than the one before it does not get what that has', () => {
  const merges: Merges<number> = new WeakMap();
  const [a, b] = [new LayeredMap<number>(merges), new LayeredMap<number>(merges)];
  for (const map of [a, b]) map.adopt(BASES[1]!);
  for (let at = 0; at < 65; at += 1) a.set(`a${at}`, 1);
  for (let at = 0; at < 64; at += 1) b.set(`a${at}`, 1);
  b.set('b', 1);
  assert.deepEqual([a.has('b'), b.has('b'), a.has('a64'), b.has('a64')], [false, true, true, false]);
});
