import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { sameContent } from '../../../src/base/index.js';

const rows: readonly (readonly [unknown, unknown, boolean])[] = [
  [undefined, undefined, true],
  [undefined, {}, false],
  [undefined, '', false],
  [0, '0', false],
  [Number.NaN, Number.NaN, true],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [{ a: undefined }, { b: 1 }, false],
  [[1, 2], [1, 2], true],
  [[1, 2], [2, 1], false],
  [[1], [1, undefined], false],
  [[], {}, false],
  [{}, [], false],
  [new Map([['a', 1]]), new Map([['a', 1]]), true],
  [new Map([['a', 1]]), new Map([['a', 2]]), false],
  [new Map([['a', { b: [1] }]]), new Map([['a', { b: [1] }]]), true],
  [new Map(), {}, false],
  [{}, new Map(), false],
  [new Set(['a', 'b']), new Set(['a', 'b']), true],
  [new Set(['a', 'b']), new Set(['b', 'a']), false],
  [new Set(), new Map(), false],
  [new Set(['a']), ['a'], false],
];
for (const [a, b, want] of rows) {
  test(`${inspect(a)} ${want ? 'says the same as' : 'is another than'} ${inspect(b)}`, () => {
    assert.equal(sameContent(a, b), want);
  });
}

test('a copy says the same, and two values do only where they are equal', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      assert.ok(sameContent(a, structuredClone(a)));
      if (JSON.stringify(a) === JSON.stringify(b)) assert.ok(sameContent(a, b));
      else if (sameContent(a, b)) assert.deepEqual(a, b);
    }),
  );
});
