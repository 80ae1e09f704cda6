import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { EncodedResource } from '../../src/codec/index.js';
import type { HostIntent } from '../../src/intent/index.js';
import {
  bootstrap,
  type BootstrapOptions,
  hostResources,
  onDemandTable,
  outboundListener,
  placeholder,
} from '../../src/resources/index.js';
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

for (const routing of ['table', 'scoped', 'onDemand'] as const) {
  test(`a real Envoy accepts the listener as it is served to those whose routing is ${routing}`, async (t) => {
    await validates(
      t,
      withListener(outboundListener(OPTIONS.outbound, routing), () => undefined),
    );
  });
}

test('a real Envoy accepts the scopes of hosts, and the route configurations they lead to', async (t) => {
  const listener = outboundListener(OPTIONS.outbound, 'scoped');
  const text = withListener(listener, ({ scoped_routes }) => {
    delete scoped_routes.scoped_rds;
    scoped_routes.scoped_route_configurations_list = { scoped_route_configurations: HOSTS.flatMap(scopesInline) };
  });
  await validates(t, text);
});

for (const turn of ['even', 'odd'] as const) {
  test(`a real Envoy accepts the table that asks for virtual hosts, with the one that stands for none: ${turn}`, async (t) => {
    const text = withListener(outboundListener(OPTIONS.outbound, 'onDemand'), (manager) => {
      delete manager.rds;
      manager.route_config = { ...json(onDemandTable(turn)), virtual_hosts: [json(placeholder())] };
    });
    await validates(t, text);
  });
}

/** A bootstrap with a listener, changed where it asks the control plane for what only a test can write into it. */
function withListener(resource: EncodedResource<'listener'>, change: (manager: Json) => void): string {
  const config: Json = bootstrap(OPTIONS);
  delete config.dynamic_resources.lds_config;
  const listener = json(resource);
  change(listener.filter_chains[0].filters[0].typed_config);
  const served = HOSTS.flatMap((host) => hostResources(host).clusters.map(json));
  const clusters = [...config.static_resources.clusters, ...served];
  return JSON.stringify({ ...config, static_resources: { clusters, listeners: [listener] } });
}

/** Scopes that hold the route configuration they otherwise name: a static one has nobody to ask for it. */
function scopesInline(host: HostIntent): readonly Json[] {
  const { routes, scopes, ownScopes } = hostResources(host);
  return [...scopes, ...ownScopes].map((scope) => {
    const { route_configuration_name, ...rest } = json(scope);
    const route_configuration = routes.find(({ name }) => name === route_configuration_name);
    assert.ok(route_configuration, route_configuration_name);
    return { ...rest, route_configuration: json(route_configuration) };
  });
}

const OPTIONS: BootstrapOptions = {
  // Plain YAML would read this as false.
  nodeId: 'n',
  namespace: 'shop',
  workload: 'web',
  xds: { host: '127.0.0.1', port: 18000 },
  outbound: { host: '127.0.0.1', port: 15001 },
  admin: { host: '127.0.0.1', port: 15000 },
  scope: 'lazy',
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
