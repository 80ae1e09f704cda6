import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitDocuments } from '../../../src/sources/split-documents.js';

const rows = [
  { name: 'nothing', text: '', want: [] },
  { name: 'comments only', text: '# a\n\n', want: [] },
  { name: 'one without a marker', text: 'a: 1\n', want: [[1, 'a: 1\n']] },
  { name: 'one without a last line end', text: 'a: 1', want: [[1, 'a: 1']] },
  {
    name: 'two',
    text: 'a: 1\n---\nb: 2\n',
    want: [
      [1, 'a: 1\n'],
      [2, '---\nb: 2\n'],
    ],
  },
  {
    name: 'two with Windows line ends',
    text: 'a: 1\r\n---\r\nb: 2\r\n',
    want: [
      [1, 'a: 1\r\n'],
      [2, '---\r\nb: 2\r\n'],
    ],
  },
  {
    name: 'a comment before the first marker belongs to it',
    text: '# c\n---\na: 1\n',
    want: [[1, '# c\n---\na: 1\n']],
  },
  {
    name: 'a directive belongs to what follows',
    text: '%YAML 1.2\n---\na: 1\n',
    want: [[1, '%YAML 1.2\n---\na: 1\n']],
  },
  {
    name: 'content on the line of the marker',
    text: '--- {a: 1}\n--- # c\nb: 2\n',
    want: [
      [1, '--- {a: 1}\n'],
      [2, '--- # c\nb: 2\n'],
    ],
  },
  {
    name: 'an end marker',
    text: 'a: 1\n...\n\nb: 2\n',
    want: [
      [1, 'a: 1\n...\n'],
      [3, '\nb: 2\n'],
    ],
  },
  {
    name: 'four dashes and an indented marker are content',
    text: 'a: |\n  ---\nb: x\n----: 1\n',
    want: [[1, 'a: |\n  ---\nb: x\n----: 1\n']],
  },
] as const;

for (const { name, text, want } of rows) {
  test(`documents of a file: ${name}`, () => {
    assert.deepEqual(
      splitDocuments(text).map((document) => [document.line, document.text]),
      want,
    );
  });
}
