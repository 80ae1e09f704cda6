import assert from 'node:assert/strict';
import { readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { run } from '../../harness/process.js';
import { PENSTOCK } from '../../harness/product.js';
import { at, emptyFolder, penstock, shopFolder } from './given.js';

const PLAY = ['--rollout', 'shop/web', '--step-seconds', '0'];

/** What a walk printed, without the times. */
function told(stdout: string): readonly string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^[\d:.]+ shop\/web /, ''));
}

async function statusIn(file: string): Promise<unknown> {
  const [document] = parseAllDocuments(await readFile(file, 'utf8'));
  return at(document?.toJS(), 'status');
}

/** The text with its status cut out: what `play` must not touch. */
function withoutStatus(text: string): string {
  return text.replace(/^status:\n(?: .*\n)*/m, '');
}

describe('play', { concurrency: 2 }, () => {
  test('walks from the first step to the promotion and tells every step', async (t) => {
    const folder = await shopFolder(t);
    const { code, stdout, stderr } = await penstock(['play', '-f', folder, ...PLAY]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(told(stdout), [
      'new joins with weight 0',
      'step 1 of 5: setWeight 20, weight 20',
      'step 2 of 5: setHeaderRoute testers, weight 20',
      'step 3 of 5: pause, weight 20',
      'step 4 of 5: setHeaderRoute testers removed, weight 20',
      'step 5 of 5: setWeight 50, weight 50',
      'promoted: new is stable',
      'new has all traffic as the stable version',
      'new is stable and has all traffic',
    ]);
    assert.deepEqual(await statusIn(join(folder, 'web.yaml')), {
      currentPodHash: 'new',
      stableRS: 'new',
      currentStepIndex: 5,
      phase: 'Healthy',
      canary: {
        weights: {
          canary: { podTemplateHash: 'new', serviceName: '', weight: 0 },
          stable: { podTemplateHash: 'new', serviceName: '', weight: 100 },
        },
      },
    });
  });

  test('touches the status alone: other text, comments and files stay as they are', async (t) => {
    const folder = await shopFolder(t);
    const file = join(folder, 'web.yaml');
    const [before, rest] = [await readFile(file, 'utf8'), await readFile(join(folder, 'rest.yaml'), 'utf8')];
    await penstock(['play', '-f', folder, ...PLAY]);
    const after = await readFile(file, 'utf8');
    assert.notEqual(after, before);
    assert.equal(withoutStatus(after), withoutStatus(before));
    assert.ok(after.includes('# Which versions there are.'));
    assert.equal(await readFile(join(folder, 'rest.yaml'), 'utf8'), rest);
    assert.deepEqual((await readdir(folder)).toSorted(), ['rest.yaml', 'web.yaml'], 'no temporary file is left');
  });

  test('--until stops there, and the next walk goes on from there', async (t) => {
    const folder = await shopFolder(t);
    const first = await penstock(['play', '-f', folder, ...PLAY, '--until', '2']);
    assert.deepEqual([first.code, told(first.stdout).at(-1)], [0, '2 steps are completed, as asked']);
    assert.equal(at(await statusIn(join(folder, 'web.yaml')), 'currentStepIndex'), 2);
    const second = await penstock(['play', '-f', folder, ...PLAY, '--until', '3']);
    assert.deepEqual(told(second.stdout), ['step 3 of 5: pause, weight 20', '3 steps are completed, as asked']);
  });

  test('--abort-at gives everything back to the stable version', async (t) => {
    const folder = await shopFolder(t);
    const { code, stdout } = await penstock(['play', '-f', folder, ...PLAY, '--abort-at', '1']);
    assert.equal(code, 0);
    assert.deepEqual(told(stdout).slice(-2), ['aborted: all traffic on the stable version', 'the update is aborted']);
    const status = await statusIn(join(folder, 'web.yaml'));
    assert.deepEqual([at(status, 'abort'), at(status, 'stableRS'), at(status, 'currentStepIndex')], [true, 'old', 0]);
    assert.equal(at(status, 'canary', 'weights', 'canary', 'weight'), 0);
    const retried = await penstock(['play', '-f', folder, ...PLAY, '--from', '0', '--until', '1']);
    assert.equal(retried.code, 0);
    assert.equal(at(await statusIn(join(folder, 'web.yaml')), 'abort'), undefined);
  });

  test('--to-hash puts a third version in the place of the second', async (t) => {
    const folder = await shopFolder(t);
    await penstock(['play', '-f', folder, ...PLAY, '--until', '1']);
    const { stdout } = await penstock(['play', '-f', folder, ...PLAY, '--to-hash', 'third', '--until', '1']);
    assert.deepEqual(told(stdout).slice(0, 2), ['update to third starts', 'third joins with weight 0']);
    const status = await statusIn(join(folder, 'web.yaml'));
    assert.deepEqual([at(status, 'currentPodHash'), at(status, 'stableRS')], ['third', 'old']);
    assert.equal(at(status, 'canary', 'weights', 'canary', 'podTemplateHash'), 'third');
  });

  test('finds a Rollout in a JSON file and in a List', async (t) => {
    const folder = await emptyFolder(t);
    const file = join(folder, 'all.json');
    const [document] = parseAllDocuments(await readFile(join(await shopFolder(t), 'web.yaml'), 'utf8'));
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [{ kind: 'Pod', metadata: { name: 'p' } }, document?.toJS()],
    };
    await writeFile(file, JSON.stringify(list, undefined, 2));
    const { code } = await penstock(['play', '-f', folder, ...PLAY]);
    assert.equal(code, 0);
    const after: unknown = JSON.parse(await readFile(file, 'utf8'));
    assert.equal(at(after, 'items', 1, 'status', 'stableRS'), 'new');
    assert.deepEqual(at(after, 'items', 0), list.items[0]);
  });

  test('writes through a link to the file behind it, as a mounted ConfigMap has them', async (t) => {
    const folder = await shopFolder(t);
    const real = join(await emptyFolder(t), 'real.yaml');
    await rename(join(folder, 'web.yaml'), real);
    await symlink(real, join(folder, 'web.yaml'));
    const { code } = await penstock(['play', '-f', folder, ...PLAY]);
    assert.equal(code, 0);
    assert.equal(at(await statusIn(real), 'stableRS'), 'new');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} stops between two steps and leaves a whole file`, async (t) => {
      const folder = await shopFolder(t);
      const args = ['play', '-f', folder, '--rollout', 'shop/web', '--step-seconds', '3600'];
      const walk = run(process.execPath, [PENSTOCK, ...args]);
      t.after(() => walk.stop());
      await walk.line(/joins with weight 0/);
      process.kill(walk.pid, signal);
      assert.equal(await walk.ended, 0);
      assert.match(walk.stdout(), /stopped here; the file is whole\n$/);
      assert.equal(at(await statusIn(join(folder, 'web.yaml')), 'currentStepIndex'), 0);
    });
  }
});

const stuck: readonly { name: string; args: readonly string[]; code: number; says: RegExp }[] = [
  {
    name: 'a Rollout that is not there',
    args: ['--rollout', 'shop/wep'],
    code: 65,
    says: /no Rollout shop\/wep in .* \(2 files/,
  },
  {
    name: 'a step that never comes',
    args: ['--rollout', 'shop/web', '--until', '9'],
    code: 64,
    says: /it has 5 steps, so --until 9/,
  },
  {
    name: 'the version it has',
    args: ['--rollout', 'shop/web', '--to-hash', 'new'],
    code: 64,
    says: /new is its current version/,
  },
  {
    name: 'two beginnings',
    args: ['--rollout', 'shop/web', '--to-hash', 'third', '--from', '1'],
    code: 64,
    says: /leave --from out/,
  },
];

describe('play that can not go on says why and writes nothing', { concurrency: 2 }, () => {
  for (const { name, args, code, says } of stuck) {
    test(name, async (t) => {
      const folder = await shopFolder(t);
      const before = await readFile(join(folder, 'web.yaml'), 'utf8');
      const ended = await penstock(['play', '-f', folder, ...args]);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, says);
      assert.equal(await readFile(join(folder, 'web.yaml'), 'utf8'), before);
    });
  }
});
