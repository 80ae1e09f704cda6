import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  abortNow,
  type JsonObject,
  type Next,
  nextStatus,
  startFrom,
  stepsOf,
  updateTo,
} from '../../../src/cli/play/next-status.js';

const STEPS: readonly JsonObject[] = [
  { setWeight: 20 },
  { pause: {} },
  { setHeaderRoute: { name: 'testers', match: [{ headerName: 'x', headerValue: { exact: 'y' } }] } },
  { setWeight: 50 },
  { setHeaderRoute: { name: 'testers' } },
  { pause: { duration: '30s' } },
];

interface Given {
  readonly steps?: readonly JsonObject[];
  readonly routing?: JsonObject;
  readonly status?: JsonObject;
  readonly metadata?: JsonObject;
  readonly canary?: JsonObject;
}

const M1: JsonObject = { plugins: { 'penstock/xds': {} } };
const M2: JsonObject = {};

/** A Rollout with these parts. */
function rollout({ steps = STEPS, routing = M1, status = {}, metadata = {}, canary: more = {} }: Given): JsonObject {
  const canary = { canaryService: 'web-canary', stableService: 'web', trafficRouting: routing, steps, ...more };
  return { kind: 'Rollout', metadata: { name: 'web', ...metadata }, spec: { strategy: { canary } }, status };
}

/** Weights as Argo records them. */
function weights(
  canary: readonly [hash: string, weight: number],
  stable: readonly [hash: string, weight: number],
): JsonObject {
  return {
    canary: {
      weights: {
        canary: { podTemplateHash: canary[0], serviceName: 'web-canary', weight: canary[1] },
        stable: { podTemplateHash: stable[0], serviceName: 'web', weight: stable[1] },
      },
    },
  };
}

/** A status in one word a field: `idx=1 new/old new:20 old:80 Paused`. */
function brief(status: JsonObject): string {
  const recorded = (status['canary'] as { weights?: Record<string, JsonObject> } | undefined)?.weights;
  const weight = (role: string): string =>
    recorded === undefined
      ? ''
      : ` ${String(recorded[role]?.['podTemplateHash'])}:${String(recorded[role]?.['weight'])}`;
  const index = 'currentStepIndex' in status ? `idx=${String(status['currentStepIndex'])} ` : '';
  const flags = ['abort', 'promoteFull'].filter((flag) => status[flag] === true).map((flag) => ` ${flag}`);
  const hashes = `${String(status['currentPodHash'])}/${'stableRS' in status ? String(status['stableRS']) : ''}`;
  return `${index}${hashes}${weight('canary')}${weight('stable')} ${String(status['phase'])}${flags.join('')}`;
}

/** All statuses from one on, until there is nothing left to do. */
function walk(given: Given): readonly string[] {
  const seen: string[] = [];
  let { status = {} } = given;
  for (let moves = 0; moves < 50; moves += 1) {
    const next = nextStatus(rollout({ ...given, status }));
    if (next.kind !== 'move') return [...seen, next.kind];
    ({ status } = next);
    seen.push(brief(status));
  }
  throw new Error('it never ends');
}

function moved(next: Next): JsonObject {
  assert.equal(next.kind, 'move', next.kind === 'move' ? '' : next.why);
  return next.kind === 'move' ? next.status : {};
}

const REST = { currentPodHash: 'old', stableRS: 'old', currentStepIndex: 6, phase: 'Healthy' };
const UPDATE = { currentPodHash: 'new', stableRS: 'old', currentStepIndex: 0, phase: 'Progressing' };

// Each walk as Argo's `reconcileTrafficRouting` and its status patches make it, when every pod is ready at once.
const walks: readonly { readonly name: string; readonly given: Given; readonly want: readonly string[] }[] = [
  {
    name: 'a first install: stable at once, weights in a later pass (trafficrouting.go, branch D, then B)',
    given: { status: { currentPodHash: 'old', currentStepIndex: 0 } },
    want: ['idx=6 old/old Healthy', 'idx=6 old/old old:0 old:100 Healthy', 'done'],
  },
  {
    name: 'a first install without a provider records no weights',
    given: { routing: M2, status: { currentPodHash: 'old' } },
    want: ['idx=6 old/old Healthy', 'done'],
  },
  {
    name: 'an update: each step ends in the patch that applies its weight; full weight and promotion in one; back to 0 in the next',
    given: { status: { ...UPDATE, ...weights(['old', 0], ['old', 100]) } },
    want: [
      'idx=0 new/old new:0 old:100 Progressing',
      'idx=1 new/old new:20 old:80 Paused',
      'idx=2 new/old new:20 old:80 Progressing',
      'idx=3 new/old new:20 old:80 Progressing',
      'idx=4 new/old new:50 old:50 Progressing',
      'idx=5 new/old new:50 old:50 Paused',
      'idx=6 new/old new:50 old:50 Progressing',
      'idx=6 new/new new:100 old:0 Healthy',
      'idx=6 new/new new:0 new:100 Healthy',
      'done',
    ],
  },
  {
    name: 'the same without a provider: no weights, one patch for the promotion',
    given: { routing: M2, status: UPDATE },
    want: [
      'idx=1 new/old Paused',
      'idx=2 new/old Progressing',
      'idx=3 new/old Progressing',
      'idx=4 new/old Progressing',
      'idx=5 new/old Paused',
      'idx=6 new/old Progressing',
      'idx=6 new/new Healthy',
      'done',
    ],
  },
  {
    name: 'managedRoutes and maxTrafficWeight are no provider',
    given: {
      steps: [{ setWeight: 1 }],
      routing: { managedRoutes: [{ name: 'a' }], maxTrafficWeight: 10 },
      status: UPDATE,
    },
    want: ['idx=1 new/old Progressing', 'idx=1 new/new Healthy', 'done'],
  },
  {
    name: 'another provider records weights too',
    given: { steps: [{ setWeight: 10 }], routing: { istio: { virtualService: { name: 'web' } } }, status: UPDATE },
    want: [
      'idx=0 new/old new:0 old:100 Progressing',
      'idx=1 new/old new:10 old:90 Progressing',
      'idx=1 new/new new:100 old:0 Healthy',
      'idx=1 new/new new:0 new:100 Healthy',
      'done',
    ],
  },
  {
    name: 'weights are parts of maxTrafficWeight',
    given: { steps: [{ setWeight: 1 }], routing: { ...M1, maxTrafficWeight: 1000 }, status: UPDATE },
    want: [
      'idx=0 new/old new:0 old:1000 Progressing',
      'idx=1 new/old new:1 old:999 Progressing',
      'idx=1 new/new new:1000 old:0 Healthy',
      'idx=1 new/new new:0 new:1000 Healthy',
      'done',
    ],
  },
  {
    name: 'a weight may be lower than the one before',
    given: { steps: [{ setWeight: 50 }, { setWeight: 10 }], routing: M1, status: UPDATE },
    want: [
      'idx=0 new/old new:0 old:100 Progressing',
      'idx=1 new/old new:50 old:50 Progressing',
      'idx=2 new/old new:10 old:90 Progressing',
      'idx=2 new/new new:100 old:0 Healthy',
      'idx=2 new/new new:0 new:100 Healthy',
      'done',
    ],
  },
  {
    name: 'without steps the weight is 0 until the promotion (branch I)',
    given: { steps: [], status: { currentPodHash: 'new', stableRS: 'old', phase: 'Progressing' } },
    want: [
      'new/old new:0 old:100 Progressing',
      'new/new new:0 old:100 Healthy',
      'new/new new:0 new:100 Healthy',
      'done',
    ],
  },
  {
    name: 'a third version: the second keeps its weight until the third one joins with none',
    given: {
      steps: [{ setWeight: 20 }],
      status: { ...UPDATE, currentPodHash: 'third', ...weights(['new', 50], ['old', 50]) },
    },
    want: [
      'idx=0 third/old third:0 old:100 Progressing',
      'idx=1 third/old third:20 old:80 Progressing',
      'idx=1 third/third third:100 old:0 Healthy',
      'idx=1 third/third third:0 third:100 Healthy',
      'done',
    ],
  },
  {
    name: 'a rollback to stable: everything back in one patch (branch B)',
    given: { status: { ...REST, ...weights(['new', 20], ['old', 80]) } },
    want: ['idx=6 old/old old:0 old:100 Healthy', 'done'],
  },
  {
    name: 'a rollback to stable from weight 0 records the hash of stable',
    given: { status: { ...REST, ...weights(['new', 0], ['old', 100]) } },
    want: ['idx=6 old/old old:0 old:100 Healthy', 'done'],
  },
  {
    name: 'abort, set by hand: weight 0 and no step completed (branch C)',
    given: { status: { ...UPDATE, currentStepIndex: 4, abort: true, ...weights(['new', 50], ['old', 50]) } },
    want: ['idx=0 new/old new:0 old:100 Degraded abort', 'done'],
  },
  {
    name: 'abort, set by hand, without a provider',
    given: { routing: M2, status: { ...UPDATE, currentStepIndex: 4, abort: true } },
    want: ['idx=0 new/old Degraded abort', 'done'],
  },
  {
    name: 'abort of a version whose weight was never recorded',
    given: { status: { ...UPDATE, abort: true, ...weights(['older', 10], ['old', 90]) } },
    want: ['idx=0 new/old new:0 old:100 Degraded abort', 'done'],
  },
  {
    name: 'retry: the steps run again from the first',
    given: {
      steps: [{ setWeight: 20 }],
      status: { ...UPDATE, abort: false, phase: 'Degraded', ...weights(['new', 0], ['old', 100]) },
    },
    want: [
      'idx=1 new/old new:20 old:80 Progressing',
      'idx=1 new/new new:100 old:0 Healthy',
      'idx=1 new/new new:0 new:100 Healthy',
      'done',
    ],
  },
  {
    name: 'promote --full: the index jumps, the weight is held until the promotion and through it (branch E)',
    given: { status: { ...UPDATE, currentStepIndex: 1, promoteFull: true, ...weights(['new', 20], ['old', 80]) } },
    want: [
      'idx=6 new/old new:20 old:80 Progressing promoteFull',
      'idx=6 new/new new:20 old:80 Healthy',
      'idx=6 new/new new:0 new:100 Healthy',
      'done',
    ],
  },
  {
    name: 'promote --full without a provider',
    given: { routing: M2, status: { ...UPDATE, currentStepIndex: 1, promoteFull: true } },
    want: ['idx=6 new/old Progressing promoteFull', 'idx=6 new/new Healthy', 'done'],
  },
  {
    name: 'promote --skip-all-steps: the weight of the last step at the promotion is all of it (branch H)',
    given: { status: { ...UPDATE, currentStepIndex: 6, ...weights(['new', 20], ['old', 80]) } },
    want: ['idx=6 new/new new:100 old:0 Healthy', 'idx=6 new/new new:0 new:100 Healthy', 'done'],
  },
];

describe('what Argo would write next', () => {
  for (const { name, given, want } of walks) test(name, () => assert.deepEqual(walk(given), want));

  for (let index = 0; index <= STEPS.length; index += 1) {
    test(`abort with ${index} steps completed, with a provider and without`, () => {
      const weight = index === 0 ? 0 : index < 4 ? 20 : 50;
      const plain: JsonObject = { ...UPDATE, currentStepIndex: index };
      const status = { ...plain, ...weights(['new', weight], ['old', 100 - weight]) };
      const aborted = moved(abortNow(rollout({ status })));
      assert.equal(brief(aborted), 'idx=0 new/old new:0 old:100 Degraded abort');
      assert.deepEqual(walk({ status: aborted }), ['done']);
      assert.equal(brief(moved(abortNow(rollout({ routing: M2, status: plain })))), 'idx=0 new/old Degraded abort');
    });
  }

  test('says what has happened', () => {
    let status: JsonObject = { ...UPDATE, ...weights(['old', 0], ['old', 100]) };
    const said: string[] = [];
    for (let next = nextStatus(rollout({ status })); ; next = nextStatus(rollout({ status }))) {
      said.push(next.kind === 'move' ? next.what : next.why);
      if (next.kind !== 'move') break;
      ({ status } = next);
    }
    assert.deepEqual(said, [
      'new joins with weight 0',
      'step 1 of 6: setWeight 20, weight 20',
      'step 2 of 6: pause, weight 20',
      'step 3 of 6: setHeaderRoute testers, weight 20',
      'step 4 of 6: setWeight 50, weight 50',
      'step 5 of 6: setHeaderRoute testers removed, weight 50',
      'step 6 of 6: pause 30s, weight 50',
      'promoted: new is stable',
      'new has all traffic as the stable version',
      'new is stable and has all traffic',
    ]);
  });

  test('the Services of a ping-pong take turns at each promotion, the first of all is ping (sync.go, promoteStable)', () => {
    const canary = { pingPong: { pingService: 'web-ping', pongService: 'web-pong' } };
    const turnOf = (status: JsonObject): unknown =>
      (moved(nextStatus(rollout({ steps: [], canary, status })))['canary'] as JsonObject | undefined)?.[
        'stablePingPong'
      ];
    assert.equal(turnOf({ currentPodHash: 'old' }), 'ping');
    for (const [before, after] of [
      ['ping', 'pong'],
      ['pong', 'ping'],
    ] as const) {
      const recorded = weights(['new', 0], ['old', 100])['canary'] as JsonObject;
      const status = { currentPodHash: 'new', stableRS: 'old', canary: { ...recorded, stablePingPong: before } };
      assert.equal(turnOf(status), after);
      const aborted = moved(abortNow(rollout({ steps: [], canary, status })));
      assert.equal((aborted['canary'] as JsonObject)['stablePingPong'], before, 'an abort changes nothing');
    }
  });

  test('leaves what it does not know, and takes away what a step ends', () => {
    const status = moved(
      nextStatus(
        rollout({
          metadata: { generation: 3 },
          routing: M2,
          status: {
            ...UPDATE,
            observedGeneration: '2',
            replicas: 4,
            controllerPause: true,
            pauseConditions: [{ reason: 'CanaryPauseStep' }],
            message: 'CanaryPauseStep',
            canary: { currentExperiment: 'e' },
          },
        }),
      ),
    );
    assert.deepEqual(status, {
      ...UPDATE,
      currentStepIndex: 1,
      phase: 'Paused',
      observedGeneration: '3',
      replicas: 4,
      canary: { currentExperiment: 'e' },
    });
  });

  const stuck: readonly { readonly name: string; readonly next: Next; readonly why: RegExp }[] = [
    {
      name: 'no canary',
      next: nextStatus({ spec: { strategy: { blueGreen: {} } } }),
      why: /no spec\.strategy\.canary/,
    },
    {
      name: 'no status',
      next: nextStatus(rollout({})),
      why: /status\.currentPodHash is not there; --to-hash HASH sets it/,
    },
    {
      name: 'the same version',
      next: updateTo(rollout({ status: REST }), 'old'),
      why: /old is its current version already/,
    },
    { name: 'nothing to abort', next: abortNow(rollout({ status: REST })), why: /no update is under way/ },
    {
      name: 'a first install can not be aborted',
      next: abortNow(rollout({ status: { currentPodHash: 'new' } })),
      why: /no update is under way/,
    },
    {
      name: 'no update to start again',
      next: startFrom(rollout({ status: REST }), 0),
      why: /--to-hash HASH starts one/,
    },
    {
      name: 'more steps than there are',
      next: startFrom(rollout({ status: UPDATE }), 7),
      why: /has 6 steps, so it can not start from 7/,
    },
  ];
  for (const { name, next, why } of stuck) {
    test(`can not go on: ${name}`, () => {
      assert.equal(next.kind, 'stuck');
      assert.match(next.kind === 'stuck' ? next.why : '', why);
    });
  }
});

describe('where a walk starts', () => {
  test('an update starts with no step completed and the weights of before', () => {
    const status = moved(updateTo(rollout({ status: { ...REST, ...weights(['old', 0], ['old', 100]) } }), 'new'));
    assert.equal(brief(status), 'idx=0 new/old old:0 old:100 Progressing');
  });

  test('an update back to stable has all steps completed', () => {
    const status = moved(updateTo(rollout({ status: { ...UPDATE, ...weights(['new', 20], ['old', 80]) } }), 'old'));
    assert.equal(brief(status), 'idx=6 old/old new:20 old:80 Progressing');
  });

  test('an update without steps has no index', () => {
    const status = moved(updateTo(rollout({ steps: [], status: { currentPodHash: 'old', stableRS: 'old' } }), 'new'));
    assert.equal(brief(status), 'new/old Progressing');
  });

  test('it can start again from any step, also after an abort', () => {
    const status = moved(startFrom(rollout({ status: { ...UPDATE, abort: true } }), 4));
    assert.equal(brief(status), 'idx=4 new/old new:50 old:50 Progressing');
  });

  test('steps are counted', () => {
    assert.deepEqual(stepsOf(rollout({ status: UPDATE })), { count: 6, completed: 0 });
    assert.deepEqual(stepsOf(rollout({})), { count: 6, completed: 0 });
    assert.equal(stepsOf(rollout({ steps: [] })), undefined);
    assert.equal(stepsOf({}), undefined);
  });
});
