import assert from 'node:assert/strict';
import { slice } from '../../harness/manifests.js';
import { ALL, c, portsOf, rule, settleIn } from './given.js';

const CHANGES = 10_000;

rule(
  `${CHANGES} endpoint changes at once are few responses to a client that answers, the last one with the last state`,
  async ({ connect, plane }) => {
    const client = connect();
    await settleIn(client, ALL);
    await plane.settled(client.nodeId);
    const before = plane.facts.filter(({ what }) => what === 'pushed').length;
    for (let change = 1; change <= CHANGES; change += 1) {
      plane.apply(slice('a', { name: '0', port: 10_000 + (change % 5000) }), slice('b', { name: '0', port: change }));
    }
    const { sequence } = plane;
    let last = await client.accept('endpoint');
    while (portsOf(last, c('b'))?.[0] !== CHANGES) last = await client.accept('endpoint');
    assert.deepEqual(portsOf(last, c('a')), [10_000]);
    await plane.settled(client.nodeId, sequence);
    const pushed = plane.facts.filter(({ what }) => what === 'pushed').length - before;
    assert.ok(pushed <= 3, `${pushed} responses`);
    assert.deepEqual(client.waiting('endpoint'), []);
  },
  { only: 'ADS' },
);
