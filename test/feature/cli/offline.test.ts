import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { PENSTOCK } from '../../harness/product.js';
import { at, emptyFolder, lonelyFolder, penstock, shopFolder } from './given.js';

const WRONG_WEIGHT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: shop}
spec: {strategy: {canary: {trafficRouting: {}, steps: [{setWeight: 120}]}}}
`;

describe('bootstrap', { concurrency: 2 }, () => {
  test('prints what Envoy needs to find us, as YAML', async () => {
    const { code, stdout, stderr } = await penstock([
      'bootstrap',
      '--node-id',
      'sidecar~shop~web-1',
      '--namespace',
      'shop',
    ]);
    assert.deepEqual([code, stderr], [0, '']);
    const bootstrap: unknown = parse(stdout);
    assert.deepEqual(at(bootstrap, 'node'), {
      id: 'sidecar~shop~web-1',
      cluster: 'sidecar~shop~web-1',
      metadata: { NAMESPACE: 'shop', OUTBOUND_ADDRESS: '127.0.0.1:15001' },
    });
    assert.deepEqual(at(bootstrap, 'admin', 'address', 'socket_address'), { address: '127.0.0.1', port_value: 15000 });
    assert.equal(at(bootstrap, 'dynamic_resources', 'ads_config', 'api_type'), 'DELTA_GRPC');
  });

  test('takes every address, the workload and the protocol from its flags', async () => {
    const { stdout } = await penstock([
      ...['bootstrap', '--node-id', 'web-1', '--namespace', 'shop', '--workload', 'web', '--api', 'sotw'],
      ...[
        '--xds-address',
        'penstock.mesh:18000',
        '--outbound-address',
        '[::1]:1501',
        '--admin-address',
        '127.0.0.2:1500',
      ],
    ]);
    const bootstrap: unknown = parse(stdout);
    assert.equal(at(bootstrap, 'node', 'cluster'), 'web');
    assert.equal(at(bootstrap, 'node', 'metadata', 'OUTBOUND_ADDRESS'), '[::1]:1501');
    assert.equal(at(bootstrap, 'admin', 'address', 'socket_address', 'address'), '127.0.0.2');
    assert.equal(at(bootstrap, 'dynamic_resources', 'ads_config', 'api_type'), 'GRPC');
    assert.equal(at(bootstrap, 'static_resources', 'clusters', 0, 'type'), 'STRICT_DNS');
  });

  test('an id that YAML 1.1 takes for a truth value stands in quotes', async () => {
    const { stdout } = await penstock(['bootstrap', '--node-id', 'n', '--namespace', 'on']);
    assert.equal(at(parse(stdout, { version: '1.1' }), 'node', 'id'), 'n');
    assert.equal(at(parse(stdout, { version: '1.1' }), 'node', 'metadata', 'NAMESPACE'), 'on');
  });
});

describe('translate', { concurrency: 2 }, () => {
  test('prints the same object as YAML and as JSON', async (t) => {
    const folder = await shopFolder(t);
    const args = ['translate', '-f', folder, '--namespace', 'shop', '-o'];
    const [yaml, json] = [await penstock([...args, 'yaml']), await penstock([...args, 'json'])];
    assert.deepEqual([yaml.code, json.code, json.stderr], [0, 0, '']);
    const value: unknown = JSON.parse(json.stdout);
    assert.deepEqual(parse(yaml.stdout), value);
    assert.deepEqual(Object.keys(value as object), ['listeners', 'routes', 'clusters', 'endpoints', 'problems']);
    assert.equal(at(value, 'routes', 0, 'name'), 'outbound');
    assert.deepEqual(
      (at(value, 'clusters') as readonly unknown[]).map((cluster) => at(cluster, 'name')),
      ['shop/web:80@old', 'shop/web:80@new'],
    );
  });

  test('short names belong to the namespace of the proxy', async (t) => {
    const folder = await shopFolder(t);
    const domainsIn = async (namespace: string): Promise<unknown> => {
      const { stdout } = await penstock(['translate', '-f', folder, '--namespace', namespace, '-o', 'json']);
      return at(JSON.parse(stdout), 'routes', 0, 'virtual_hosts', 0, 'domains');
    };
    assert.ok(((await domainsIn('shop')) as readonly string[]).includes('web'));
    assert.ok(!((await domainsIn('other')) as readonly string[]).includes('web'));
  });

  test('problems are in the output and told on standard error; what is good comes out all the same', async (t) => {
    const folder = await shopFolder(t);
    await writeFile(join(folder, 'wrong.yaml'), WRONG_WEIGHT.replace('name: web', 'name: cart'));
    const { code, stdout, stderr } = await penstock(['translate', '-f', folder, '-o', 'json']);
    assert.equal(code, 0);
    assert.match(stderr, /wrong\.yaml:4:\d+: Rollout shop\/cart: .*\[WEIGHT_OUT_OF_RANGE\]/);
    assert.equal(at(JSON.parse(stdout), 'problems', 0, 'code'), 'WEIGHT_OUT_OF_RANGE');
    assert.equal((at(JSON.parse(stdout), 'clusters') as readonly unknown[]).length, 2);
  });

  test('exits 65 where there is nothing to read', async () => {
    const { code, stdout, stderr } = await penstock(['translate', '-f', '/nowhere/at/all']);
    assert.deepEqual([code, stdout], [65, '']);
    assert.match(stderr, /\/nowhere\/at\/all can not be read.*\[SOURCE_UNREADABLE\]/);
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

describe('check', { concurrency: 2 }, () => {
  test('a warning is a problem too: 79, with a place and a way out', async (t) => {
    const { code, stdout } = await penstock(['check', '-f', await lonelyFolder(t)]);
    assert.equal(code, 79);
    assert.match(
      stdout,
      /^warning .*lonely\.yaml:1:1: Rollout shop\/lonely: expected a Service .*\[ROLLOUT_WITHOUT_SERVICE\]$/m,
    );
    assert.match(stdout, /^0 errors and 1 warning in 1 object; docs\/errors\.md/m);
  });

  test('-o json gives problems as values', async (t) => {
    const folder = await emptyFolder(t);
    await writeFile(join(folder, 'web.yaml'), WRONG_WEIGHT);
    const { code, stdout } = await penstock(['check', '-f', folder, '-o', 'json']);
    assert.equal(code, 79);
    const problem = at(JSON.parse(stdout), 'problems', 0);
    assert.equal(at(problem, 'code'), 'WEIGHT_OUT_OF_RANGE');
    assert.equal(at(problem, 'path'), 'spec.strategy.canary.steps[0].setWeight');
    assert.deepEqual(at(problem, 'object'), { kind: 'Rollout', namespace: 'shop', name: 'web' });
    assert.equal(at(problem, 'place', 'line'), 4);
  });

  test('an empty folder has no problems', async (t) => {
    const { code, stdout } = await penstock(['check', '-f', await emptyFolder(t)]);
    assert.deepEqual([code, stdout], [0, 'no problems in 0 objects\n']);
  });
});
