import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { type Manifest, pods, put } from '../../harness/manifests.js';
import { within } from '../../harness/poll.js';
import { run } from '../../harness/process.js';
import { PENSTOCK } from '../../harness/product.js';
import { AROUND, assertFails, at, called, emptyFolder, type Ended, penstock, served, shopFolder } from './given.js';

const TESTERS = { name: 'testers', match: [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }] };
const STEPS = [
  { setWeight: 20 },
  { setHeaderRoute: TESTERS },
  { pause: {} },
  { setHeaderRoute: { name: 'testers' } },
  { setWeight: 50 },
];

/** A Rollout as people write them, at the start of an update. */
const WEB = `# The shop's front.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: shop}   # one line
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
  strategy:
    canary:
      trafficRouting:
        plugins: {penstock/xds: {}}
        managedRoutes: [{name: testers}]
      # One step a line.
      steps: ${JSON.stringify(STEPS)}
status: # Argo
  # Which versions there are.
  currentPodHash: new
  stableRS: old
  currentStepIndex: 0
`;

async function writtenFolder(t: TestContext): Promise<string> {
  const folder = await emptyFolder(t);
  await put(folder, 'around.yaml', AROUND);
  await writeFile(join(folder, 'web.yaml'), WEB);
  return folder;
}

function words(folder: string, ...args: readonly string[]): readonly string[] {
  return ['play', '-f', folder, '--rollout', 'shop/web', '--step-seconds', '0', ...args];
}

/** Walks, and fails when the walk does. */
async function play(folder: string, ...args: readonly string[]): Promise<readonly string[]> {
  const ended = await penstock(words(folder, ...args));
  assert.deepEqual([ended.code, ended.stderr], [0, '']);
  return told(ended);
}

/** What a walk printed, without the times. */
function told({ stdout }: Pick<Ended, 'stdout'>): readonly string[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} shop\/web /, ''));
}

async function statusIn(folder: string, file = 'web.yaml'): Promise<unknown> {
  return at(parse(await readFile(join(folder, file), 'utf8')), 'status');
}

describe('penstock play', { concurrency: 2 }, () => {
  test('walks from the first step to the promotion, tells every step and touches the status alone', async (t) => {
    const folder = await writtenFolder(t);
    const around = await readFile(join(folder, 'around.yaml'), 'utf8');
    assert.deepEqual(await play(folder), [
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
    assert.deepEqual(await statusIn(folder), {
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
    const after = await readFile(join(folder, 'web.yaml'), 'utf8');
    const untouched = WEB.slice(0, WEB.indexOf('  currentPodHash'));
    assert.ok(after.startsWith(untouched), 'text and comments before the status, and its own');
    assert.equal(await readFile(join(folder, 'around.yaml'), 'utf8'), around);
    assert.deepEqual((await readdir(folder)).toSorted(), ['around.yaml', 'web.yaml'], 'no temporary file is left');
  });

  test('a running server follows a third version in the place of the second, and its header route', async (t) => {
    const folder = await writtenFolder(t);
    await put(folder, 'third.yaml', pods('web', [{ hash: 'third', ports: [9004] }]));
    const server = await served(t, folder);
    const first = await play(folder, '--to-hash', 'third', '--until', '2');
    assert.deepEqual(first.slice(0, 2), ['update to third starts', 'third joins with weight 0']);
    const status = await statusIn(folder);
    assert.deepEqual([at(status, 'currentPodHash'), at(status, 'stableRS')], ['third', 'old']);
    assert.equal(at(status, 'canary', 'weights', 'canary', 'podTemplateHash'), 'third');
    for (const change of [/canary new → third/, /weight 0 → 20/, /header route testers added/]) {
      const line = await server.said('change served', ({ changes }) => change.test(String(changes)));
      assert.match(String(line['changes']), /^Rollout shop\/web: /);
      assert.deepEqual([line['proxies'], line['bytes']], [0, 0]);
    }
    await play(folder);
    await server.said('change served', ({ changes }) => /version third promoted/.test(String(changes)));
    assert.deepEqual(
      server.log().filter(({ level }) => level === 'error'),
      [],
    );
  });

  test('--until stops there, and the next walk goes on from there', async (t) => {
    const folder = await writtenFolder(t);
    assert.equal((await play(folder, '--until', '2')).at(-1), '2 steps completed, as asked');
    assert.equal(at(await statusIn(folder), 'currentStepIndex'), 2);
    const second = await play(folder, '--until', '3');
    assert.deepEqual(second, ['step 3 of 5: pause, weight 20', '3 steps completed, as asked']);
  });

  test('--abort-at gives everything back to the stable version, and --from starts again', async (t) => {
    const folder = await shopFolder(t);
    assert.deepEqual(await play(folder, '--abort-at', '2'), [
      'step 2 of 2: setWeight 50, weight 50',
      'aborted: all traffic on the stable version',
      'the update is aborted',
    ]);
    const status = await statusIn(folder);
    assert.deepEqual([at(status, 'abort'), at(status, 'stableRS'), at(status, 'currentStepIndex')], [true, 'old', 0]);
    assert.equal(at(status, 'canary', 'weights', 'canary', 'weight'), 0);
    assert.deepEqual(await play(folder, '--from', '0', '--until', '1'), [
      'starts again with 0 of 2 steps completed, weight 0',
      'step 1 of 2: setWeight 20, weight 20',
      '1 step completed, as asked',
    ]);
    assert.equal(at(await statusIn(folder), 'abort'), undefined);
  });

  test('finds a Rollout in a List in a JSON file', async (t) => {
    const folder = await emptyFolder(t);
    const pod = { kind: 'Pod', metadata: { name: 'p' } };
    const list = { apiVersion: 'v1', kind: 'List', items: [pod, parse(WEB)] };
    await writeFile(join(folder, 'all.json'), JSON.stringify(list, undefined, 2));
    await play(folder);
    const after: unknown = JSON.parse(await readFile(join(folder, 'all.json'), 'utf8'));
    assert.equal(at(after, 'items', 1, 'status', 'stableRS'), 'new');
    assert.deepEqual(at(after, 'items', 0), pod);
  });

  test('says so where it can not write, and leaves the file as it was', async (t) => {
    const folder = await emptyFolder(t);
    // There is no room for the name of a file beside this one: the simplest way to fail that root can not pass over.
    const file = join(folder, `${'w'.repeat(245)}.yaml`);
    await writeFile(file, WEB);
    const ended = await called(['play', '-f', folder, '--rollout', 'shop/web', '--step-seconds', '0']);
    assertFails(ended, 1, /can not be written and is as it was: ENAMETOOLONG.* \[FILE_UNWRITABLE\]\n$/);
    assert.equal(await readFile(file, 'utf8'), WEB);
    assert.equal((await readdir(folder)).length, 1);
  });

  test('writes through a link to the file behind it, as a mounted ConfigMap has them', async (t) => {
    const folder = await writtenFolder(t);
    await mkdir(join(folder, '..data'));
    await rename(join(folder, 'web.yaml'), join(folder, '..data', 'web.txt'));
    await symlink('..data/web.txt', join(folder, 'web.yaml'));
    await play(folder, '--until', '2');
    const { status, ...rest } = parse(await readFile(join(folder, '..data', 'web.txt'), 'utf8')) as Manifest;
    assert.equal(at(status, 'currentStepIndex'), 2);
    const { status: _, ...before } = parse(WEB) as Manifest;
    assert.deepEqual(rest, before);
  });

  test('a Rollout without traffic routing gets no weights', async (t) => {
    const folder = await writtenFolder(t);
    await writeFile(
      join(folder, 'web.yaml'),
      WEB.replace('plugins: {penstock/xds: {}}', '').replace(/ +managed.*/, ''),
    );
    await play(folder);
    const status = await statusIn(folder);
    assert.deepEqual([at(status, 'canary'), at(status, 'stableRS')], [undefined, 'new']);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} stops between two steps and leaves a whole file`, async (t) => {
      const folder = await writtenFolder(t);
      const walk = run(process.execPath, [PENSTOCK, ...words(folder, '--step-seconds', '3600')]);
      t.after(() => walk.stop());
      await walk.line(/joins with weight 0/, 'stdout');
      process.kill(walk.pid, signal);
      assert.equal(await within('play to end', walk.ended, walk.stdout), 0);
      assert.match(walk.stdout(), /stopped here; the file is whole\n$/);
      assert.equal(at(await statusIn(folder), 'currentStepIndex'), 0);
    });
  }
});

const stuck: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly message: RegExp;
}[] = [
  {
    name: 'a Rollout that is not there',
    args: ['--rollout', 'shop/wep'],
    code: 65,
    message: /^error: no Rollout shop\/wep in \S+ \(2 files looked at\) \[SOURCE_UNREADABLE\]\n$/,
  },
  {
    name: 'a step that there is not, to stop at',
    args: ['--until', '9'],
    code: 64,
    message: /it has 5 steps, so --until 9 never comes\n$/,
  },
  {
    name: 'a step that there is not, to abort at',
    args: ['--abort-at', '6'],
    code: 64,
    message: /it has 5 steps, so --abort-at 6 never comes\n$/,
  },
  {
    name: 'a step that is over',
    args: ['--from', '1', '--until', '0'],
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
    message: /leave --from out\n$/,
  },
];

describe('play that can not go on says why and writes nothing', () => {
  for (const { name, args, code, message } of stuck) {
    test(name, async (t) => {
      const folder = await writtenFolder(t);
      assertFails(await called(words(folder, ...args)), code, message);
      assert.equal(await readFile(join(folder, 'web.yaml'), 'utf8'), WEB);
    });
  }
});
