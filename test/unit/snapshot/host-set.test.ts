import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostSet } from '../../../src/snapshot/index.js';
import { CART, LOG, WEB } from './given.js';

test('hosts come and go', () => {
  const both = HostSet.empty.with([WEB, LOG]);
  assert.deepEqual(both.keys, [LOG, WEB]);
  assert.deepEqual([both.has(WEB), both.has(CART)], [true, false]);
  assert.deepEqual(both.with([CART], [LOG]).keys, [CART, WEB]);
  assert.deepEqual(both.keys, [LOG, WEB]);
  assert.deepEqual(HostSet.empty.keys, []);
});

test('what makes no difference makes no other set', () => {
  const both = HostSet.empty.with([WEB, LOG]);
  assert.equal(both.with([]), both);
  assert.equal(both.with([WEB], [CART]), both);
  assert.equal(both.with([CART], [CART]), both);
  assert.equal(HostSet.empty.with([], [WEB]), HostSet.empty);
});

test('as many hosts come as go', () => {
  const one = HostSet.empty.with([WEB]);
  assert.deepEqual(one.with([CART], [WEB]).keys, [CART]);
});

test('a set that lost hosts is of the other turn, one that only grew is not', () => {
  const both = HostSet.empty.with([WEB, LOG]);
  assert.equal(both.turn, HostSet.empty.turn);
  const one = both.with([], [LOG]);
  assert.notEqual(one.turn, both.turn);
  assert.equal(one.with([CART]).turn, one.turn);
  assert.equal(one.with([CART], [WEB]).turn, both.turn);
});

test('a set can be turned, and holds what it held', () => {
  const one = HostSet.empty.with([WEB]);
  assert.notEqual(one.turned().turn, one.turn);
  assert.deepEqual(one.turned().keys, one.keys);
  assert.equal(one.turned().turned().turn, one.turn);
});

test('a set is frozen', () => {
  const { keys } = HostSet.empty.with([WEB]);
  assert.ok(Object.isFrozen(keys) && Object.isFrozen(HostSet.empty));
});
