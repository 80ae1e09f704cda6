import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trafficTotal } from '../../../src/base/index.js';
import { hash, intent, problems, shown, weights } from './given.js';
import type { Given } from './given.js';

// Names begin with the rule of Argo Rollouts that a row follows: the letter of its branch in `reconcileTrafficRouting`
// (A dynamic rollback to stable, B promoted, C aborted, D canary without pods, E promoted in full, F and G steps, H after the
// last step, I no steps), M1 (weights recorded) or M2 (weights derived). Where we differ from Argo on purpose, docs/argo-fidelity.md says why.

interface Row {
  readonly name: string;
  readonly given: Given;
  readonly want: string;
}

const WALK = [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { setWeight: 100 }];
const THOUSAND = { total: trafficTotal(1000)! };

const M2: readonly Row[] = [
  {
    name: 'first install, nothing known: nothing is told apart',
    given: { status: { stableHash: undefined } },
    want: '',
  },
  {
    name: 'first install, stable at once: all of it',
    given: { steps: WALK, status: { currentPodHash: hash('v1'), stepIndex: 4 }, ready: {} },
    want: 'v1 100',
  },
  {
    name: 'first status without a current hash: all to stable',
    given: { steps: WALK, status: { currentPodHash: undefined, stepIndex: 2 } },
    want: 'v1 100',
  },
  {
    name: 'B promoted: all to stable, whatever the steps say',
    given: { steps: WALK, status: { currentPodHash: hash('v1'), stepIndex: 4 } },
    want: 'v1 100',
  },
  {
    name: 'B rollback to the stable template midway: all to stable at once',
    given: { steps: WALK, status: { currentPodHash: hash('v1'), stepIndex: 4 }, ready: { v1: 4, v2: 2 } },
    want: 'v1 100',
  },
  {
    name: 'C aborted: all to stable, the index is back at 0',
    given: { steps: WALK, status: { aborted: true } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'C aborted, the index not yet moved back: all to stable at once',
    given: { steps: WALK, status: { aborted: true, stepIndex: 3 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'C aborted by a version that is not in force: wins at once',
    given: { steps: WALK, status: { stepIndex: 3 }, record: { aborted: true } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'C aborted, a stable pod is missing: moves all the same (differs)',
    given: { steps: WALK, status: { aborted: true, stepIndex: 3 }, ready: { v1: 1, v2: 4 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'C aborted, no stable pod is ready: stays on what is ready',
    given: { steps: WALK, status: { aborted: true, stepIndex: 3 }, ready: { v2: 4 } },
    want: 'v1 0, v2 100',
  },
  {
    name: 'retry: walks again from the first step',
    given: { steps: WALK, status: { aborted: false, stepIndex: 1 } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'D canary without a ready pod: its share stays with stable',
    given: { steps: WALK, status: { stepIndex: 1 }, ready: { v1: 4 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'D stable without a ready pod: its share goes to the canary (differs)',
    given: { steps: WALK, status: { stepIndex: 1 }, ready: { v2: 1 } },
    want: 'v1 0, v2 100',
  },
  {
    name: 'D nobody is ready: all to stable',
    given: { steps: WALK, status: { stepIndex: 1 }, ready: {} },
    want: 'v1 100, v2 0',
  },
  {
    name: 'pods of a Deployment count as stable, so it is not empty',
    given: { steps: WALK, status: { stepIndex: 1 }, ready: { v2: 1 }, unversioned: 3 },
    want: 'v1 80, v2 20',
  },
  { name: 'F new version, first step not done: 0', given: { steps: WALK }, want: 'v1 100, v2 0' },
  { name: 'G setWeight done: its weight', given: { steps: WALK, status: { stepIndex: 1 } }, want: 'v1 80, v2 20' },
  {
    name: 'G pause: the weight before it',
    given: { steps: WALK, status: { stepIndex: 2 } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'F next setWeight is current, not done',
    given: { steps: WALK, status: { stepIndex: 3 } },
    want: 'v1 50, v2 50',
  },
  {
    name: 'G setWeight lower than before',
    given: { steps: [{ setWeight: 50 }, { setWeight: 10 }, { pause: {} }], status: { stepIndex: 2 } },
    want: 'v1 90, v2 10',
  },
  {
    name: 'G setWeight 0 after another',
    given: { steps: [{ setWeight: 50 }, { setWeight: 0 }, { pause: {} }], status: { stepIndex: 2 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'setCanaryScale changes pods, not weight',
    given: {
      steps: [{ setWeight: 20 }, { setCanaryScale: { weight: 75 } }, { pause: {} }],
      status: { stepIndex: 2 },
      ready: { v1: 4, v2: 3 },
    },
    want: 'v1 80, v2 20',
  },
  {
    name: 'analysis and experiments without weight are pauses',
    given: { steps: [{ setWeight: 20 }, { analysis: {} }, { experiment: {} }], status: { stepIndex: 2 } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'spec.paused with the pods at hand: one step behind (differs)',
    given: { steps: WALK },
    want: 'v1 100, v2 0',
  },
  {
    name: 'skip the current step: the skipped weight counts at once',
    given: { steps: WALK, status: { stepIndex: 3 }, ready: { v1: 4, v2: 1 } },
    want: 'v1 50, v2 50',
  },
  {
    name: 'F after the last step, canary as large as it has to be: the last weight',
    given: { steps: WALK, status: { stepIndex: 4 } },
    want: 'v1 0, v2 100',
  },
  {
    name: 'F skip all steps with one of four pods: no more than it can carry (differs)',
    given: { steps: WALK, status: { stepIndex: 4 }, ready: { v1: 4, v2: 1 } },
    want: 'v1 75, v2 25',
  },
  {
    name: 'rollback window: the same jump, the same cap (differs)',
    given: {
      steps: WALK,
      status: { stepIndex: 4 },
      ready: { v1: 4, v2: 2 },
      created: { v1: '2026-02-02T00:00:00Z', v2: '2026-01-01T00:00:00Z' },
    },
    want: 'v1 50, v2 50',
  },
  {
    name: 'the cap takes nothing from what was in force on the way: setCanaryScale may have made the canary small',
    given: { steps: WALK, status: { stepIndex: 4 }, record: { walked: 3 }, ready: { v1: 4, v2: 1 } },
    want: 'v1 50, v2 50',
  },
  {
    name: 'the cap takes nothing from a weight that is small anyway',
    given: { steps: [{ setWeight: 20 }], status: { stepIndex: 1 }, ready: { v1: 4, v2: 1 } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'no replicas wanted: nothing to cap by',
    given: { steps: WALK, status: { stepIndex: 4 }, replicas: 0, ready: { v1: 1, v2: 1 } },
    want: 'v1 0, v2 100',
  },
  {
    name: 'E promoted in full: the weight before it holds',
    given: { steps: WALK, status: { promoteFull: true, stepIndex: 4 }, record: { walked: 2 }, ready: { v1: 4, v2: 1 } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'E promoted in full from the first step: 0 holds',
    given: { steps: WALK, status: { promoteFull: true, stepIndex: 4 }, record: { walked: 0 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'E promoted in full, no memory of it: what the canary can carry',
    given: { steps: WALK, status: { promoteFull: true, stepIndex: 4 }, ready: { v1: 4, v2: 1 } },
    want: 'v1 75, v2 25',
  },
  { name: 'I no steps: 0 until it is promoted', given: { status: { stepIndex: undefined } }, want: 'v1 100, v2 0' },
  {
    name: 'a third version over the second: begins at 0',
    given: { steps: WALK, status: { currentPodHash: hash('v3') }, ready: { v1: 4, v2: 2, v3: 1 } },
    want: 'v1 100, v3 0',
  },
  {
    name: 'steps edited midway: the index is back at 0',
    given: { steps: [{ setWeight: 5 }, ...WALK], status: { stepIndex: 0 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'an index beyond the steps counts as the end',
    given: { steps: [{ setWeight: 20 }], status: { stepIndex: 9 } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'maxTrafficWeight is the whole',
    given: { canary: THOUSAND, steps: [{ setWeight: 1 }, { pause: {} }], status: { stepIndex: 1 } },
    want: 'v1 999, v2 1',
  },
];

const M1: readonly Row[] = [
  {
    name: 'nothing recorded: all to stable, even past a setWeight',
    given: { steps: WALK, status: { stepIndex: 1 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'the recorded weight counts, not the steps',
    given: { steps: WALK, status: { stepIndex: 1, weights: weights('v2', 35) } },
    want: 'v1 65, v2 35',
  },
  {
    name: 'B promoted, recorded before the hand-over: all to the new stable version at once',
    given: { status: { currentPodHash: hash('v2'), stableHash: hash('v2'), weights: weights('v2', 100) } },
    want: 'v2 100',
  },
  {
    name: 'C aborted, the weights not yet taken back: all to stable at once',
    given: { status: { aborted: true, weights: weights('v2', 35) } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'C aborted: experiments end too',
    given: { status: { aborted: true, weights: weights('v2', 35, { x1: 15 }) }, ready: { v1: 4, v2: 1, x1: 1 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'D recorded for a canary without a ready pod: stable has it',
    given: { status: { weights: weights('v2', 35) }, ready: { v1: 4 } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'E promoted in full: the recorded weight holds',
    given: {
      steps: WALK,
      status: { promoteFull: true, stepIndex: 4, weights: weights('v2', 20) },
      record: { walked: 3 },
    },
    want: 'v1 80, v2 20',
  },
  {
    name: 'E promoted in full with dynamicStableScale: more than all is all (argo-rollouts #4424)',
    given: {
      canary: { dynamicStableScale: true },
      status: { promoteFull: true, weights: weights('v2', 125) },
    },
    want: 'v1 0, v2 100',
  },
  { name: 'a negative weight is none', given: { status: { weights: weights('v2', -5) } }, want: 'v1 100, v2 0' },
  {
    name: 'experiment: stable pays for it, also at later steps',
    given: {
      steps: [{ setWeight: 20 }, { experiment: {} }, { setWeight: 30 }, { pause: {} }],
      status: { stepIndex: 3, weights: weights('v2', 30, { x2: 5, x1: 15 }) },
      ready: { v1: 4, v2: 1, x1: 1, x2: 1 },
    },
    want: 'v1 50, v2 30, x1 15, x2 5',
  },
  {
    name: 'experiment without a ready pod: stable has its share',
    given: { status: { weights: weights('v2', 20, { x1: 15 }) } },
    want: 'v1 80, v2 20',
  },
  {
    name: 'experiments beyond all there is: the rest, by hash',
    given: {
      status: { weights: weights('v2', 60, { x2: 30, x1: 30 }) },
      ready: { v1: 4, v2: 1, x1: 1, x2: 1 },
    },
    want: 'v1 0, v2 60, x1 30, x2 10',
  },
  {
    name: 'a third version over the second: the second keeps its share until the status says otherwise',
    given: { status: { currentPodHash: hash('v3'), weights: weights('v2', 40) }, ready: { v1: 4, v2: 2, v3: 1 } },
    want: 'v1 60, v2 40, v3 0',
  },
  {
    name: 'a third version over the second, the second gone: stable has its share',
    given: { status: { currentPodHash: hash('v3'), weights: weights('v2', 40) }, ready: { v1: 4, v3: 1 } },
    want: 'v1 100, v3 0',
  },
  {
    name: 'a third version right after promotion, weights of the hand-over still there: the new stable version has it all',
    given: {
      status: { currentPodHash: hash('v3'), stableHash: hash('v2'), weights: weights('v2', 100) },
      ready: { v1: 4, v2: 4, v3: 1 },
    },
    want: 'v2 100, v3 0',
  },
  {
    name: 'a new version after a promotion that is done: begins at 0',
    given: { status: { weights: weights('v1', 0) } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'steps edited midway: the recorded weight stays until Argo changes it',
    given: { steps: [{ setWeight: 5 }], status: { stepIndex: 0, weights: weights('v2', 40) } },
    want: 'v1 60, v2 40',
  },
  {
    name: 'recorded without hashes: current and stable are meant',
    given: {
      status: {
        weights: { canary: { hash: undefined, weight: 10 }, stable: { hash: undefined, weight: 90 }, additional: [] },
      },
    },
    want: 'v1 90, v2 10',
  },
  {
    name: 'maxTrafficWeight 1000',
    given: {
      canary: THOUSAND,
      status: { weights: { ...weights('v2', 5), stable: { hash: hash('v1'), weight: 995 } } },
    },
    want: 'v1 995, v2 5',
  },
  {
    name: 'rollback window with one pod: as recorded, for Argo has said so',
    given: { steps: WALK, status: { stepIndex: 4, weights: weights('v2', 50) }, ready: { v1: 4, v2: 1 } },
    want: 'v1 50, v2 50',
  },
];

const DYNAMIC: readonly Row[] = [
  {
    name: 'C aborted, stable has one of four pods: the canary keeps what stable can not carry',
    given: { status: { aborted: true, weights: weights('v2', 75) }, ready: { v1: 1, v2: 3 } },
    want: 'v1 25, v2 75',
  },
  {
    name: 'C aborted, stable has three of four pods: the canary shrinks with it',
    given: { status: { aborted: true, weights: weights('v2', 75) }, ready: { v1: 3, v2: 3 } },
    want: 'v1 75, v2 25',
  },
  {
    name: 'C aborted: never more than the canary has',
    given: { status: { aborted: true, weights: weights('v2', 10) }, ready: { v1: 1, v2: 3 } },
    want: 'v1 90, v2 10',
  },
  {
    name: 'C aborted, stable is whole again: all to stable',
    given: { status: { aborted: true, weights: weights('v2', 75) } },
    want: 'v1 100, v2 0',
  },
  {
    name: 'A rollback to stable: the version that is left keeps what stable can not carry',
    given: { status: { currentPodHash: hash('v1'), weights: weights('v2', 75) }, ready: { v1: 2, v2: 3 } },
    want: 'v1 50, v2 50',
  },
  {
    name: 'A rollback to stable, stable is whole again: all to stable',
    given: { status: { currentPodHash: hash('v1'), weights: weights('v2', 75) } },
    want: 'v1 100',
  },
  {
    name: 'A rollback to stable, the version that is left has no pods: all to stable',
    given: { status: { currentPodHash: hash('v1'), weights: weights('v2', 75) }, ready: { v1: 1 } },
    want: 'v1 100',
  },
];

for (const { name, given, want } of M2) {
  test(`split, M2: ${name}`, () => assert.equal(shown(intent(given).split), want));
}
for (const { name, given, want } of M1) {
  const canary = { routing: 'provider', ...given.canary } as const;
  test(`split, M1: ${name}`, () => assert.equal(shown(intent({ ...given, canary }).split), want));
}
for (const { name, given, want } of DYNAMIC) {
  const canary = { routing: 'provider', dynamicStableScale: true } as const;
  test(`split, M1 with dynamicStableScale: ${name}`, () => {
    assert.equal(shown(intent({ ...given, canary }).split), want);
  });
}

test('split: only the stable version adopts pods without a hash', () => {
  const { split } = intent({ steps: WALK, status: { stepIndex: 1 } });
  assert.deepEqual(
    split.map(({ version }) => version),
    [
      { kind: 'hash', hash: 'v1', adopts: true },
      { kind: 'hash', hash: 'v2', adopts: false },
    ],
  );
});

test('split: a weight that is capped says so, with the step, the pods and the weight instead', () => {
  assert.deepEqual(problems({ steps: WALK, status: { stepIndex: 4 }, ready: { v1: 4, v2: 1 } }), [
    {
      code: 'WEIGHT_CAPPED',
      severity: 'warning',
      object: { kind: 'Rollout', namespace: 'shop', name: 'web' },
      path: 'spec.strategy.canary.steps[3].setWeight',
      value: '100',
      expected: 'ready pods to carry it: 1 of 4 are ready, so the canary gets 25 of 100 until there are more',
    },
  ]);
});

const EMPTY: readonly { readonly name: string; readonly given: Given; readonly want: readonly string[] }[] = [
  { name: 'the canary', given: { status: { stepIndex: 1 }, ready: { v1: 1 } }, want: ['status.currentPodHash "v2"'] },
  { name: 'stable', given: { status: { stepIndex: 1 }, ready: { v2: 1 } }, want: ['status.stableRS "v1"'] },
  {
    name: 'both',
    given: { status: { stepIndex: 1 }, ready: {} },
    want: ['status.stableRS "v1"', 'status.currentPodHash "v2"'],
  },
  { name: 'a canary that has no share anyway: none', given: { ready: { v1: 1 } }, want: [] },
  { name: 'scaled to nothing on purpose: none', given: { replicas: 0, ready: {} }, want: [] },
  {
    name: 'on an abort, stable',
    given: { status: { aborted: true }, ready: { v2: 1 } },
    want: ['status.stableRS "v1"'],
  },
];
for (const { name, given, want } of EMPTY) {
  test(`split: an empty version that should have traffic is a problem: ${name}`, () => {
    const found = problems({ steps: WALK, ...given });
    assert.ok(found.every(({ code, expected }) => code === 'VERSION_EMPTY' && expected !== ''));
    assert.deepEqual(
      found.map(({ path, value }) => `${path} ${value}`),
      want,
    );
  });
}
