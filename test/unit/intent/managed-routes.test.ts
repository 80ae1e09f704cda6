import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash, intent, shownRoute, weights } from './given.js';
import type { Given } from './given.js';

// Names begin with the branch of Argo Rollouts' `reconcileTrafficRouting` that a row follows, as in split.test.ts.

function header(name: string, ...values: readonly string[]) {
  const match = values.map((value) => ({ name: 'x-who', value: { kind: 'exact', value } }));
  return { setHeaderRoute: { name, match } };
}

function mirror(name: string, percentage: number, ...match: readonly unknown[]) {
  return { setMirrorRoute: { name, percentage, match } };
}

function method(kind: string, value: string) {
  return { method: { kind, value }, path: undefined, headers: [] };
}

const ANY = { method: undefined, path: { kind: 'prefix', value: '/' }, headers: [] };
const ROUTES = { routing: 'provider', managedRoutes: ['a', 'b', 'c'] } as const;
const ADD_A = [header('a', 'me'), { setWeight: 20 }, { pause: {} }];

const ROWS: readonly { readonly name: string; readonly given: Given; readonly want: readonly string[] }[] = [
  { name: 'G a header route holds from the step that is current', given: { steps: ADD_A }, want: ['a: v2 100'] },
  {
    name: 'F and G later steps leave it alone',
    given: { steps: ADD_A, status: { stepIndex: 2, weights: weights('v2', 20) } },
    want: ['a: v2 100'],
  },
  {
    name: 'a step that has not come yet sets nothing',
    given: { steps: [{ setWeight: 20 }, ...ADD_A] },
    want: [],
  },
  {
    name: 'an empty match takes the route away',
    given: { steps: [header('a', 'me'), { pause: {} }, header('a')], status: { stepIndex: 2 } },
    want: [],
  },
  {
    name: 'the same name again replaces',
    given: { steps: [header('a', 'me'), mirror('a', 50, ANY)], status: { stepIndex: 1, weights: weights('v2', 20) } },
    want: ['a: v1 80, v2 20 +v2 50%'],
  },
  {
    name: 'precedence is the order of managedRoutes, not of the steps',
    given: { steps: [header('c', 'x'), mirror('b', 10, ANY), header('a', 'y')], status: { stepIndex: 2 } },
    want: ['a: v2 100', 'b: v1 100, v2 0 +v2 10%', 'c: v2 100'],
  },
  {
    name: 'a name that is not in managedRoutes is ignored',
    given: { steps: [header('z', 'me'), header('a', 'me')], status: { stepIndex: 1 } },
    want: ['a: v2 100'],
  },
  {
    name: 'one step may set both',
    given: { steps: [{ ...header('b', 'me'), ...mirror('a', 0.5, ANY), setWeight: 20 }] },
    want: ['a: v1 100, v2 0 +v2 0.5%', 'b: v2 100'],
  },
  {
    name: 'a mirror route keeps the split, experiments too',
    given: {
      steps: [mirror('a', 100, ANY)],
      status: { weights: weights('v2', 20, { x1: 15 }) },
      ready: { v1: 4, v2: 1, x1: 1 },
    },
    want: ['a: v1 65, v2 20, x1 15 +v2 100%'],
  },
  { name: 'B promoted: none', given: { steps: ADD_A, status: { currentPodHash: hash('v1'), stepIndex: 3 } }, want: [] },
  { name: 'C aborted: none', given: { steps: ADD_A, status: { aborted: true } }, want: [] },
  { name: 'C aborted by a version not in force: none', given: { steps: ADD_A, record: { aborted: true } }, want: [] },
  { name: 'D canary without a ready pod: none', given: { steps: ADD_A, ready: { v1: 4 } }, want: [] },
  {
    name: 'D canary ready again: back (differs: Argo has forgotten it)',
    given: { steps: ADD_A, status: { stepIndex: 2 }, ready: { v1: 4, v2: 1 } },
    want: ['a: v2 100'],
  },
  { name: 'E promoted in full: none', given: { steps: ADD_A, status: { promoteFull: true, stepIndex: 3 } }, want: [] },
  { name: 'first install: none', given: { steps: ADD_A, status: { stableHash: undefined } }, want: [] },
  {
    name: 'a stable pod is missing: set all the same (differs, argo-rollouts #4561)',
    given: { steps: ADD_A, ready: { v1: 3, v2: 1 } },
    want: ['a: v2 100'],
  },
  {
    name: 'H after the last step: still there',
    given: { steps: ADD_A, status: { stepIndex: 3 } },
    want: ['a: v2 100'],
  },
  {
    name: 'skipped steps count as done (differs)',
    given: { steps: [{ pause: {} }, ...ADD_A], status: { stepIndex: 4 } },
    want: ['a: v2 100'],
  },
  {
    name: 'rollback window: the steps were for another version, none',
    given: {
      steps: ADD_A,
      status: { stepIndex: 3 },
      created: { v1: '2026-02-02T00:00:00Z', v2: '2026-01-01T00:00:00Z' },
    },
    want: [],
  },
  {
    name: 'an older version that walks the steps has their routes',
    given: {
      steps: ADD_A,
      status: { stepIndex: 1 },
      created: { v1: '2026-02-02T00:00:00Z', v2: '2026-01-01T00:00:00Z' },
    },
    want: ['a: v2 100'],
  },
  {
    name: 'a third version over the second: to the third alone',
    given: {
      steps: ADD_A,
      status: { currentPodHash: hash('v3'), weights: weights('v2', 20) },
      ready: { v1: 4, v2: 1, v3: 1 },
    },
    want: ['a: v3 100'],
  },
  { name: 'I no index: none', given: { steps: ADD_A, status: { stepIndex: undefined } }, want: [] },
  {
    name: 'mirrorMethods that no match takes: the route is gone, it does not take everything',
    given: { steps: [mirror('a', 10, method('exact', 'POST'))], options: { mirrorMethods: ['GET', 'HEAD'] } },
    want: [],
  },
  {
    name: 'no mirrorMethods at all: mirrors nothing',
    given: { steps: [mirror('a', 10, ANY)], options: { mirrorMethods: [] } },
    want: [],
  },
];

for (const { name, given, want } of ROWS) {
  test(`managed routes: ${name}`, () => {
    const { managed } = intent({ ...given, canary: ROUTES });
    assert.deepEqual(managed.map(shownRoute), want);
    assert.ok(managed.every(({ matches }) => matches.length > 0));
  });
}

test('managed routes: several items of a header route are alternatives', () => {
  const { managed } = intent({ steps: [header('a', 'me', 'you')], canary: ROUTES });
  assert.deepEqual(managed[0]?.matches, [
    { method: undefined, path: undefined, headers: [{ name: 'x-who', value: { kind: 'exact', value: 'me' } }] },
    { method: undefined, path: undefined, headers: [{ name: 'x-who', value: { kind: 'exact', value: 'you' } }] },
  ]);
});

test('managed routes: the items of a mirror route are alternatives, the conditions of one stay together', () => {
  const both = {
    method: { kind: 'exact', value: 'GET' },
    path: { kind: 'prefix', value: '/api' },
    headers: [{ name: 'x-who', value: { kind: 'regex', value: 'm.*' } }],
  };
  const { managed } = intent({ steps: [mirror('a', 10, both, ANY)], canary: ROUTES });
  assert.deepEqual(managed[0]?.matches, [both, ANY]);
});

const METHODS: readonly { readonly name: string; readonly match: unknown; readonly want: readonly string[] }[] = [
  { name: 'no method in the match', match: ANY, want: ['GET', 'HEAD'] },
  { name: 'an exact one among them', match: method('exact', 'GET'), want: ['GET'] },
  { name: 'a prefix', match: method('prefix', 'H'), want: ['HEAD'] },
  { name: 'a regex, which takes the whole word', match: method('regex', 'GET|HEA|POST'), want: ['GET'] },
];
for (const { name, match, want } of METHODS) {
  test(`mirrorMethods GET and HEAD leave of ${name}: ${want.join(', ')}`, () => {
    const options = { mirrorMethods: ['GET', 'HEAD'] };
    const { managed } = intent({ steps: [mirror('a', 10, match)], canary: ROUTES, options });
    assert.deepEqual(
      managed[0]?.matches.map((one) => one.method?.value),
      want,
    );
    assert.ok(managed[0]?.matches.every((one) => one.method?.kind === 'exact'));
  });
}
