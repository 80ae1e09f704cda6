import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { scenarioFolder, scenarioNames } from '../scenarios/folders.js';

import type { Json } from '../unit/resources/given.js';

describe('a real Envoy accepts what the scenarios expect', { concurrency: 2 }, () => {
  for (const name of scenarioNames()) {
    test(`a real Envoy accepts scenario ${name}`, async (t) => {
      const envoy = usesRealEnvoy(t);
      if (envoy === undefined) return;
      const folder = await mkdtemp(join(tmpdir(), 'penstock-scenario-'));
      t.after(() => rm(folder, { recursive: true }));
      const config = join(folder, 'bootstrap.json');
      await writeFile(config, JSON.stringify(await bootstrapOf(scenarioFolder(name))));
      const args = ['--mode', 'validate', '--log-level', 'warning', '-c', config];
      const { stdout, stderr } = await promisify(execFile)(envoy.path, args);
      assert.match(stdout, /OK/);
      assert.doesNotMatch(stderr, /deprecated/i);
    });
  }
});

/** The outputs of a scenario as one configuration: what proxies are served by xDS stands inline, so that Envoy judges all of it. */
async function bootstrapOf(scenario: string): Promise<Json> {
  const read = async (what: string): Promise<Json> => parse(await readFile(join(scenario, `${what}.yaml`), 'utf8'));
  const [listener] = await read('listeners');
  const [table] = await read('routes');
  const assignments = new Map((await read('endpoints')).map((one: Json) => [one.cluster_name, one]));
  const clusters = (await read('clusters')).map(({ eds_cluster_config: eds, ...cluster }: Json) => {
    const name = eds.service_name ?? cluster.name;
    assert.ok(assignments.has(name), `cluster ${cluster.name} has no endpoints.yaml entry`);
    return { ...cluster, type: 'STATIC', load_assignment: assignments.get(name) };
  });
  assert.equal(assignments.size, clusters.length, 'an assignment that no cluster asks for');
  const manager = listener.filter_chains[0].filters[0].typed_config;
  delete manager.rds;
  // Envoy checks by itself that every cluster of an inline table exists.
  manager.route_config = { ...table, validate_clusters: true };
  return {
    node: { id: 'sidecar~shop~test', cluster: 'test' },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: { listeners: [listener], clusters },
  };
}
