import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedMap } from '../../../src/snapshot/shared-map.js';

const someKey = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.string({ maxLength: 3 }));
const someChanges = fc
  .array(fc.tuple(someKey, fc.option(fc.integer(), { nil: undefined })), { maxLength: 8 })
  .map((list) => new Map(list));

function changed(
  plain: ReadonlyMap<string, number>,
  changes: ReadonlyMap<string, number | undefined>,
): Map<string, number> {
  const next = new Map(plain);
  for (const [key, value] of changes) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

test('a shared map holds what a plain map would, and its predecessors stay as they were', () => {
  fc.assert(
    fc.property(fc.array(someChanges, { maxLength: 6 }), (history) => {
      let shared = SharedMap.empty<string, number>();
      let plain = new Map<string, number>();
      for (const changes of history) {
        const before = shared;
        const plainBefore = plain;
        shared = shared.with(changes);
        plain = changed(plain, changes);
        for (const [map, want] of [
          [before, plainBefore],
          [shared, plain],
        ] as const) {
          assert.equal(map.size, want.size);
          for (const key of [...plainBefore.keys(), ...plain.keys()]) assert.equal(map.get(key), want.get(key));
        }
      }
    }),
    { verbose: true },
  );
});

test('the differences of two maps lead from one to the other', () => {
  fc.assert(
    fc.property(fc.array(someChanges, { minLength: 1, maxLength: 6 }), (history) => {
      const maps = [SharedMap.empty<string, number>()];
      for (const changes of history) maps.push(maps.at(-1)!.with(changes));
      const [first, last] = [maps[0]!, maps.at(-1)!];
      const found = [...first.differences(last)];
      const keys = new Set(history.flatMap((changes) => [...changes.keys()]));
      const want = [...keys].filter((key) => first.get(key) !== last.get(key));
      assert.deepEqual(found.map(({ key }) => key).sort(), want.sort());
      for (const { key, before, after } of found) assert.deepEqual([before, after], [first.get(key), last.get(key)]);
    }),
    { verbose: true },
  );
});

test('a change of one entry among many leaves all other buckets shared', () => {
  const many = new Map(Array.from({ length: 10_000 }, (_, index) => [`ns/service-${index}`, index] as const));
  const before = SharedMap.empty<string, number>().with(many);
  assert.equal(before.size, 10_000);
  assert.deepEqual(
    [...before.differences(before.with(new Map([['ns/service-7', -1]])))],
    [{ key: 'ns/service-7', before: 7, after: -1 }],
  );
});
