import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documents, LookedAt, type Looks, service } from './given.js';

/** A look at files that are perhaps just being written, or one after they have been quiet, and what it tells. */
type Step =
  | { readonly look: Looks; readonly want: readonly string[] }
  | { readonly settle: Looks; readonly want: readonly string[] };

interface Story {
  readonly name: string;
  readonly steps: readonly Step[];
}

const BOTH = documents(service('a'), service('b'));
const BROKEN_B = documents(service('a', 81), 'kind: [\n');

function podList(...names: readonly string[]): string {
  return JSON.stringify({ kind: 'PodList', items: names.map((name) => ({ metadata: { name, namespace: 'shop' } })) });
}

const stories: readonly Story[] = [
  {
    name: 'a new file, a change, a deletion',
    steps: [
      { look: { 'f.yaml': service('a') }, want: ['+a:80'] },
      { look: { 'f.yaml': service('a', 81) }, want: ['+a:81'] },
      { look: { 'f.yaml': 'gone' }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': 'gone' }, want: ['-a'] },
    ],
  },
  {
    name: 'only the object that changed is told',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml': documents(service('a'), service('b', 81)) }, want: ['+b:81'] },
      { look: { 'f.yaml': documents('# a comment more\n', service('a'), service('b', 81)) }, want: [] },
    ],
  },
  {
    name: 'an object moves to another file and is never gone',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml!': service('a'), 'g.yaml': service('b') }, want: [] },
      { look: { 'f.yaml': 'gone', 'g.yaml': BOTH }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': 'gone' }, want: [] },
    ],
  },
  {
    name: 'a file is renamed',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml': 'gone' }, want: ['f.yaml cut?'] },
      { look: { 'g.yaml': BOTH }, want: [] },
      { settle: { 'f.yaml': 'gone' }, want: [] },
    ],
  },
  {
    name: 'another file takes the name: what it lacks is gone at once',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml!': service('a') }, want: ['-b'] },
    ],
  },
  {
    name: 'written in place: what it lacks is gone when it has been quiet',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml': service('a') }, want: ['f.yaml lost?'] },
      { settle: { 'f.yaml': service('a') }, want: ['-b'] },
    ],
  },
  {
    name: 'written in place and shorter: counts when it has been quiet',
    steps: [
      { look: { 'f.yaml': service('a', 100) }, want: ['+a:100'] },
      { look: { 'f.yaml': service('a', 50) }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': service('a', 50) }, want: ['+a:50'] },
      { look: { 'f.yaml!': service('a', 5) }, want: ['+a:5'] },
    ],
  },
  {
    name: 'JSON that can be read is complete',
    steps: [
      { look: { 'f.json': podList('a', 'b') }, want: ['+Pod a', '+Pod b'] },
      { look: { 'f.json': podList('b') }, want: ['-a'] },
      { look: { 'f.json': podList('b', 'c').slice(0, -2) }, want: ['f.json cut?'] },
    ],
  },
  {
    name: 'taken away, made anew and written: never gone',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml': 'gone' }, want: ['f.yaml cut?'] },
      { look: { 'f.yaml!': '' }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': service('a') }, want: ['f.yaml lost?'] },
      { look: { 'f.yaml': documents(service('a'), service('b', 81)) }, want: ['+b:81'] },
      { look: { 'f.yaml': 'gone' }, want: ['f.yaml cut?'] },
      { look: { 'f.yaml!': documents(service('a'), service('b', 81)) }, want: [] },
      { settle: { 'f.yaml': documents(service('a'), service('b', 81)) }, want: [] },
    ],
  },
  {
    name: 'written in pieces: nothing of the pieces counts',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml': '' }, want: ['f.yaml cut?'] },
      { look: { 'f.yaml': BOTH.slice(0, 40) }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': service('a', 81) }, want: ['f.yaml lost?'] },
      { look: { 'f.yaml': documents(service('a', 81), service('b', 8080)) }, want: ['+a:81', '+b:8080'] },
    ],
  },
  {
    name: 'left empty: reported, and nothing is taken away',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { look: { 'f.yaml': '' }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': '' }, want: ['f.yaml:1 YAML_INVALID'] },
      { look: { 'f.yaml': BOTH }, want: ['f.yaml fine'] },
    ],
  },
  {
    name: 'left cut off within a line: reported, and the last document does not count',
    steps: [
      {
        look: { 'f.yaml': documents(service('a'), service('b', 8080), service('c')) },
        want: ['+a:80', '+b:8080', '+c:80'],
      },
      {
        settle: { 'f.yaml': documents(service('a', 81), service('b', 8080)).slice(0, -3) },
        want: ['+a:81', 'f.yaml:19 YAML_INVALID'],
      },
      {
        settle: { 'f.yaml': documents(service('a', 81), service('b', 8080)).slice(0, -2) },
        want: ['f.yaml:19 YAML_INVALID'],
      },
      { look: { 'f.yaml!': BOTH }, want: ['+a:80', '+b:80', '-c', 'f.yaml fine'] },
    ],
  },
  {
    name: 'a writer who never ends the last line',
    steps: [
      { settle: { 'f.yaml': service('a').trimEnd() }, want: ['+a:80'] },
      { look: { 'f.yaml': service('a', 81).trimEnd() }, want: ['f.yaml cut?'] },
      { settle: { 'f.yaml': service('a', 81).trimEnd() }, want: ['+a:81'] },
    ],
  },
  {
    name: 'a broken document: the good one is used, what the file gave before stays',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      { settle: { 'f.yaml': BROKEN_B }, want: ['+a:81', 'f.yaml:12 YAML_INVALID'] },
      { look: { 'f.yaml': documents(service('a', 81), service('b', 8080)) }, want: ['+b:8080', 'f.yaml fine'] },
    ],
  },
  {
    name: 'a broken document from the start: the good one is used',
    steps: [{ settle: { 'f.yaml': BROKEN_B }, want: ['+a:81', 'f.yaml:12 YAML_INVALID'] }],
  },
  {
    name: 'what a broken file only keeps gives way to another file',
    steps: [
      { look: { 'f.yaml': BOTH }, want: ['+a:80', '+b:80'] },
      {
        settle: { 'f.yaml': BROKEN_B, 'g.yaml': service('b', 82) },
        want: ['+a:81', '+b:82', 'f.yaml:12 YAML_INVALID'],
      },
      { settle: { 'g.yaml': 'gone' }, want: ['+b:80'] },
      { look: { 'f.yaml!': service('a', 81) }, want: ['-b', 'f.yaml fine'] },
    ],
  },
  {
    name: 'an object in two files: the first in path order, and when it goes the other',
    steps: [
      { look: { 'g.yaml': service('a', 81) }, want: ['+a:81'] },
      { look: { 'f.yaml': service('a') }, want: ['+a:80', 'g.yaml:1 OBJECT_DUPLICATE'] },
      { look: { 'g.yaml': service('a', 82) }, want: [] },
      { look: { 'f.yaml': 'gone' }, want: ['+a:82', 'g.yaml fine', 'f.yaml cut?'] },
      { settle: { 'f.yaml': 'gone' }, want: [] },
    ],
  },
  {
    name: 'an object twice in one file: the first',
    steps: [
      {
        settle: { 'f.yaml': documents(service('a'), service('a', 81)) },
        want: ['+a:80', 'f.yaml:11 OBJECT_DUPLICATE'],
      },
    ],
  },
  {
    name: 'an object that is refused is told as refused, and stays so until it is right',
    steps: [
      { look: { 'f.yaml': service('a') }, want: ['+a:80'] },
      { look: { 'f.yaml': service('a', 99_999) }, want: ['!a'] },
      { look: { 'f.yaml': `# a line more\n${service('a', 99_999)}` }, want: ['!a'] },
      { look: { 'f.yaml!': service('a') }, want: ['+a:80'] },
    ],
  },
];

for (const { name, steps } of stories) {
  test(`a folder: ${name}`, () => {
    const lookedAt = new LookedAt();
    for (const [index, step] of steps.entries()) {
      const told = 'look' in step ? lookedAt.look(step.look) : lookedAt.settle(step.settle);
      assert.deepEqual(told, step.want, `step ${index + 1}`);
    }
  });
}

test('an object is located in its file, in a List too', () => {
  const lookedAt = new LookedAt();
  const list = `apiVersion: v1\nkind: List\nitems:\n- kind: Service\n  metadata: {name: c, namespace: shop}\n  spec:\n    ports: [{port: 80}]\n`;
  lookedAt.look({ 'f.yaml': documents(service('a'), service('b')), 'l.yaml': list });
  assert.deepEqual(lookedAt.folder.locate('Service shop/b', 'spec.ports[0].port'), {
    file: 'f.yaml',
    line: 19,
    column: 7,
  });
  assert.deepEqual(lookedAt.folder.locate('Service shop/c', 'spec.ports[0].port'), {
    file: 'l.yaml',
    line: 7,
    column: 14,
  });
  assert.equal(lookedAt.folder.locate('Service shop/nobody', ''), undefined);
});
