import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedKeys } from '../../../src/snapshot/sorted-keys.js';

/** Keys that crowd together, so that they fall into few chunks and on their borders. */
const key = fc.integer({ min: 0, max: 2000 }).map((number) => `k${String(number).padStart(4, '0')}`);
const batches = fc.array(
  fc.record({ more: fc.array(key, { maxLength: 700 }), less: fc.array(key, { maxLength: 400 }) }),
  {
    maxLength: 6,
  },
);

test('keys that came and went in any way are the keys that are left, in order', () => {
  fc.assert(
    fc.property(batches, (history) => {
      let keys = SortedKeys.empty<string>();
      const want = new Set<string>();
      for (const { more, less } of history) {
        const before = [...keys];
        const next = keys.with(
          [...new Set(more.filter((one) => !want.has(one)))],
          new Set(less.filter((one) => want.has(one))),
        );
        assert.deepEqual([...keys], before, 'the list before is as it was');
        const gone = new Set(less.filter((one) => want.has(one)));
        for (const one of more) want.add(one);
        for (const one of gone) want.delete(one);
        keys = next;
        assert.deepEqual([...keys], [...want].sort());
      }
      for (const prefix of ['k0', 'k00', 'k15', 'k1999', 'k2', 'k3', 'a', 'z', '']) {
        assert.equal(
          keys.some(prefix),
          [...want].some((one) => one.startsWith(prefix)),
          prefix,
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('nothing that changes gives the list itself', () => {
  const keys = SortedKeys.empty<string>().with(['b', 'a'], new Set());
  assert.equal(keys.with([], new Set()), keys);
});
