import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { put } from '../harness/manifests.js';
import { PENSTOCK } from '../harness/product.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { assertFails, emptyFolder, ran, shopFolder, web } from './cli-given.js';

type Translated = Readonly<Record<'listeners' | 'routes' | 'clusters' | 'endpoints' | 'problems', readonly Json[]>>;
type Json = Readonly<Record<string, unknown>>;

const WRONG = web(20, [{ setWeight: 120 }]);

describe('penstock translate', { concurrency: 2 }, () => {
  test('prints the same as YAML and as JSON: one object of five lists', async (t) => {
    const folder = await shopFolder(t);
    const yaml = await ran(['translate', '-f', folder, '--namespace', 'shop']);
    const json = await ran(['translate', '-f', folder, '--namespace', 'shop', '-o', 'json']);
    assert.deepEqual([yaml.code, yaml.stderr, json.code, json.stderr], [0, '', 0, '']);
    const translated = JSON.parse(json.stdout) as Translated;
    assert.deepEqual(Object.keys(translated), ['listeners', 'routes', 'clusters', 'endpoints', 'problems']);
    // Envoy reads it as YAML 1.1, everybody else as 1.2.
    for (const version of ['1.1', '1.2'] as const) assert.deepEqual(parse(yaml.stdout, { version }), translated);
    assert.deepEqual(
      translated.clusters.map(({ name }) => name),
      ['shop/web:80@old', 'shop/web:80@new'],
    );
    assert.deepEqual(translated.problems, []);
  });

  test('tells problems beside the output, and that is no failure', async (t) => {
    const folder = await shopFolder(t, WRONG);
    const { code, stdout, stderr } = await ran(['translate', '-f', folder, '-o', 'json']);
    assert.equal(code, 0);
    assert.match(stderr, /^\S+web\.yaml:\d+:\d+: Rollout shop\/web: .* is 120, expected .* \[WEIGHT_OUT_OF_RANGE\]\n$/);
    const [problem] = (JSON.parse(stdout) as Translated).problems;
    assert.equal(problem?.['code'], 'WEIGHT_OUT_OF_RANGE');
  });

  test('shows short names only to the namespace that has them', async (t) => {
    const folder = await shopFolder(t);
    const domains = async (namespace: string): Promise<string> =>
      (await ran(['translate', '-f', folder, '--namespace', namespace])).stdout;
    assert.match(await domains('shop'), /^ +- web$/m);
    assert.doesNotMatch(await domains('other'), /^ +- web$/m);
    assert.match(await domains('other'), /^ +- web\.shop$/m);
  });

  test('exits 65 where there is nothing to read', async () => {
    assertFails(await ran(['translate', '-f', '/nowhere/at/all']), 65, /\[SOURCE_UNREADABLE\]\n$/);
  });

  test('a reader that has seen enough is no failure', async (t) => {
    const folder = await shopFolder(t);
    const line = `"${process.execPath}" "${PENSTOCK}" translate -f "${folder}" | head -n 1; echo "$?"`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `set -o pipefail; ${line}`]);
    assert.deepEqual([stdout, stderr], ['listeners:\n0\n', '']);
  });
});

describe('penstock check', { concurrency: 2 }, () => {
  test('says as JSON how many objects there are and what is wrong', async (t) => {
    const { code, stdout, stderr } = await ran(['check', '-f', await shopFolder(t, WRONG), '-o', 'json']);
    assert.deepEqual([code, stderr], [79, '']);
    const { objects, problems } = JSON.parse(stdout) as { objects: number; problems: readonly Json[] };
    assert.equal(objects, 8);
    assert.deepEqual(
      problems.map(({ code: each, severity, path, value }) => [each, severity, path, value]),
      [['WEIGHT_OUT_OF_RANGE', 'error', 'spec.strategy.canary.steps[0].setWeight', '120']],
    );
  });

  test('in the order of files and lines, with a sum at the end', async (t) => {
    const folder = await emptyFolder(t);
    await put(folder, 'b.yaml', [WRONG]);
    await writeFile(join(folder, 'a.yaml'), 'kind: Pod\nmetadata: {}\n---\njust words\n');
    const { code, stdout } = await ran(['check', '-f', folder]);
    assert.equal(code, 79);
    const lines = stdout.trimEnd().split('\n');
    const weightLine =
      (await readFile(join(folder, 'b.yaml'), 'utf8')).split('\n').findIndex((line) => line.includes('120')) + 1;
    assert.deepEqual(
      lines.map((line) => /^(\w+) +\S+?(\w\.yaml:\d+):.*\[(\w+)\]$/.exec(line)?.slice(1)),
      [
        ['error', 'a.yaml:2', 'FIELD_MISSING'],
        ['error', 'a.yaml:4', 'OBJECT_INVALID'],
        ['error', `b.yaml:${weightLine}`, 'WEIGHT_OUT_OF_RANGE'],
        undefined,
      ],
    );
    assert.equal(lines.at(-1), '3 errors and 0 warnings in 1 object; docs/errors.md explains the codes');
  });

  test('a folder without objects is told as one, for it may be the wrong one', async (t) => {
    const folder = await emptyFolder(t);
    await writeFile(join(folder, 'other.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n');
    const { code, stdout } = await ran(['check', '-f', folder]);
    assert.deepEqual(
      [code, stdout],
      [
        0,
        `no objects in ${folder}: what is read are Rollout, Service, EndpointSlice, Pod, ReplicaSet, from *.yaml, *.yml and *.json\n`,
      ],
    );
  });

  test('a warning alone exits with 79 too', async (t) => {
    const folder = await emptyFolder(t);
    await put(folder, 'web.yaml', [web(20)]);
    const { code, stdout } = await ran(['check', '-f', folder]);
    assert.equal(code, 79);
    assert.match(stdout, /^warning {2}.*\[ROLLOUT_WITHOUT_SERVICE\]\n0 errors and 1 warning in 1 object;/);
  });
});

const NAMES = [
  'n',
  'on',
  'no',
  '12',
  '1e3',
  '0x1',
  'sidecar~shop~web-1',
  'a: b',
  '"a"',
  "it's",
  '%{name}',
  '~',
  'true',
];

describe('penstock bootstrap', { concurrency: 2 }, () => {
  for (const name of NAMES) {
    test(`the node id ${name} stays what it is`, async () => {
      const { code, stdout, stderr } = await ran([
        'bootstrap',
        '--node-id',
        name,
        '--namespace',
        'on',
        '--workload',
        name,
      ]);
      assert.deepEqual([code, stderr], [0, '']);
      for (const version of ['1.1', '1.2'] as const) {
        const { node } = parse(stdout, { version }) as { node: Json };
        assert.deepEqual([node['id'], node['cluster']], [name, name], version);
        assert.equal((node['metadata'] as Json)['NAMESPACE'], 'on');
      }
    });
  }

  test('carries the addresses it was given', async () => {
    const addresses = [
      '--xds-address',
      '[::1]:1',
      '--outbound-address',
      '10.0.0.7:2',
      '--admin-address',
      '127.0.0.1:3',
    ];
    const { stdout } = await ran(['bootstrap', '--node-id', 'a', '--namespace', 'shop', ...addresses]);
    assert.match(stdout, /address: ::1\n +port_value: 1\n/);
    assert.match(stdout, /OUTBOUND_ADDRESS: 10\.0\.0\.7:2\n/);
    assert.match(stdout, /address: 127\.0\.0\.1\n +port_value: 3\n/);
  });

  for (const args of [
    [],
    ['--api', 'sotw'],
    ['--xds-address', 'penstock.example:18000'],
    ['--xds-address', '[::1]:18000'],
  ]) {
    test(`a real Envoy takes ${['it', ...args].join(' ')}`, async (t) => {
      const envoy = usesRealEnvoy(t);
      if (!envoy) return;
      for (const name of ['n', 'on']) {
        const { stdout } = await ran(['bootstrap', '--node-id', name, '--namespace', name, ...args]);
        const file = join(await emptyFolder(t), 'envoy.yaml');
        await writeFile(file, stdout);
        const flags = ['--mode', 'validate', '-c', file, '--log-level', 'warning'];
        const { stdout: said } = await promisify(execFile)(envoy.path, flags);
        assert.match(said, /OK\n?$/);
      }
    });
  }
});
