import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DurationMs, durationMs } from '../../src/base/index.js';
import { directorySource, readDirectory } from '../../src/sources/index.js';
import { documents, service } from '../unit/sources/given.js';
import { Scene, scene } from './directory-source-given.js';

const BOTH = documents(service('a'), service('b'));

/** Far beyond any test: what is seen, an event told. */
const NO_RESCAN = { rescanEvery: ms(3_600_000) };

function ms(span: number): DurationMs {
  const duration = durationMs(span);
  assert.ok(duration !== undefined);
  return duration;
}

test('the first listing is one batch, folders and all endings in it', async (t) => {
  const list = `apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: e, namespace: shop}\n  spec: {ports: [{port: 1}]}\n`;
  const json = JSON.stringify({
    kind: 'Service',
    metadata: { name: 'd', namespace: 'shop' },
    spec: { ports: [{ port: 2 }] },
  });
  const there = await scene(t, {
    'a.yaml': BOTH,
    'deep/er/c.YML': service('c'),
    'd.json': json,
    'e.yaml': list,
    '.hidden.yaml': service('x'),
    '.git/y.yaml': service('y'),
    'notes.txt': service('z'),
    'backup.yaml~': service('z'),
  });
  assert.deepEqual(there.objects(), ['+a:80', '+b:80', '+c:80', '+d:2', '+e:1']);
  assert.equal(there.batches, 1);
});

test('the present folder, and a path that ends in a slash', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, NO_RESCAN);
  const before = process.cwd();
  process.chdir(there.path);
  t.after(() => {
    process.chdir(before);
  });
  for (const path of ['.', './', `${there.path}/`]) {
    const other = new Scene(path, NO_RESCAN);
    t.after(() => other.source.stop());
    await other.start();
    await there.write('sub/g.yaml', service('b'));
    await other.untilObjects('+a:80', '+b:80');
    await rm(join(there.path, 'sub'), { recursive: true });
    await other.untilObjects('+a:80');
    await other.source.stop();
  }
});

test('the present folder goes away with what is in it, and comes back', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, NO_RESCAN);
  const before = process.cwd();
  process.chdir(there.path);
  const other = new Scene('.', NO_RESCAN);
  t.after(async () => {
    process.chdir(before);
    await other.source.stop();
  });
  await other.start();
  await rename(there.path, join(there.path, '..', 'away'));
  await other.until('the problem', () => other.problems().length > 0);
  assert.deepEqual(other.objects(), ['+a:80']);
  await there.write('f.yaml', service('a', 81));
  await other.untilObjects('+a:81');
});

test('an empty folder gives one empty batch', async (t) => {
  const there = await scene(t);
  assert.equal(there.batches, 1);
  assert.deepEqual(there.told, []);
});

test('a folder that is not there is told with its path', async () => {
  const source = directorySource('/nowhere/at/all', {}, { warn: () => undefined });
  const sink = { apply: () => undefined, fileProblems: () => undefined };
  await assert.rejects(source.start(sink), { code: 'SOURCE_UNREADABLE', message: /\/nowhere\/at\/all/ });
  await assert.rejects(readDirectory('/nowhere/at/all'), { code: 'SOURCE_UNREADABLE' });
  await source.stop();
});

test('written in place, replaced, deleted', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, NO_RESCAN);
  await there.write('f.yaml', documents(service('a', 81), service('b')));
  await there.untilObjects('+a:81', '+b:80');
  await there.replace('f.yaml', service('a', 82));
  await there.untilObjects('+a:82');
  await there.write('g.yaml', service('c'));
  await there.untilObjects('+a:82', '+c:80');
  await rm(join(there.path, 'f.yaml'));
  await there.untilObjects('+c:80');
  assert.deepEqual(there.told, ['+a:80', '+b:80', '+a:81', '+a:82', '-b', '+c:80', '-a']);
});

test('a file is renamed, also to a name that does not count', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a'), 'g.yaml': service('b') }, NO_RESCAN);
  await rename(join(there.path, 'f.yaml'), join(there.path, 'g.yaml'));
  await there.untilObjects('+a:80');
  await rename(join(there.path, 'g.yaml'), join(there.path, 'g.yaml.off'));
  await there.untilObjects();
  await rename(join(there.path, 'g.yaml.off'), join(there.path, 'h.yml'));
  await there.untilObjects('+a:80');
});

test('folders come later, are filled, renamed and deleted', async (t) => {
  const there = await scene(t, {}, NO_RESCAN);
  await there.write('one/two/f.yaml', service('a'));
  await there.untilObjects('+a:80');
  await there.write('one/two/f.yaml', service('a', 81));
  await there.untilObjects('+a:81');
  await rename(join(there.path, 'one'), join(there.path, 'other'));
  await there.write('other/two/g.yaml', service('b'));
  await there.untilObjects('+a:81', '+b:80');
  await there.write('one/f.yaml', service('c'));
  await there.untilObjects('+a:81', '+b:80', '+c:80');
  await there.write('other/two/f.yaml', service('a', 82));
  await there.untilObjects('+a:82', '+b:80', '+c:80');
  await rename(join(there.path, 'other'), join(there.path, '..', 'elsewhere'));
  await there.untilObjects('+c:80');
  await rm(join(there.path, 'one'), { recursive: true });
  await there.untilObjects();
});

test('a mounted ConfigMap: read once, swapped as a whole', async (t) => {
  const there = await scene(t, {}, NO_RESCAN);
  await there.mount(1, { 'f.yaml': BOTH, 'sub/g.yaml': service('c') });
  await there.untilObjects('+a:80', '+b:80', '+c:80');
  await there.mount(2, { 'f.yaml': documents(service('a', 81), service('b', 81)), 'sub/g.yaml': service('c', 81) });
  await there.untilObjects('+a:81', '+b:81', '+c:81');
  await there.mount(3, { 'f.yaml': service('a', 82), 'sub/g.yaml': service('c', 81) });
  await there.untilObjects('+a:82', '+c:81');
  assert.deepEqual(there.problems(), []);
  assert.equal(there.told.filter((line) => line.startsWith('-')).join(), '-b');
});

test('an empty or cut off file takes nothing away, and neither does what follows it', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, NO_RESCAN);
  await truncate(join(there.path, 'f.yaml'), 0);
  await there.untilProblems('f.yaml:1 YAML_INVALID');
  await appendFile(join(there.path, 'f.yaml'), BOTH.slice(0, 120));
  await there.untilProblems('f.yaml:11 YAML_INVALID');
  await appendFile(join(there.path, 'f.yaml'), BOTH.slice(120));
  await there.untilProblems();
  await there.write('f.yaml', documents(service('a', 81), service('b')));
  await there.untilObjects('+a:81', '+b:80');
  assert.deepEqual(there.told, ['+a:80', '+b:80', '+a:81']);
});

test('a writer that empties the file before it writes is not seen half-way', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, { ...NO_RESCAN, settle: ms(100) });
  for (let port = 1000; port < 1050; port += 1) {
    await truncate(join(there.path, 'f.yaml'), 0);
    await appendFile(join(there.path, 'f.yaml'), service('a', port));
    await appendFile(join(there.path, 'f.yaml'), `---\n${service('b', port)}`);
  }
  await there.untilObjects('+a:1049', '+b:1049');
  assert.deepEqual(
    there.told.filter((line) => line.startsWith('-')),
    [],
  );
});

test('a writer that takes the old file away first', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, { ...NO_RESCAN, settle: ms(100) });
  for (let port = 1000; port < 1050; port += 1) {
    await rename(join(there.path, 'f.yaml'), join(there.path, 'f.yaml~'));
    await there.write('f.yaml', documents(service('a', port), service('b', port)));
    await rm(join(there.path, 'f.yaml~'));
  }
  await there.untilObjects('+a:1049', '+b:1049');
  assert.deepEqual(
    there.told.filter((line) => line.startsWith('-')),
    [],
  );
});

test('a bad document beside good ones', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, NO_RESCAN);
  await there.replace('f.yaml', documents(service('a', 81), 'kind: Service\nmetadata: {name: b\n'));
  await there.untilObjects('+a:81', '+b:80');
  await there.untilProblems('f.yaml:13 YAML_INVALID');
  await there.replace('f.yaml', documents(service('a', 81), service('b', 82)));
  await there.untilObjects('+a:81', '+b:82');
  assert.deepEqual(there.problems(), []);
});

test('an object in two files', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a'), 'g.yaml': service('a', 81) }, NO_RESCAN);
  assert.deepEqual(there.objects(), ['+a:80']);
  assert.deepEqual(there.problems(), ['g.yaml:1 OBJECT_DUPLICATE']);
  await rm(join(there.path, 'f.yaml'));
  await there.untilObjects('+a:81');
  assert.deepEqual(there.problems(), []);
  assert.deepEqual(there.told, ['+a:80', '+a:81']);
});

test('an object moves between files', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, NO_RESCAN);
  await there.replace('g.yaml', service('b', 81));
  await there.untilProblems('g.yaml:1 OBJECT_DUPLICATE');
  await there.replace('f.yaml', service('a'));
  await there.untilObjects('+a:80', '+b:81');
  assert.deepEqual(there.told, ['+a:80', '+b:80', '+b:81']);
});

test('a burst of 200 files, and 200 changes of one', async (t) => {
  const there = await scene(t, {}, NO_RESCAN);
  const names = Array.from({ length: 200 }, (_, n) => `s${String(n).padStart(3, '0')}`);
  await Promise.all(names.map((name) => there.write(`${name}.yaml`, service(name))));
  await there.untilObjects(...names.map((name) => `+${name}:80`));
  for (const port of names.keys()) await there.replace('s000.yaml', service('s000', 1000 + port));
  await there.untilObjects(...names.map((name, n) => `+${name}:${n === 0 ? 1199 : 80}`));
  assert.equal(there.told.filter((line) => line.startsWith('-')).length, 0);
});

test('the folder itself goes away and comes back', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH }, NO_RESCAN);
  const away = join(there.path, '..', 'away');
  await rename(there.path, away);
  await there.untilProblems(':1 FILE_UNREADABLE');
  assert.deepEqual(there.objects(), ['+a:80', '+b:80']);
  await writeFile(join(away, 'f.yaml'), service('a', 81));
  await rename(away, there.path);
  await there.untilObjects('+a:81');
  await there.untilProblems();
  await there.write('g.yaml', service('c'));
  await there.untilObjects('+a:81', '+c:80');
});

test('the folder is a link that is swapped', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, NO_RESCAN);
  const next = join(there.path, '..', 'next');
  await mkdir(next);
  await writeFile(join(next, 'f.yaml'), service('a', 81));
  await symlink(next, join(there.path, '..', 'link'));
  await rename(there.path, join(there.path, '..', 'former'));
  await there.untilProblems(':1 FILE_UNREADABLE');
  await rename(join(there.path, '..', 'link'), there.path);
  await there.untilObjects('+a:81');
  await writeFile(join(next, 'f.yaml'), service('a', 82));
  await there.untilObjects('+a:82');
});

test('a link that leads around is followed once', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, NO_RESCAN);
  await symlink('.', join(there.path, 'around'));
  await there.write('g.yaml', service('b'));
  await there.untilObjects('+a:80', '+b:80');
  assert.deepEqual(there.problems(), []);
});

test('what no event tells is found by looking', async (t) => {
  const there = await scene(t, {}, { rescanEvery: ms(20) });
  const target = join(there.path, '..', 'target.yaml');
  await writeFile(target, service('a'));
  await symlink(target, join(there.path, 'f.yaml'));
  await there.untilObjects('+a:80');
  // The folder of the target is watched by nobody.
  await writeFile(target, service('a', 81));
  await there.untilObjects('+a:81');
});

test('a file that is too large or no text keeps what it gave', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a'), 'g.yaml': service('b') }, { ...NO_RESCAN, fileLimit: 1000 });
  await there.replace('f.yaml', service('a', 81) + '#'.repeat(1000));
  await there.untilProblems('f.yaml:1 FILE_TOO_LARGE');
  await writeFile(join(there.path, 'g.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
  await there.untilProblems('f.yaml:1 FILE_TOO_LARGE', 'g.yaml:1 FILE_UNREADABLE');
  await there.replace('f.yaml', service('a', 82));
  await there.replace('g.yaml', service('b', 82));
  await there.untilObjects('+a:82', '+b:82');
  await there.untilProblems();
  assert.deepEqual(there.told, ['+a:80', '+b:80', '+a:82', '+b:82']);
});

test('a batch says when the first sign of it came: waiting for a file to be whole is time too', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, { ...NO_RESCAN, settle: ms(100) });
  assert.ok(there.age > 0, 'reading takes time');
  const startedAt = performance.now();
  await there.replace('f.yaml', `${service('a', 81)}# one more line\n`);
  await there.untilObjects('+a:81');
  assert.ok(there.age > 0 && there.age < performance.now() - startedAt, `${there.age} ms`);
  // In place and shorter than before: perhaps there is more to come.
  await there.write('f.yaml', service('a', 82));
  await there.untilObjects('+a:82');
  assert.ok(there.age >= 99, `${there.age} ms`);
});

test('after stop nothing is told', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, NO_RESCAN);
  const other = await scene(t);
  await there.source.stop();
  await there.write('f.yaml', service('a', 81));
  // Events come in order to all watches of the process: what the other source was told, the first could have been told too.
  await other.write('g.yaml', service('b'));
  await other.untilObjects('+b:80');
  assert.deepEqual(there.told, ['+a:80']);
});

test('stopped while it starts: nothing is told', async (t) => {
  const there = await scene(t, { 'f.yaml': service('a') }, NO_RESCAN);
  const other = new Scene(there.path, NO_RESCAN);
  const started = other.start();
  await other.source.stop();
  await started;
  assert.equal(other.batches, 0);
});

test('a folder or a single file of any name is read once', async (t) => {
  const there = await scene(t, { 'f.yaml': BOTH, 'g.yaml': 'kind: [\n', 'objects.txt': service('c') });
  const folder = await readDirectory(there.path);
  assert.deepEqual([folder.events.length, folder.problems.map(({ code }) => code)], [2, ['YAML_INVALID']]);
  const file = await readDirectory(join(there.path, 'objects.txt'));
  assert.equal(file.events.length, 1);
  const ref = { kind: 'Service', namespace: 'shop', name: 'c' };
  assert.deepEqual(file.locate(ref, 'spec.ports[0].port'), {
    file: join(there.path, 'objects.txt'),
    line: 9,
    column: 7,
  });
});

test('problems of objects carry their place, which follows them when they move', async (t) => {
  const there = await scene(t, { 'f.yaml': documents(service('a'), service('b', 99_999)) }, NO_RESCAN);
  const ref = { kind: 'Service', namespace: 'shop', name: 'b' };
  assert.equal(there.source.locate(ref, 'spec.ports[0].port')?.line, 19);
  await there.replace('f.yaml', documents('# one\n# two\n', service('a'), service('b', 99_999)));
  await there.until('a new place', () => there.told.filter((line) => line === '!b').length === 2);
  assert.equal(there.source.locate(ref, 'spec.ports[0].port')?.line, 22);
});
