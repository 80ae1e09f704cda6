import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RolloutRecord, World } from '../../../src/model/index.js';
import { apply, key, type Raw, remove, replicaSet, rollout } from './given.js';

const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }];
const BAD = { trafficRouting: {}, steps: [{ setWeight: 120 }] };

/** A version of `shop/web`, told by an annotation; generation and observed generation tell whether it is settled. */
function version(text: string, status: Raw = {}, generation = 1): Raw {
  return rollout(
    'web',
    { trafficRouting: {}, steps: STEPS },
    { metadata: { annotations: { text }, generation }, status: { observedGeneration: '1', ...status } },
  );
}

/** One that can not be used, but has a status. */
function bad(text: string, status: Raw = {}): Raw {
  return rollout('web', BAD, {
    metadata: { annotations: { text } },
    status: { currentPodHash: 'new', stableRS: 'old', ...status },
  });
}

function after(...raws: readonly Raw[]): RolloutRecord {
  const world = new World();
  for (const raw of raws) apply(world, raw);
  const record = world.rollout(key('web'));
  assert.ok(record !== undefined);
  return record;
}

const inForce: readonly { readonly name: string; readonly given: readonly Raw[]; readonly want: string | undefined }[] =
  [
    { name: 'a settled version', given: [version('1')], want: '1' },
    { name: 'the newest of two settled versions', given: [version('1'), version('2')], want: '2' },
    { name: 'the settled version before a stale one', given: [version('1'), version('2', {}, 2)], want: '1' },
    {
      name: 'the settled version after a stale one',
      given: [version('1'), version('2', {}, 2), version('3')],
      want: '3',
    },
    { name: 'a stale version where there is no other', given: [version('1', {}, 2)], want: '1' },
    { name: 'the newest of two stale versions', given: [version('1', {}, 2), version('2', {}, 2)], want: '2' },
    {
      name: 'the version before one that Argo refuses',
      given: [version('1'), version('2', { conditions: [{ type: 'InvalidSpec', status: 'True' }] })],
      want: '1',
    },
    { name: 'the version before one that can not be used', given: [version('1'), rollout('web', BAD)], want: '1' },
    { name: 'nothing where no version could ever be used', given: [rollout('web', BAD)], want: undefined },
    { name: 'a stand-in where no version could ever be used', given: [bad('1')], want: '1' },
    { name: 'the newest stand-in', given: [bad('1'), bad('2')], want: '2' },
    { name: 'a version that can be used after a stand-in', given: [bad('1'), version('2', {}, 2)], want: '2' },
    {
      name: 'the version before a bad one with the same stable version',
      given: [version('1', { stableRS: 'old' }), bad('2')],
      want: '1',
    },
    {
      name: 'a stand-in once another version is stable',
      given: [version('1', { stableRS: 'old' }), bad('2', { stableRS: 'new' })],
      want: '2',
    },
  ];
for (const { name, given, want } of inForce) {
  test(`in force is ${name}`, () => assert.equal(after(...given).good?.annotations.get('text'), want));
}

test('a stand-in has no steps and no weights, and the options of the version before it', () => {
  const options = { annotations: { 'penstock.dev/options': '{"hosts": ["web"]}' } };
  const before = rollout('web', { trafficRouting: {} }, { metadata: options, status: { stableRS: 'older' } });
  const { good } = after(before, bad('2'));
  assert.equal(good?.standing, 'invalid');
  assert.deepEqual(good.options.hosts, ['web']);
  assert.ok(good.strategy.kind === 'canary');
  assert.deepEqual([good.strategy.routing, good.strategy.steps], ['none', []]);
});

test('an abort counts at once, whatever becomes of the version that tells it', () => {
  assert.equal(after(version('1')).aborted, false);
  assert.equal(after(version('1'), version('2', { abort: true }, 2)).aborted, true);
  assert.equal(after(version('1'), rollout('web', BAD, { status: { abort: true } })).aborted, true);
  assert.equal(after(version('1', { abort: true }), version('2', { abort: false })).aborted, false);
});

test('problems are those of the newest version', () => {
  const codes = (record: RolloutRecord): readonly string[] => record.problems.map(({ code }) => code);
  assert.deepEqual(codes(after(version('1'), rollout('web', BAD))), ['WEIGHT_OUT_OF_RANGE']);
  assert.deepEqual(codes(after(rollout('web', BAD), version('1', {}, 2))), ['STATUS_STALE']);
  assert.deepEqual(codes(after(rollout('web', BAD), version('1'))), []);
});

const at = (currentStepIndex: number, more: Raw = {}): Raw =>
  version('1', { currentPodHash: 'new', currentStepIndex, ...more });
const walks: readonly { readonly name: string; readonly given: readonly Raw[]; readonly want: number | undefined }[] = [
  { name: 'the step under way', given: [at(0), at(1)], want: 1 },
  { name: 'the last one before a promotion in full', given: [at(1), at(3, { promoteFull: true })], want: 1 },
  { name: 'the last one before the end', given: [at(2), at(3)], want: 2 },
  { name: 'the last one before an abort', given: [at(2), at(0, { abort: true })], want: 2 },
  { name: 'none when the end was there at first', given: [at(3)], want: undefined },
  { name: 'none for other pods', given: [at(1), at(3, { currentPodHash: 'newer' })], want: undefined },
  { name: 'the last one before a version that can not be used', given: [at(1), rollout('web', BAD)], want: 1 },
];
for (const { name, given, want } of walks) {
  test(`walked is ${name}`, () => assert.equal(after(...given).walked, want));
}

test('a Rollout that is deleted is forgotten', () => {
  const world = new World();
  apply(world, at(1));
  remove(world, 'Rollout', 'web');
  assert.equal(world.rollout(key('web')), undefined);
  apply(world, at(3));
  assert.equal(world.rollout(key('web'))?.walked, undefined);
});

test('ReplicaSets of a Rollout are found by version', () => {
  const world = new World();
  apply(world, replicaSet('web-b', 'new', 'web'), replicaSet('web-a', 'old', 'web'), replicaSet('x', 'new', 'other'));
  const found = (): readonly (readonly [string, string])[] =>
    [...world.replicaSets(key('web'))].map(([hash, { name }]) => [hash, name] as const);
  assert.deepEqual(found(), [
    ['old', 'web-a'],
    ['new', 'web-b'],
  ]);
  remove(world, 'ReplicaSet', 'web-a');
  assert.deepEqual(found(), [['new', 'web-b']]);
});
