import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERROR_CODES, PROBLEM_CODES } from '../../../src/base/index.js';

const text = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
const sections = text.split(/^### /m).slice(1);

test('docs/errors.md explains exactly our codes, in the order of the code', () => {
  const documented = sections.map((section) => section.slice(0, section.indexOf('\n')));
  assert.deepEqual(documented, [...PROBLEM_CODES, ...ERROR_CODES]);
});

test('a code stands for one thing only', () => {
  const codes = [...PROBLEM_CODES, ...ERROR_CODES];
  assert.equal(new Set(codes).size, codes.length);
});

for (const section of sections) {
  const code = section.slice(0, section.indexOf('\n'));
  test(`docs/errors.md: ${code} has what it means, an example and what to do`, () => {
    const [, example = ''] = /^```\n(.+)\n```$/m.exec(section) ?? [];
    assert.match(example, new RegExp(`\\[${code}\\]$|"code": "${code}"`), 'the example is a message with this code');
    assert.match(section, /^What to do: \S/m);
    assert.match(section, /^(?:error|warning|Exit code \d+|The admin API)[., ]/m);
  });
}
