import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { type BootstrapFlags, bootstrapText } from '../../../src/cli/commands/bootstrap.js';
import { put, rollout, service } from '../../harness/manifests.js';
import { PENSTOCK } from '../../harness/product.js';
import { usesRealEnvoy } from '../../harness/real-envoy.js';
import { at, emptyFolder, penstock, shopFolder, web } from './given.js';

const WRONG = web(20, [{ setWeight: 120 }]);

describe('penstock translate', { concurrency: 2 }, () => {
  test('prints the same as YAML and as JSON: one object of five lists', async (t) => {
    const folder = await shopFolder(t);
    const yaml = await penstock(['translate', '-f', folder, '--namespace', 'shop']);
    const json = await penstock(['translate', '-f', folder, '--namespace', 'shop', '-o', 'json']);
    assert.deepEqual([yaml.code, yaml.stderr, json.code, json.stderr], [0, '', 0, '']);
    const value = JSON.parse(json.stdout) as Readonly<Record<string, readonly unknown[]>>;
    assert.deepEqual(Object.keys(value), ['listeners', 'routes', 'clusters', 'endpoints', 'problems']);
    // Envoy reads it as YAML 1.1, everybody else as 1.2.
    for (const version of ['1.1', '1.2'] as const) assert.deepEqual(parse(yaml.stdout, { version }), value);
    assert.equal(at(value, 'routes', 0, 'name'), 'outbound');
    assert.deepEqual(
      value['clusters']?.map((cluster) => at(cluster, 'name')),
      ['shop/web:80@old', 'shop/web:80@new'],
    );
    assert.deepEqual(value['problems'], []);
    const domains = at(value, 'routes', 0, 'virtual_hosts', 0, 'domains') as readonly string[];
    assert.ok(domains.includes('web'), 'the short name belongs to the namespace of the proxy');
  });

  test('tells problems beside the output, which is no failure; short names are not for other namespaces', async (t) => {
    const folder = await shopFolder(t);
    const cart = rollout('cart', { steps: [{ setWeight: 120 }] }, {});
    await put(folder, 'wrong.yaml', [cart, service('cart', { app: 'cart' })]);
    const { code, stdout, stderr } = await penstock(['translate', '-f', folder, '--namespace', 'other', '-o', 'json']);
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^\S+wrong\.yaml:\d+:\d+: Rollout shop\/cart: .* is 120, expected .* \[WEIGHT_OUT_OF_RANGE\]\n$/,
    );
    const value: unknown = JSON.parse(stdout);
    assert.equal(at(value, 'problems', 0, 'code'), 'WEIGHT_OUT_OF_RANGE');
    const clusters = (at(value, 'clusters') as readonly unknown[]).map((cluster) => at(cluster, 'name'));
    for (const name of ['shop/web:80@old', 'shop/web:80@new']) assert.ok(clusters.includes(name), 'what is good stays');
    const hosts = at(value, 'routes', 0, 'virtual_hosts') as readonly unknown[];
    const domains = hosts.flatMap((host) => at(host, 'domains') as readonly string[]);
    assert.deepEqual([domains.includes('web'), domains.includes('web.shop')], [false, true]);
  });

  test('a reader that goes away early is no failure', async (t) => {
    const folder = await shopFolder(t);
    const child = spawn(process.execPath, [PENSTOCK, 'translate', '-f', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.deepEqual([code, stderr], [0, '']);
  });
});

describe('penstock check', { concurrency: 2 }, () => {
  test('says as JSON how many objects there are and what is wrong', async (t) => {
    const { code, stdout, stderr } = await penstock(['check', '-f', await shopFolder(t, WRONG), '-o', 'json']);
    assert.deepEqual([code, stderr], [79, '']);
    const { objects, problems } = JSON.parse(stdout) as { objects: number; problems: readonly unknown[] };
    assert.deepEqual([objects, problems.length], [8, 1]);
    const told = ['code', 'severity', 'path', 'value'].map((key) => at(problems, 0, key));
    assert.deepEqual(told, ['WEIGHT_OUT_OF_RANGE', 'error', 'spec.strategy.canary.steps[0].setWeight', '120']);
    assert.deepEqual(at(problems, 0, 'object'), { kind: 'Rollout', namespace: 'shop', name: 'web' });
    assert.ok(Number(at(problems, 0, 'place', 'line')) > 1);
  });

  test('tells problems in the order of files and lines, with a sum at the end', async (t) => {
    const folder = await emptyFolder(t);
    const text =
      'apiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: shop }\nspec: { ports: [{ port: b }] }\n';
    await writeFile(join(folder, 'b.yaml'), text);
    await put(folder, 'c.yaml', [service('web', { app: 'web' })]);
    await writeFile(join(folder, 'a.yaml'), 'kind: Pod\nmetadata: {}\n---\njust words\n');
    const { code, stdout } = await penstock(['check', '-f', folder]);
    assert.equal(code, 79);
    const lines = stdout.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => /^(\w+) +\S+?(\w\.yaml:\d+):.*\[(\w+)\]$/.exec(line)?.slice(1)),
      [
        ['error', 'a.yaml:2', 'FIELD_MISSING'],
        ['error', 'a.yaml:4', 'OBJECT_INVALID'],
        ['error', 'b.yaml:4', 'FIELD_TYPE'],
        undefined,
      ],
    );
    assert.equal(lines.at(-1), '3 errors and 0 warnings in 2 objects; docs/errors.md explains the codes');
  });

  test('a folder without objects is told as one, for it may be the wrong one', async (t) => {
    const folder = await emptyFolder(t);
    await writeFile(join(folder, 'other.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n');
    const { code, stdout } = await penstock(['check', '-f', folder]);
    const kinds = 'Rollout, Service, EndpointSlice, Pod, ReplicaSet';
    const told = `no objects in ${folder}: what is read are ${kinds}, from *.yaml, *.yml and *.json\n`;
    assert.deepEqual([code, stdout], [65, told]);
  });

  test('a warning alone exits with 79 too', async (t) => {
    const folder = await emptyFolder(t);
    await put(folder, 'web.yaml', [web(20)]);
    const { code, stdout } = await penstock(['check', '-f', folder]);
    assert.equal(code, 79);
    const [warning = '', sum = ''] = stdout.split('\n');
    assert.match(
      warning,
      /^warning {2}.*web\.yaml:1:1: Rollout shop\/web: expected a Service .*\[ROLLOUT_WITHOUT_SERVICE\]$/,
    );
    assert.match(sum, /^0 errors and 1 warning in 1 object; docs\/errors\.md/);
  });
});

/** Names that YAML 1.1, YAML 1.2 or a careless template takes for something else. */
const NAMES = [
  ...['n', 'on', 'no', '12', '1e3', '0x1', '~', 'true', 'sidecar~shop~web-1', 'a: b'],
  ...['"a"', "it's", '%{name}'],
];

const FLAGS: BootstrapFlags = {
  nodeId: 'a',
  namespace: 'shop',
  xdsAddress: '127.0.0.1:18000',
  outboundAddress: '127.0.0.1:15001',
  adminAddress: '127.0.0.1:15000',
  intercept: 'explicit',
  scope: 'full',
  api: 'delta',
};

describe('penstock bootstrap', { concurrency: 2 }, () => {
  test('prints what Envoy needs to find us, as YAML', async () => {
    const { code, stdout, stderr } = await penstock(['bootstrap', '--node-id', 'web-1', '--namespace', 'shop']);
    assert.deepEqual([code, stderr], [0, '']);
    const bootstrap: unknown = parse(stdout);
    assert.deepEqual(at(bootstrap, 'node'), {
      id: 'web-1',
      cluster: 'web-1',
      metadata: { NAMESPACE: 'shop', OUTBOUND_ADDRESS: '127.0.0.1:15001' },
    });
    assert.deepEqual(at(bootstrap, 'admin', 'address', 'socket_address'), { address: '127.0.0.1', port_value: 15000 });
    assert.equal(at(bootstrap, 'dynamic_resources', 'ads_config', 'api_type'), 'DELTA_GRPC');
  });

  test('takes every address, the workload and the protocol from its flags', async () => {
    const { stdout } = await penstock([
      ...['bootstrap', '--node-id', 'web-1', '--namespace', 'shop', '--workload', 'web', '--api', 'sotw'],
      ...['--xds-address', 'penstock.mesh:18000', '--outbound-address', '[::1]:1501', '--admin-address', '127.0.0.2:1'],
    ]);
    const bootstrap: unknown = parse(stdout);
    assert.equal(at(bootstrap, 'node', 'cluster'), 'web');
    assert.equal(at(bootstrap, 'node', 'metadata', 'OUTBOUND_ADDRESS'), '[::1]:1501');
    assert.deepEqual(at(bootstrap, 'admin', 'address', 'socket_address'), { address: '127.0.0.2', port_value: 1 });
    assert.equal(at(bootstrap, 'dynamic_resources', 'ads_config', 'api_type'), 'GRPC');
    assert.equal(at(bootstrap, 'static_resources', 'clusters', 0, 'type'), 'STRICT_DNS');
    assert.match(stdout, /address: penstock\.mesh\n +port_value: 18000\n/);
  });

  test('an address of IPv6 loses its brackets', () => {
    assert.match(bootstrapText({ ...FLAGS, xdsAddress: '[::1]:1' }), /address: ::1\n +port_value: 1\n/);
  });

  for (const name of NAMES) {
    test(`the node id ${name} stays what it is`, () => {
      const text = bootstrapText({ ...FLAGS, nodeId: name, namespace: 'on' });
      for (const version of ['1.1', '1.2'] as const) {
        const { node } = parse(text, { version }) as { readonly node: unknown };
        assert.deepEqual([at(node, 'id'), at(node, 'cluster')], [name, name], version);
        assert.equal(at(node, 'metadata', 'NAMESPACE'), 'on', version);
      }
    });
  }

  for (const [what, flags] of Object.entries<Partial<BootstrapFlags>>({
    'as it is': {},
    'with state of the world': { api: 'sotw' },
    'with a name to look up': { xdsAddress: 'penstock.example:18000' },
    'with an address of IPv6': { xdsAddress: '[::1]:18000' },
  })) {
    test(`a real Envoy takes it ${what}`, async (t) => {
      const envoy = usesRealEnvoy(t);
      if (!envoy) return;
      for (const name of ['n', 'on']) {
        const file = join(await emptyFolder(t), 'envoy.yaml');
        await writeFile(file, bootstrapText({ ...FLAGS, ...flags, nodeId: name, namespace: name }));
        const args = ['--mode', 'validate', '-c', file, '--log-level', 'warning'];
        const { stdout } = await promisify(execFile)(envoy.path, args);
        assert.match(stdout, /OK\n?$/);
      }
    });
  }
});
