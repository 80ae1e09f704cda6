import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRollout, withStatus } from '../../../src/cli/play/edit-status.js';
import type { JsonObject } from '../../../src/cli/play/next-status.js';

const WEB = { namespace: 'shop', name: 'web' };
const AFTER: JsonObject = {
  currentPodHash: 'new',
  currentStepIndex: 2,
  canary: { weights: { canary: { weight: 20 } } },
};
const BLOCK = `currentPodHash: new
  currentStepIndex: 2
  canary:
    weights:
      canary:
        weight: 20`;

const rollout = (rest: string): string => `kind: Rollout
metadata: { name: web, namespace: shop }
spec:   {replicas:   2}   # as it was typed
${rest}`;

// A text, and the same with AFTER as the status.
const rows: readonly { readonly name: string; readonly text: string; readonly want: string }[] = [
  { name: 'at the end, where there is none', text: rollout(''), want: rollout(`status:\n  ${BLOCK}\n`) },
  {
    name: 'in the place of another',
    text: rollout('status:\n  currentPodHash: old\n  phase: Paused\n'),
    want: rollout(`status:\n  ${BLOCK}\n`),
  },
  {
    name: 'before what stands after it',
    text: rollout('status:\n  phase: Paused\nother: 1\n'),
    want: rollout(`status:\n  ${BLOCK}\nother: 1\n`),
  },
  { name: 'where it is empty', text: rollout('status:\nother: 1\n'), want: rollout(`status:\n  ${BLOCK}\nother: 1\n`) },
  { name: 'where it is {}', text: rollout('status: {}\nother: 1\n'), want: rollout(`status:\n  ${BLOCK}\nother: 1\n`) },
  {
    name: 'where it stands in braces',
    text: rollout('status: { phase: Paused }\nother: 1\n'),
    want: rollout(`status:\n  ${BLOCK}\nother: 1\n`),
  },
  {
    name: 'without a line end at the end of the file',
    text: rollout('other: 1'),
    want: rollout(`other: 1\nstatus:\n  ${BLOCK}\n`),
  },
  {
    name: 'with the comments of what stays',
    text: rollout(
      '# of the status\nstatus: # here\n  # of the hash\n  currentPodHash: old # was old\n  phase: Paused\n# of the end\n',
    ),
    want: rollout(
      `# of the status\nstatus: # here\n  # of the hash\n  currentPodHash: new # was old\n  ${BLOCK.split('\n').slice(1).join('\n').trimStart()}\n# of the end\n`,
    ),
  },
  {
    name: 'in one document of several',
    text: `kind: Service\nmetadata: {name: web, namespace: shop}\n---\n${rollout('status:\n  phase: Paused\n')}---\n${rollout('').replace('web', 'api')}`,
    want: `kind: Service\nmetadata: {name: web, namespace: shop}\n---\n${rollout(`status:\n  ${BLOCK}\n`)}---\n${rollout('').replace('web', 'api')}`,
  },
  {
    name: 'in an item of a List',
    text: 'kind: List\nitems:\n  - kind: Rollout\n    metadata: { name: web, namespace: shop }\n    status:\n      phase: Paused\n  - kind: Pod\n',
    want: `kind: List\nitems:\n  - kind: Rollout\n    metadata: { name: web, namespace: shop }\n    status:\n      ${BLOCK.replaceAll('\n', '\n    ')}\n  - kind: Pod\n`,
  },
  {
    name: 'in JSON',
    text: '{\n  "kind": "Rollout",\n  "metadata": { "name": "web", "namespace": "shop" },\n  "status": { "phase": "Paused" }\n}\n',
    want: `{\n  "kind": "Rollout",\n  "metadata": { "name": "web", "namespace": "shop" },\n  "status": ${JSON.stringify(AFTER, undefined, 2).replaceAll('\n', '\n  ')}\n}\n`,
  },
];

for (const { name, text, want } of rows) {
  test(`writes a status ${name}, and nothing else`, () => {
    assert.equal(withStatus(text, WEB, AFTER), want);
    assert.deepEqual(findRollout(want, WEB)?.['status'], AFTER);
    assert.equal(withStatus(want, WEB, AFTER), want, 'twice is once');
  });
}

test('writes a status into JSON that has none', () => {
  const text = '{ "kind": "Rollout", "metadata": { "name": "web", "namespace": "shop" } }\n';
  const after = withStatus(text, WEB, AFTER);
  assert.ok(after.startsWith(text.slice(0, -3)));
  assert.deepEqual((JSON.parse(after) as JsonObject)['status'], AFTER);
});

test('a hash that looks like a number stays a text', () => {
  for (const hash of ['5566778899', '1e10', 'on', 'null', '0x1']) {
    const after = withStatus(rollout(''), WEB, { currentPodHash: hash });
    assert.deepEqual(findRollout(after, WEB)?.['status'], { currentPodHash: hash });
  }
});

test('a Rollout without a namespace is in default; another name, kind or namespace is another object', () => {
  const text = 'kind: Rollout\nmetadata: { name: web }\n';
  assert.ok(findRollout(text, { namespace: 'default', name: 'web' }));
  assert.equal(findRollout(text, WEB), undefined);
  assert.equal(findRollout('kind: Service\nmetadata: { name: web, namespace: shop }\n', WEB), undefined);
  assert.equal(findRollout('just words', WEB), undefined);
  assert.equal(findRollout('', WEB), undefined);
});

test('a broken document beside it does not hide it', () => {
  const text = `a: b: c\n---\n${rollout('')}`;
  assert.equal(withStatus(text, WEB, AFTER), `${text}status:\n  ${BLOCK}\n`);
  assert.equal(findRollout('a: b: c\n', WEB), undefined);
});
