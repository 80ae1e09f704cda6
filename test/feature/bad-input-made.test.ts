import assert from 'node:assert/strict';
import { rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Problem } from '../../src/base/index.js';
import { translate } from '../harness/translate.js';
import { folderWith, GOOD_ROLLOUT, type Running, running } from './bad-input/given.js';

// What is too large for a fixture, or is no text.

const withStep = (step: string): string => GOOD_ROLLOUT.replace('- setWeight: 20', `- ${step}`);
const withRegex = (pattern: string): string =>
  withStep(
    `setHeaderRoute: { name: testers, match: [{ headerName: a, headerValue: { regex: "${pattern}" } }] }`,
  ).replace('trafficRouting:', 'trafficRouting:\n        managedRoutes: [{ name: testers }]');
const good = (index: number): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: s${index}\n  namespace: shop\nspec:\n  ports:\n    - { name: http, port: 80 }\n---\n`;

async function problemsOf(t: TestContext, web: string | Buffer): Promise<readonly Problem[]> {
  const folder = await folderWith(t, web);
  const { problems, endpoints } = await translate(folder, folder);
  assert.ok(JSON.stringify(endpoints).includes('"shop/good:80"'), 'the rest is served');
  return problems;
}

function shown(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ code, place }) => `${place?.file}:${place?.line} ${code}`);
}

/** Puts a text in the place of the good Rollout of a folder that is being served; gives the problems that follow. */
async function replaced(
  t: TestContext,
  web: string | Buffer,
): Promise<Running & { readonly told: readonly Problem[] }> {
  const folder = await folderWith(t, GOOD_ROLLOUT);
  const live = await running(t, folder);
  assert.equal(live.split(), '80/20');
  await writeFile(join(folder, 'web.part'), web);
  await rename(join(folder, 'web.part'), join(folder, 'web.yaml'));
  const told = await live.problem(({ severity }) => severity === 'error');
  return { ...live, told };
}

async function keeps(t: TestContext, web: string | Buffer, code: string): Promise<readonly Problem[]> {
  const live = await replaced(t, web);
  assert.deepEqual(
    live.told.map((problem) => problem.code),
    [code],
  );
  assert.equal(live.split(), '80/20', 'the last good version stays in force');
  assert.deepEqual(live.good(), ['127.0.0.1:9009']);
  return live.told;
}

test('bad input: a regex may have 1,024 characters and not one more', async (t) => {
  assert.deepEqual(await problemsOf(t, withRegex('x'.repeat(1024))), []);
  const [problem] = await keeps(t, withRegex('x'.repeat(1025)), 'REGEX_INVALID');
  assert.equal(problem?.expected, 'at most 1024 characters, not 1025');
  assert.ok((problem?.value.length ?? 0) < 100, 'the message does not repeat all of it');
});

const tenThousand = Array.from({ length: 1250 }, (_, index) => good(index)).join('');

test('bad input: a mistake at the end of 10,000 lines is told with its line', async (t) => {
  const text = `${tenThousand}${withStep('setWeight: 120')}`;
  const line = text.split('\n').findIndex((content) => content.includes('setWeight: 120')) + 1;
  assert.ok(line > 10_000);
  const started = performance.now();
  assert.deepEqual(shown(await problemsOf(t, text)), [`web.yaml:${line} WEIGHT_OUT_OF_RANGE`]);
  t.diagnostic(`read, derived and told in ${Math.round(performance.now() - started)} ms`);
});

test('bad input: YAML that breaks at the end of 10,000 lines takes away nothing that stands before it', async (t) => {
  const folder = await folderWith(t, `${tenThousand}apiVersion: v1\nkind: "Service\n`);
  const { problems, clusters } = await translate(folder, folder);
  assert.deepEqual(shown(problems), ['web.yaml:11252 YAML_INVALID']);
  assert.equal(clusters.length, 1250 + 2);
});

test('bad input: a mistake at the end of one List of 10,000 lines is told with its line', async (t) => {
  const item = (index: number): string =>
    `  - apiVersion: v1\n    kind: Service\n    metadata: { name: s${index}, namespace: shop }\n    spec: { ports: [{ port: 80 }] }\n`;
  const items = Array.from({ length: 2500 }, (_, index) => item(index)).join('');
  const text = `apiVersion: v1\nkind: List\nitems:\n${items}${item(2500).replace('port: 80', 'port: eighty')}`;
  assert.deepEqual(shown(await problemsOf(t, text)), ['web.yaml:10007 FIELD_TYPE']);
});

test('bad input: aliases that would grow to billions of values', async (t) => {
  const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`);
  const bomb = `a0: &a0 [x]\n${levels.join('\n')}\n`;
  const started = performance.now();
  await keeps(t, `${GOOD_ROLLOUT.replace('20', '50')}${bomb}`, 'YAML_INVALID');
  t.diagnostic(`refused after ${Math.round(performance.now() - started)} ms`);
});

for (const [what, text] of [
  ['lists in lists', `apiVersion: v1\nkind: Rollout\nspec: ${'['.repeat(100_000)}\n`],
  ['mappings in mappings, as JSON', `{"kind":"Rollout","a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
  [
    'YAML that would run to the right for ever',
    Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
  ],
] as const) {
  test(`bad input: ${what} do not break the stack`, async (t) => {
    const live = await replaced(t, text);
    assert.equal(live.split(), '80/20');
    assert.deepEqual(live.good(), ['127.0.0.1:9009']);
  });
}

test('bad input: JSON that is broken is told where it breaks', async (t) => {
  const [problem] = await keeps(
    t,
    '{\n  "apiVersion": "v1",\n  "kind": "Service"\n  "metadata": {}\n}\n',
    'YAML_INVALID',
  );
  assert.ok(problem?.place?.line === 3 || problem?.place?.line === 4, `line ${problem?.place?.line}`);
});

test('bad input: a key twice in JSON is told where it stands', async (t) => {
  const [problem] = await keeps(
    t,
    '{\n  "apiVersion": "v1",\n  "kind": "Service",\n  "kind": "Pod"\n}\n',
    'YAML_INVALID',
  );
  assert.equal(problem?.place?.line, 4);
});

test('bad input: a file that is not UTF-8', async (t) => {
  const [problem] = await keeps(t, Buffer.from([0xff, 0xfe, 0x41, 0x00]), 'FILE_UNREADABLE');
  assert.match(problem?.expected ?? '', /UTF-8/);
});

test('bad input: a file with a byte order mark is read', async (t) => {
  assert.deepEqual(await problemsOf(t, `\ufeff${GOOD_ROLLOUT}`), []);
});

test('bad input: lines that end as on Windows are read, and counted right', async (t) => {
  const text = withStep('setWeight: 120');
  const line = text.split('\n').findIndex((content) => content.includes('setWeight: 120')) + 1;
  assert.deepEqual(shown(await problemsOf(t, text.replaceAll('\n', '\r\n'))), [`web.yaml:${line} WEIGHT_OUT_OF_RANGE`]);
});

test('bad input: a file that is too large', async (t) => {
  const folder = await folderWith(t, '');
  await truncate(join(folder, 'web.yaml'), 16_777_217);
  const { problems } = await translate(folder, folder);
  assert.deepEqual(shown(problems), ['web.yaml:1 FILE_TOO_LARGE']);
});

test('bad input: a file that has become empty keeps what it gave', async (t) => {
  await keeps(t, '', 'YAML_INVALID');
});

test('bad input: a link that leads nowhere is no file', async (t) => {
  const folder = await folderWith(t, GOOD_ROLLOUT);
  await symlink(join(folder, 'nowhere'), join(folder, 'link.yaml'));
  const { problems, clusters } = await translate(folder, folder);
  assert.deepEqual(problems, []);
  assert.equal(clusters.length, 3);
});

test('bad input: of one object in two files the first in path order is used, and the other is told', async (t) => {
  const folder = await folderWith(t, GOOD_ROLLOUT);
  await writeFile(
    join(folder, 'also.yaml'),
    GOOD_ROLLOUT.replace('weight: 20', 'weight: 50').replace('weight: 80', 'weight: 50'),
  );
  const live = await running(t, folder);
  assert.equal(live.split(), '50/50');
  const [problem] = live.problems();
  assert.equal(problem?.code, 'OBJECT_DUPLICATE');
  assert.match(problem?.place?.file ?? '', /web\.yaml$/);
  assert.match(problem?.expected ?? '', /also\.yaml:1 has it too/);
});

test('bad input: a thousand mistakes in one object are told up to the first hundred', async (t) => {
  const steps = Array.from({ length: 1000 }, () => '- setWeight: 120').join('\n        ');
  const problems = await problemsOf(t, GOOD_ROLLOUT.replace('- setWeight: 20', steps));
  assert.equal(problems.length, 100);
});

test('bad input: objects of another group with the same kind are none of our business', async (t) => {
  const foreign = [
    GOOD_ROLLOUT.replace('argoproj.io/v1alpha1', 'rollouts.kruise.io/v1beta1').replace(
      'setWeight: 20',
      'setWeight: 120',
    ),
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { ports: none }\n',
  ];
  assert.deepEqual(await problemsOf(t, foreign.join('---\n')), []);
});

test('bad input: an abort counts although the spec beside it is broken', async (t) => {
  const live = await replaced(t, `${withStep('setWeight: 120')}  abort: true\n`);
  assert.equal(live.split(), '100/0');
});

test('bad input: once the mistake is mended, what the file says counts and nothing is told any more', async (t) => {
  const folder = await folderWith(t, withStep('setWeight: 120'));
  const live = await running(t, folder);
  assert.equal(live.split(), '100/0', 'stable alone, for nothing is known of the steps');
  await writeFile(join(folder, 'web.part'), GOOD_ROLLOUT);
  await rename(join(folder, 'web.part'), join(folder, 'web.yaml'));
  await live.quiet();
  assert.equal(live.split(), '80/20');
});
