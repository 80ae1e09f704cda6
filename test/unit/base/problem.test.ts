import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Problem, printProblem, showValue } from '../../../src/base/index.js';

const WEIGHT: Problem = {
  code: 'WEIGHT_OUT_OF_RANGE',
  severity: 'error',
  object: { kind: 'Rollout', namespace: 'shop', name: 'web' },
  path: 'spec.weight',
  value: '120',
  expected: 'less',
};
const place = { file: 'web.yaml', line: 3, column: 5 };

const rows: readonly { readonly name: string; readonly problem: Partial<Problem>; readonly want: string }[] = [
  {
    name: 'the object, its field and what stands there',
    problem: {},
    want: 'Rollout shop/web: spec.weight is 120, expected less [WEIGHT_OUT_OF_RANGE]',
  },
  {
    name: 'the place first',
    problem: { place },
    want: 'web.yaml:3:5: Rollout shop/web: spec.weight is 120, expected less [WEIGHT_OUT_OF_RANGE]',
  },
  {
    name: 'that a field is missing',
    problem: { value: '' },
    want: 'Rollout shop/web: spec.weight is missing, expected less [WEIGHT_OUT_OF_RANGE]',
  },
  {
    name: 'no field where the object as a whole is meant',
    problem: { path: '', value: '' },
    want: 'Rollout shop/web: expected less [WEIGHT_OUT_OF_RANGE]',
  },
  {
    name: 'a file once',
    problem: { place, object: { kind: 'File', namespace: '', name: 'web.yaml' }, path: '', value: '' },
    want: 'web.yaml:3:5: expected less [WEIGHT_OUT_OF_RANGE]',
  },
  {
    name: 'a file without a place',
    problem: { object: { kind: 'File', namespace: '', name: 'web.yaml' }, path: '', value: '' },
    want: 'File web.yaml: expected less [WEIGHT_OUT_OF_RANGE]',
  },
  {
    name: 'what would steer a terminal as escapes',
    problem: { object: { kind: 'Rollout', namespace: 'shop', name: 'w\u0000e\u001b[2Jb' }, expected: 'le\u202ess\n' },
    want: 'Rollout shop/w\\u{0}e\\u{1b}[2Jb: spec.weight is 120, expected le\\u{202e}ss\\u{a} [WEIGHT_OUT_OF_RANGE]',
  },
];
for (const { name, problem, want } of rows) {
  test(`a printed problem tells ${name}`, () => assert.equal(printProblem({ ...WEIGHT, ...problem }), want));
}

test('a value is shown as JSON, numbers that JSON has not as they are, and cut', () => {
  assert.deepEqual([undefined, null, 'a\n', 1.5, Number.POSITIVE_INFINITY, ['x'.repeat(100)]].map(showValue), [
    '',
    'null',
    '"a\\n"',
    '1.5',
    'Infinity',
    `["${'x'.repeat(78)}…`,
  ]);
});
