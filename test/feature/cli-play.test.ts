import assert from 'node:assert/strict';
import { readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { pods, put } from '../harness/manifests.js';
import { within } from '../harness/poll.js';
import { run } from '../harness/process.js';
import { PENSTOCK } from '../harness/product.js';
import { AROUND, assertFails, ran, served, shopFolder, web } from './cli-given.js';

const play = (folder: string, ...args: readonly string[]): string[] => [
  ...['play', '-f', folder, '--rollout', 'shop/web', '--step-seconds', '0', ...args],
];

/** What was said, without the times. */
const said = (stdout: string): readonly string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} shop\/web /, ''));

describe('penstock play', { concurrency: 2 }, () => {
  test('walks a Rollout to the end and says each step', async (t) => {
    const folder = await shopFolder(t);
    const { code, stdout, stderr } = await ran(play(folder));
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(said(stdout), [
      'step 2 of 2: setWeight 50, weight 50',
      'promoted: new is stable',
      'new has all traffic as the stable version',
      'new is stable and has all traffic',
    ]);
    assert.deepEqual(await readdir(folder), ['around.yaml', 'web.yaml'], 'no file is left behind');
  });

  test('a running server follows it', async (t) => {
    const folder = await shopFolder(t);
    await put(folder, 'third.yaml', pods('web', [{ hash: 'third', ports: [9004] }]));
    const server = await served(t, ['--source', `dir:${folder}`]);
    const { code } = await ran([...play(folder, '--to-hash', 'third', '--until', '1')]);
    assert.equal(code, 0);
    await server.said('change served', ({ changes }) => /canary new → third/.test(String(changes)));
    await server.said('change served', ({ changes }) => /weight 0 → 20/.test(String(changes)));
    await ran(play(folder));
    await server.said('change served', ({ changes }) => /version third promoted/.test(String(changes)));
    assert.deepEqual(
      server.log().filter(({ level }) => level === 'error'),
      [],
    );
  });

  test('aborts where it is told to, and a server does too', async (t) => {
    const folder = await shopFolder(t);
    const { stdout } = await ran(play(folder, '--from', '0', '--abort-at', '2'));
    assert.deepEqual(said(stdout), [
      'starts again with 0 of 2 steps completed, weight 0',
      'step 1 of 2: setWeight 20, weight 20',
      'step 2 of 2: setWeight 50, weight 50',
      'aborted: all traffic on the stable version',
      'the update is aborted',
    ]);
  });

  test('leaves the rest of the file as it was, comments too, and follows a link to it', async (t) => {
    const folder = await shopFolder(t);
    const text = await readFile(join(folder, 'web.yaml'), 'utf8');
    await writeFile(
      join(folder, 'web.yaml'),
      `# ours\n${text.replace('status:', 'status: # Argo\n  # of the canary')}`,
    );
    await rename(join(folder, 'web.yaml'), join(folder, 'real.txt'));
    await symlink('real.txt', join(folder, 'web.yaml'));
    assert.equal((await ran(play(folder, '--until', '2'))).code, 0);
    const after = await readFile(join(folder, 'real.txt'), 'utf8');
    assert.match(after, /^# ours\n/);
    assert.match(after, /\nstatus: # Argo\n {2}# of the canary\n {2}currentPodHash: new\n/);
    const { status, ...rest } = parse(after) as Record<string, unknown>;
    const { status: _, ...before } = parse(text) as Record<string, unknown>;
    assert.deepEqual(rest, before);
    assert.equal((status as Record<string, unknown>)['currentStepIndex'], 2);
  });

  test('stops between two steps when it is asked to, and the file is whole', async (t) => {
    const folder = await shopFolder(t);
    const process = run(globalThis.process.execPath, [PENSTOCK, ...play(folder), '--step-seconds', '3600']);
    t.after(() => process.stop());
    await process.line(/step 2 of 2/, 'stdout');
    globalThis.process.kill(process.pid, 'SIGTERM');
    assert.equal(await within('play to end', process.ended, process.stdout), 0);
    assert.match(process.stdout(), /stopped here; the file is whole\n$/);
    assert.ok(parse(await readFile(join(folder, 'web.yaml'), 'utf8')));
  });

  const refused: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly code: number;
    readonly message: RegExp;
  }[] = [
    {
      name: 'a Rollout that is not there',
      args: ['--rollout', 'shop/api'],
      code: 65,
      message: /no Rollout shop\/api in \S+ \(2 files looked at\) \[SOURCE_UNREADABLE\]/,
    },
    {
      name: 'a folder that is not there',
      args: ['-f', '/nowhere/at/all'],
      code: 65,
      message: /\/nowhere\/at\/all can not be read: ENOENT/,
    },
    {
      name: 'a step that there is not',
      args: ['--abort-at', '3'],
      code: 64,
      message: /it has 2 steps, so --abort-at 3 never comes\n$/,
    },
    {
      name: 'a step that is over',
      args: ['--until', '0'],
      code: 64,
      message: /1 step completed at the start, so --until 0 never comes\n$/,
    },
    {
      name: 'the version that it has',
      args: ['--to-hash', 'new'],
      code: 64,
      message: /new is its current version already/,
    },
    {
      name: 'two beginnings',
      args: ['--to-hash', 'third', '--from', '1'],
      code: 64,
      message: /--to-hash starts an update at its first step: leave --from out/,
    },
    {
      name: 'a word for a number',
      args: ['--until', 'end'],
      code: 64,
      message: /--until is "end", expected a whole number, 0 or more/,
    },
    {
      name: 'a negative time',
      args: ['--step-seconds=-1'],
      code: 64,
      message: /--step-seconds is "-1", expected seconds from 0 to 86400/,
    },
  ];
  for (const { name, args, code, message } of refused) {
    test(`refuses ${name}`, async (t) => {
      const folder = await shopFolder(t);
      const before = await readFile(join(folder, 'web.yaml'), 'utf8');
      assertFails(await ran([...play(folder), ...args]), code, message);
      assert.equal(await readFile(join(folder, 'web.yaml'), 'utf8'), before);
    });
  }

  test('a Rollout without traffic routing gets no weights', async (t) => {
    const folder = await shopFolder(t);
    await put(folder, 'around.yaml', AROUND);
    const { status, ...rest } = web(20);
    const { canary: _, ...plain } = status as Record<string, unknown>;
    const text = JSON.parse(
      JSON.stringify({ ...rest, status: plain }).replace('"plugins":{"penstock/xds":{}}', ''),
    ) as Record<string, unknown>;
    await put(folder, 'web.yaml', [text]);
    assert.equal((await ran(play(folder))).code, 0);
    const after = parse(await readFile(join(folder, 'web.yaml'), 'utf8')) as { status: Record<string, unknown> };
    assert.equal(after.status['canary'], undefined);
    assert.equal(after.status['stableRS'], 'new');
  });
});
