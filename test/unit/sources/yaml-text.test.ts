import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateIn, parseText } from '../../../src/sources/yaml-text.js';

const STEPS = `kind: Rollout
metadata:
  annotations:
    penstock.dev/options: |
      {"timeout": "1s"}
spec: &spec
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 120
copy: *spec
`;

const places = [
  { path: 'spec.strategy.canary.steps[2].setWeight', want: [12, 11] },
  { path: 'spec.strategy.canary.steps[1]', want: [11, 11] },
  { path: 'spec.strategy.canary.steps[7].setWeight', want: [9, 7] },
  { path: 'spec.strategy.canary.maxTrafficWeight', want: [8, 5] },
  { path: 'metadata.annotations["penstock.dev/options"].timeout', want: [4, 5] },
  { path: "metadata.annotations['penstock.dev/options']", want: [4, 5] },
  { path: 'metadata.annotations.penstock.dev/options', want: [4, 5] },
  { path: 'copy.strategy.canary', want: [8, 5] },
  { path: 'nothing.of.this', want: [1, 1] },
  { path: '', want: [1, 1] },
] as const;

for (const { path, want } of places) {
  test(`place of a field: ${path === '' ? 'the object' : path}`, () => {
    const { line, column } = locateIn(STEPS)(path);
    assert.deepEqual([line, column], want);
  });
}

test('place of a field of a one-line JSON text', () => {
  const { line, column } = locateIn('{"spec": {"steps": [{"setWeight": 120}]}}')('spec.steps[0].setWeight');
  assert.deepEqual([line, column], [1, 22]);
});

const broken = [
  { name: 'a key given twice', text: 'a: 1\nb: 2\na: 3\n', at: 3, says: /unique/ },
  { name: 'a key given twice in JSON', text: '{\n  "a": 1,\n  "b": {"a": 1},\n  "a": 2\n}\n', at: 4, says: /unique/ },
  { name: 'JSON that is cut off', text: '{"a": [1, 2', at: 1, says: /./ },
  { name: 'a wrong indentation', text: 'a:\n  b: 1\n c: 2\n', at: 3, says: /indent|column/ },
  { name: 'a tab', text: 'a:\n\tb: 1\n', at: 2, says: /Tabs/ },
  { name: 'an alias of nothing', text: 'a: 1\nb: *nobody\n', at: 2, says: /alias/i },
  { name: 'an alias bomb', text: bomb(12), at: 1, says: /alias/i },
  { name: 'nesting deeper than the stack', text: '['.repeat(50_000), at: 1, says: /levels deep/ },
  { name: 'lists nested on one line', text: `a:\n  ${'- '.repeat(5000)}x\n`, at: 2, says: /levels deep/ },
  { name: 'mappings nested by indentation', text: stairs(2000), at: 256, says: /levels deep/ },
  { name: 'JSON nested too deep', text: `{"a":\n${'['.repeat(5000)}${']'.repeat(5000)}}`, at: 2, says: /levels deep/ },
] as const;

for (const { name, text, at, says } of broken) {
  test(`broken text: ${name}`, () => {
    const parsed = parseText(text);
    assert.equal(parsed.kind, 'broken');
    if (parsed.kind !== 'broken') return;
    assert.equal(parsed.at.line, at);
    assert.match(parsed.message, says);
  });
}

function stairs(steps: number): string {
  return Array.from({ length: steps }, (_, n) => `${' '.repeat(n)}a:\n`).join('');
}

/** Each line refers ten times to the one before. */
function bomb(lines: number): string {
  const rest = Array.from({ length: lines }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}*a${n}]\n`);
  return `a0: &a0 x\n${rest.join('')}`;
}

test('a __proto__ key is a key like any other', () => {
  for (const text of ['__proto__: {polluted: 1}\n', '{"__proto__": {"polluted": 1}}']) {
    const parsed = parseText(text);
    assert.equal(parsed.kind, 'value');
    if (parsed.kind !== 'value') return;
    assert.deepEqual(Object.keys(parsed.value ?? {}), ['__proto__']);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  }
});

test('equal keys in different objects of a JSON text are no fault', () => {
  const parsed = parseText('{"items": [{"a": "}"}, {"a": "\\"a\\":"}], "a": 1}');
  assert.deepEqual(parsed.kind === 'value' && parsed.value, { items: [{ a: '}' }, { a: '"a":' }], a: 1 });
});

test('a JSON string of many megabytes is read', () => {
  assert.equal(parseText(JSON.stringify({ a: 'x'.repeat(9_000_000) })).kind, 'value');
});

test('one fault in 10,000 lines is told with its line', () => {
  const lines = Array.from({ length: 10_000 }, (_, n) => `key${n}: value`);
  lines[7_654] = 'key7654: "open';
  const parsed = parseText(lines.join('\n'));
  assert.equal(parsed.kind === 'broken' && parsed.at.line, 7_655);
});
