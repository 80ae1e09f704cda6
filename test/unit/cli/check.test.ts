import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../../src/base/index.js';
import { paragraph } from '../../../src/cli/commands/check.js';

const WEIGHT: Problem = {
  code: 'WEIGHT_OUT_OF_RANGE',
  severity: 'error',
  object: { kind: 'Rollout', namespace: 'shop', name: 'web' },
  path: 'spec.weight',
  value: '120',
  expected: 'less',
  place: { file: 'web.yaml', line: 3, column: 5 },
};
const { place: _, ...NOWHERE } = WEIGHT;

const rows: readonly { readonly name: string; readonly problem: Problem; readonly want: string }[] = [
  {
    name: 'place, object and field, what was expected',
    problem: WEIGHT,
    want: 'web.yaml:3:5  error  WEIGHT_OUT_OF_RANGE\n  Rollout shop/web spec.weight is 120\n  expected less\n',
  },
  {
    name: 'a field that is missing',
    problem: { ...WEIGHT, value: '', severity: 'warning' },
    want: 'web.yaml:3:5  warning  WEIGHT_OUT_OF_RANGE\n  Rollout shop/web spec.weight is missing\n  expected less\n',
  },
  {
    name: 'an object as a whole',
    problem: { ...WEIGHT, path: '', value: '' },
    want: 'web.yaml:3:5  error  WEIGHT_OUT_OF_RANGE\n  Rollout shop/web\n  expected less\n',
  },
  {
    name: 'a file as a whole',
    problem: { ...WEIGHT, object: { kind: 'File', namespace: '', name: 'web.yaml' }, path: '', value: '' },
    want: 'web.yaml:3:5  error  WEIGHT_OUT_OF_RANGE\n  expected less\n',
  },
  {
    name: 'an object that is in no file',
    problem: NOWHERE,
    want: 'Rollout shop/web  error  WEIGHT_OUT_OF_RANGE\n  spec.weight is 120\n  expected less\n',
  },
  {
    name: 'nothing that steers a terminal',
    problem: { ...WEIGHT, path: 'a\u001b[2J', value: 'b\nc' },
    want: 'web.yaml:3:5  error  WEIGHT_OUT_OF_RANGE\n  Rollout shop/web a\\u{1b}[2J is b\\nc\n  expected less\n',
  },
];

for (const { name, problem, want } of rows) {
  test(`check tells on a terminal ${name}`, () => assert.equal(paragraph(problem), want));
}
