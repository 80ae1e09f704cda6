import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sharing } from '../../../src/xds/protocol/sharing.js';
import { Subscription } from '../../../src/xds/protocol/subscription.js';

const many = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `n${index % 50}`);

for (const count of [3, 40, 100]) {
  test(`the length of ${count} names counts each of them once, however often it is said`, () => {
    const subscription = new Subscription(new Sharing());
    const asked = [...many(count), ...many(count)];
    const once = [...new Set(asked)];
    subscription.changeBy({ subscribe: asked, unsubscribe: [] }, true);
    subscription.changeBy({ subscribe: asked, unsubscribe: [] }, false);
    assert.equal(subscription.length, once.join('').length);
    subscription.changeBy({ subscribe: [], unsubscribe: [...asked, 'never'] }, false);
    assert.deepEqual([subscription.length, subscription.names.size], [0, 0]);
  });
}

test('a full list takes the place of the one before, in length too', () => {
  const subscription = new Subscription(new Sharing());
  subscription.replaceBy({ names: ['one', 'two', 'two'] });
  subscription.replaceBy({ names: ['two', 'three'] });
  assert.equal(subscription.length, 'twothree'.length);
});
