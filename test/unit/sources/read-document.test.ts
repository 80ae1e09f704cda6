import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDocument } from '../../../src/sources/read-document.js';
import { service } from './given.js';

const metadata = (name: string): string => `metadata: {name: ${name}, namespace: shop}`;

const rows = [
  { name: 'one object', text: service('a'), ids: ['Service shop/a'], whole: true },
  { name: 'nothing', text: '---\n# only a comment\n', ids: [], whole: true },
  { name: 'an object that is none of ours', text: `kind: ConfigMap\n${metadata('a')}\n`, ids: [], whole: true },
  {
    name: 'a List',
    text: `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, ${metadata('a')}}\n- {kind: ConfigMap}\n`,
    ids: ['Service shop/a'],
    whole: true,
  },
  {
    name: 'a typed list, whose items do not repeat their kind',
    text: `apiVersion: v1\nkind: PodList\nitems:\n- ${metadata('a')}\n- ${metadata('b')}\n`,
    ids: ['Pod shop/a', 'Pod shop/b'],
    whole: true,
  },
  {
    name: 'a List in JSON',
    text: '{"kind":"PodList","items":[{"metadata":{"name":"a"}}]}',
    ids: ['Pod default/a'],
    whole: true,
  },
  { name: 'an empty list', text: 'kind: RolloutList\nitems: []\n', ids: [], whole: true },
  { name: 'an object without a name', text: 'apiVersion: v1\nkind: Service\nspec: {}\n', ids: [], whole: false },
  { name: 'a mapping that is no object', text: 'replicas: 3\n', ids: [], whole: false },
  { name: 'a word', text: 'apiVer', ids: [], whole: false },
  { name: 'broken text', text: 'a: [', ids: [], whole: false },
  { name: 'an alias of itself', text: `kind: Service\n${metadata('a')}\nspec: &s {x: *s}\n`, ids: [], whole: false },
] as const;

for (const { name, text, ids, whole } of rows) {
  test(`objects of a document: ${name}`, () => {
    const reading = readDocument(text);
    assert.deepEqual(
      reading.objects.map(({ id }) => id),
      ids,
    );
    assert.equal(reading.whole, whole);
    assert.equal(reading.problems.length > 0, !whole);
  });
}

test('a problem of a List item is placed on its own line', () => {
  const item = (port: string): string =>
    `- kind: Service\n  ${metadata('a')}\n  spec:\n    ports:\n    - port: ${port}\n`;
  const { objects } = readDocument(`apiVersion: v1\nkind: List\nitems:\n${item('80')}${item('nothing')}`);
  assert.equal(objects[1]?.inside, 'items[1]');
  assert.deepEqual(
    objects[1]?.positions.map(({ line }) => line),
    objects[1]?.event.problems.map(() => 13),
  );
  assert.notEqual(objects[1]?.positions.length, 0);
});

test('comments, order of keys in the file and notation do not make another object', () => {
  const prints = [
    service('a'),
    `# a comment\n${service('a')}`,
    '{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"shop"},"spec":{"ports":[{"name":"http","port":80}]}}',
  ].map((text) => readDocument(text).objects[0]?.fingerprint);
  assert.equal(new Set(prints).size, 1);
  assert.notEqual(prints[0], readDocument(service('a', 81)).objects[0]?.fingerprint);
});
