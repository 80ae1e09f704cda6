import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, type Raw, rollout, used, usedRollout } from './given.js';

const CANARY = { trafficRouting: {} };

test('a Rollout that Argo has not seen has an empty status, which is settled', () => {
  const { status, standing } = usedRollout(CANARY);
  assert.equal(standing, 'settled');
  assert.deepEqual(
    [status.currentPodHash, status.stableHash, status.stepIndex, status.weights],
    [undefined, undefined, undefined, undefined],
  );
  assert.deepEqual([status.aborted, status.promoteFull], [false, false]);
});

test('all of the status that shapes traffic is read', () => {
  const { status } = usedRollout(CANARY, {
    status: {
      abort: true,
      currentPodHash: 'new',
      stableRS: 'old',
      currentStepIndex: 2,
      promoteFull: true,
      canary: {
        stablePingPong: 'ping',
        weights: {
          canary: { weight: 120, podTemplateHash: 'new', serviceName: 'x' },
          stable: { weight: -20, podTemplateHash: 'old' },
          additional: [{ weight: 5, podTemplateHash: 'exp' }],
          verified: false,
        },
      },
      blueGreen: { activeSelector: 'old', previewSelector: '' },
      replicas: 7,
    },
  });
  assert.deepEqual(status, {
    currentPodHash: 'new',
    stableHash: 'old',
    stepIndex: 2,
    aborted: true,
    promoteFull: true,
    weights: {
      canary: { hash: 'new', weight: 120 },
      stable: { hash: 'old', weight: -20 },
      additional: [{ hash: 'exp', weight: 5 }],
    },
    stablePingPong: 'ping',
    activeHash: 'old',
    previewHash: undefined,
  });
});

const standings: readonly {
  readonly name: string;
  readonly metadata: Raw;
  readonly status: Raw;
  readonly want: string;
  readonly problems: readonly string[];
}[] = [
  { name: 'neither generation', metadata: {}, status: {}, want: 'settled', problems: [] },
  { name: 'no observedGeneration', metadata: { generation: 3 }, status: {}, want: 'settled', problems: [] },
  { name: 'no generation', metadata: {}, status: { observedGeneration: '3' }, want: 'settled', problems: [] },
  {
    name: 'equal generations',
    metadata: { generation: 3 },
    status: { observedGeneration: '3' },
    want: 'settled',
    problems: [],
  },
  {
    name: 'an observedGeneration that is no number',
    metadata: { generation: 3 },
    status: { observedGeneration: 'f7c' },
    want: 'settled',
    problems: [],
  },
  {
    name: 'a status that is behind',
    metadata: { generation: 10 },
    status: { observedGeneration: '9' },
    want: 'stale',
    problems: ['warning STATUS_STALE at status.observedGeneration'],
  },
  {
    name: 'a status that is behind, as a number',
    metadata: { generation: 10 },
    status: { observedGeneration: 9 },
    want: 'stale',
    problems: ['warning STATUS_STALE at status.observedGeneration'],
  },
  {
    name: 'a spec that Argo refuses',
    metadata: {},
    status: {
      conditions: [
        { type: 'Available', status: 'True' },
        { type: 'InvalidSpec', status: 'True', message: 'no' },
      ],
    },
    want: 'refused',
    problems: ['warning SPEC_REJECTED_BY_ARGO at status.conditions[1].message'],
  },
  {
    name: 'a refusal that is over',
    metadata: {},
    status: { conditions: [{ type: 'InvalidSpec', status: 'False' }] },
    want: 'settled',
    problems: [],
  },
];
for (const { name, metadata, status, want, problems } of standings) {
  test(`a Rollout with ${name} is ${want}`, () => {
    assert.equal(usedRollout(CANARY, { metadata, status }).standing, want);
    assert.deepEqual(problemsOf(rollout('web', CANARY, { metadata, status })), problems);
  });
}

const bad: readonly { readonly name: string; readonly status: unknown; readonly want: string }[] = [
  { name: 'that is a text', status: 'Healthy', want: 'error FIELD_TYPE at status' },
  {
    name: 'with an index below 0',
    status: { currentStepIndex: -1 },
    want: 'error FIELD_VALUE at status.currentStepIndex',
  },
  {
    name: 'with a weight in quotes',
    status: { canary: { weights: { canary: { weight: '5' }, stable: {} } } },
    want: 'error FIELD_TYPE at status.canary.weights.canary.weight',
  },
  { name: 'with an abort that is a text', status: { abort: 'yes' }, want: 'error FIELD_TYPE at status.abort' },
  {
    name: 'with an unknown side of ping-pong',
    status: { canary: { stablePingPong: 'pung' } },
    want: 'error FIELD_VALUE at status.canary.stablePingPong',
  },
];
for (const { name, status, want } of bad) {
  test(`a status ${name} is refused`, () => assert.deepEqual(problemsOf(rollout('web', CANARY, { status })), [want]));
}

test('a Rollout without replicas has one', () => {
  assert.equal(usedRollout(CANARY).replicas, 1);
  assert.equal(usedRollout(CANARY, { spec: { replicas: 0 } }).replicas, 0);
});

test('with a workloadRef the selector stands in for the labels of the template', () => {
  const spec = { workloadRef: { kind: 'Deployment', name: 'web' }, selector: { matchLabels: { app: 'shop' } } };
  assert.deepEqual([...usedRollout(CANARY, { spec }).templateLabels], [['app', 'shop']]);
});

test('a blue-green Rollout names its active and its preview Service', () => {
  const strategy = (blueGreen: Raw): Raw => rollout('web', {}, { spec: { strategy: { blueGreen } } });
  assert.deepEqual(used('Rollout', strategy({ activeService: 'a', previewService: 'b' })).strategy, {
    kind: 'blue-green',
    activeService: 'a',
    previewService: 'b',
  });
  assert.deepEqual(problemsOf(strategy({})), ['error FIELD_MISSING at spec.strategy.blueGreen.activeService']);
  assert.deepEqual(problemsOf(strategy({ activeService: 'a', previewService: 'a' })), [
    'error FIELD_VALUE at spec.strategy.blueGreen.previewService',
  ]);
});

test('a Rollout without a strategy shapes nothing', () => {
  assert.equal(usedRollout({}, { spec: { strategy: {} } }).strategy.kind, 'none');
});
