import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { bootstrap, type BootstrapOptions, hostResources } from '../../src/resources/index.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import {
  header,
  hostNamed,
  type Json,
  json,
  port,
  portIntent,
  regex,
  RICH_HOST,
  route,
} from '../unit/resources/given.js';
import { staticConfig } from './static-config.js';

const longRegex = Array.from({ length: 300 }, (_, index) => `team-${index}(-[a-z]+)?`).join('|');
const HOSTS = [
  RICH_HOST,
  hostNamed('infra', 'log', portIntent({})),
  hostNamed(
    'shop',
    'long',
    portIntent({ routes: [route({ matches: [header('x-team', regex(longRegex))] }), route({})] }),
  ),
];

test('a real Envoy accepts a route table, listener and clusters with everything a Rollout can ask for', async (t) => {
  const pods = () => [{ address: '127.0.0.1', port: port(9) }];
  await validates(t, staticConfig(HOSTS, 15001, pods).text);
});

test('a real Envoy accepts the clusters as they are served', async (t) => {
  const served = HOSTS.flatMap((host) => hostResources(host).clusters.map(json));
  const config: Json = bootstrap(OPTIONS);
  await validates(
    t,
    JSON.stringify({ ...config, static_resources: { clusters: [...config.static_resources.clusters, ...served] } }),
  );
});

const OPTIONS: BootstrapOptions = {
  // Plain YAML would read this as false.
  nodeId: 'n',
  namespace: 'shop',
  workload: 'web',
  xds: { host: '127.0.0.1', port: 18000 },
  outbound: { host: '127.0.0.1', port: 15001 },
  admin: { host: '127.0.0.1', port: 15000 },
  api: 'delta',
  aggregated: true,
};
const bootstraps: readonly Partial<BootstrapOptions>[] = [
  {},
  { api: 'sotw' },
  { aggregated: false },
  { api: 'sotw', aggregated: false },
  { xds: { host: 'penstock.penstock-system', port: 18000 } },
];
for (const given of bootstraps) {
  test(`a real Envoy accepts a bootstrap with ${JSON.stringify(given)}`, async (t) => {
    await validates(t, JSON.stringify(bootstrap({ ...OPTIONS, ...given })));
  });
}

async function validates(t: TestContext, config: string): Promise<void> {
  const envoy = usesRealEnvoy(t);
  if (envoy === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'penstock-resources-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'bootstrap.json');
  await writeFile(path, config);
  const { stdout, stderr } = await promisify(execFile)(envoy.path, ['--mode', 'validate', '-l', 'warning', '-c', path]);
  assert.match(stdout, /OK/);
  // Envoy says so when a field is on its way out.
  assert.doesNotMatch(stderr, /deprecated/i);
}
