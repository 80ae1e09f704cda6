import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject, type WorldEvent } from '../../../src/model/index.js';
import { Pipeline, type ProblemChange } from '../../../src/pipeline/index.js';
import { rollout } from '../../harness/manifests.js';

function told(...batches: readonly (readonly WorldEvent[])[]): readonly string[] {
  const changes: ProblemChange[] = [];
  const pipeline = new Pipeline({
    now: () => 0,
    publish: () => undefined,
    problems: (change) => changes.push(change),
    locate: () => undefined,
    failed: (_, error) => assert.ifError(error),
  });
  for (const batch of batches) pipeline.apply(batch);
  return changes.map(({ appeared, gone, errors, warnings }) => {
    const codes = (list: ProblemChange['gone']): string => list.map(({ code }) => code).join(' ');
    return `+${codes(appeared)} -${codes(gone)} = ${errors} errors, ${warnings} warnings`;
  });
}

function web(weight: number): WorldEvent {
  const event = parseObject(rollout('web', { steps: [{ setWeight: weight }], trafficRouting: {} }, {}));
  assert.ok(event !== undefined);
  return event;
}

const GONE: WorldEvent = { kind: 'deleted', ref: { kind: 'Rollout', namespace: 'shop', name: 'web' } };

test('problems are told when they come and when they go, with how many there are', () => {
  assert.deepEqual(told([web(120)], [web(120)], [web(20)], [GONE]), [
    '+WEIGHT_OUT_OF_RANGE - = 1 errors, 0 warnings',
    '+ROLLOUT_WITHOUT_SERVICE -WEIGHT_OUT_OF_RANGE = 0 errors, 1 warnings',
    '+ -ROLLOUT_WITHOUT_SERVICE = 0 errors, 0 warnings',
  ]);
});

test('what comes and goes within one batch is not told', () => {
  assert.deepEqual(told([web(120), GONE]), []);
});
