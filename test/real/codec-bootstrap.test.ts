import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { any, type Bootstrap, duration, encodeMessage, messageToJson, struct } from '../../src/codec/index.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { newerVirtualHost } from '../unit/codec/samples.js';

const BOOTSTRAP = 'envoy.config.bootstrap.v3.Bootstrap';

const clusters = ['stable', 'canary'].map((name) => ({ name, type: 0 as const, connect_timeout: duration(250) }));
const bootstrap: Bootstrap = {
  node: { id: 'n', cluster: 'c', metadata: struct({ NAMESPACE: 'shop', deep: { list: [1, 'two', true] } }) },
  admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
  layered_runtime: { layers: [{ name: 'static', static_layer: struct({ 'some.key': 5 }) }] },
  static_resources: {
    clusters,
    listeners: [
      {
        name: 'outbound',
        address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
        filter_chains: [
          {
            filters: [
              {
                name: 'http',
                typed_config: any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
                  stat_prefix: 'outbound',
                  route_config: { name: 'outbound', virtual_hosts: [newerVirtualHost] },
                  http_filters: [
                    { name: 'on_demand', typed_config: any('envoy.extensions.filters.http.on_demand.v3.OnDemand', {}) },
                    { name: 'router', typed_config: any('envoy.extensions.filters.http.router.v3.Router', {}) },
                  ],
                }),
              },
            ],
          },
        ],
      },
    ],
  },
};

test('a real Envoy accepts a bootstrap as the JSON we print', async (t) => {
  await validates(t, 'bootstrap.json', JSON.stringify(messageToJson(BOOTSTRAP, bootstrap)));
});

// Envoy refuses fields it does not know in a static configuration: so this holds the numbers of the newer fields too.
test('a real Envoy accepts a bootstrap as the bytes we encode', async (t) => {
  await validates(t, 'bootstrap.pb', encodeMessage(BOOTSTRAP, bootstrap));
});

async function validates(t: TestContext, file: string, content: string | Uint8Array): Promise<void> {
  const envoy = usesRealEnvoy(t);
  if (envoy === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'penstock-codec-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, file);
  await writeFile(path, content);
  const { stdout } = await promisify(execFile)(envoy.path, ['--mode', 'validate', '--log-level', 'error', '-c', path]);
  assert.match(stdout, /OK/);
}
