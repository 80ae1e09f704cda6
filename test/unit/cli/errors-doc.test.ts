import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERROR_CODES, PROBLEM_CODES } from '../../../src/base/index.js';

// The tests run in the root of the repository.
const page = readFileSync('docs/errors.md', 'utf8');
const [problemsPart = '', errorsPart = ''] = page.split('\n## Errors\n');

interface Entry {
  readonly code: string;
  readonly text: string;
}

function entries(part: string): readonly Entry[] {
  return part
    .split(/^### /m)
    .slice(1)
    .map((text) => ({ code: text.slice(0, text.indexOf('\n')), text: text.split(/^## /m)[0] ?? '' }));
}

test('docs/errors.md has exactly the codes there are, in their order', () => {
  assert.deepEqual(
    entries(problemsPart).map(({ code }) => code),
    PROBLEM_CODES,
  );
  assert.deepEqual(
    entries(errorsPart).map(({ code }) => code),
    ERROR_CODES,
  );
});

for (const { code, text } of [...entries(problemsPart), ...entries(errorsPart)]) {
  test(`docs/errors.md says of ${code} what it means, how it looks and what to do`, () => {
    const [meaning, example, advice, ...more] = text.slice(code.length).split('```');
    assert.deepEqual(more, []);
    assert.ok((meaning ?? '').trim().length > 20, 'what it means');
    assert.ok(example?.includes(code), 'an example');
    assert.ok((advice ?? '').trim().length > 5, 'what to do');
  });
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('base') && file !== join('cli', 'exit.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'));

for (const code of [...PROBLEM_CODES, ...ERROR_CODES]) {
  test(`${code} is told by somebody`, () => {
    assert.ok(sources.some((text) => text.includes(`'${code}'`)));
  });
}

test('nobody tells a code that there is not', () => {
  const known = new Set<string>([...PROBLEM_CODES, ...ERROR_CODES]);
  const told = sources.flatMap((text) => [...text.matchAll(/\bcode: '([A-Z_]+)'/g)].map(([, code = '']) => code));
  assert.ok(told.length > 0);
  assert.deepEqual(
    told.filter((code) => !known.has(code)),
    [],
  );
});
