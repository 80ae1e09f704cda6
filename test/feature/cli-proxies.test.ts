import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { freePort } from '../harness/free-port.js';
import { ModelEnvoy } from '../harness/model-envoy.js';
import { until } from '../harness/poll.js';
import { assertFails, ran, type Served, served, shopFolder } from './cli-given.js';

const address = ({ adminPort }: Served): string => `http://127.0.0.1:${adminPort}`;

async function withProxy(t: TestContext): Promise<Served> {
  const server = await served(t, ['--source', `dir:${await shopFolder(t)}`]);
  const envoy = new ModelEnvoy({ port: server.xdsPort, variant: 'delta', aggregated: true, namespace: 'shop' });
  t.after(() => envoy.close());
  await until('the proxy to be up to date', async () => {
    const { stdout } = await ran(['proxies', '--server', address(server)]);
    return envoy.table !== undefined && stdout.includes('up to date') ? true : undefined;
  });
  return server;
}

describe('penstock proxies', { concurrency: 2 }, () => {
  test('lists them as a table, wide, as JSON and as YAML', async (t) => {
    const server = await withProxy(t);
    const table = await ran(['proxies', '--server', address(server)]);
    assert.deepEqual([table.code, table.stderr], [0, '']);
    assert.equal(
      table.stdout,
      'PROXY                NAMESPACE   CLIENT   STATE\nsidecar~shop~web-0   shop        test     up to date\n',
    );
    const { stdout: wide } = await ran(['proxies', '-o', 'wide'], { PENSTOCK_SERVER: address(server) });
    const [headings, line, ...more] = wide.trimEnd().split('\n');
    assert.match(headings ?? '', /^PROXY +NAMESPACE +WORKLOAD +CLIENT +PEER +CONNECTED +RESOURCES +STATE$/);
    assert.match(
      line ?? '',
      /^sidecar~shop~web-0 +shop +web +test +127\.0\.0\.1:\d+ +\d{4}-\S+Z +cluster 2, .*endpoint 2, .*up to date$/,
    );
    assert.deepEqual(more, []);
    const { stdout: json } = await ran(['proxies', '--server', address(server), '-o', 'json']);
    const { stdout: yaml } = await ran(['proxies', '--server', address(server), '-o', 'yaml']);
    assert.deepEqual(parse(yaml), JSON.parse(json));
    const { proxies } = JSON.parse(json) as { proxies: readonly { id: string }[] };
    assert.deepEqual(
      proxies.map(({ id }) => id),
      ['sidecar~shop~web-0'],
    );
  });

  test('says so where none is connected', async (t) => {
    const server = await served(t, ['--source', `dir:${await shopFolder(t)}`]);
    const { code, stdout } = await ran(['proxies', '--server', address(server)]);
    assert.deepEqual([code, stdout], [0, `no proxy is connected to ${address(server)}\n`]);
    const { stdout: json } = await ran(['proxies', '--server', address(server), '-o', 'json']);
    assert.deepEqual(JSON.parse(json), { proxies: [] });
  });

  test('says where nothing answers', async () => {
    const server = `http://127.0.0.1:${await freePort()}`;
    const ended = await ran(['proxies', '--server', server]);
    assertFails(
      ended,
      1,
      new RegExp(`^error: ${server}: nothing answers there; is penstock serve running.* \\[SERVER_UNREACHABLE\\]\n$`),
    );
  });

  test('says what is no URL', async () => {
    assertFails(
      await ran(['proxies', '--server', '127.0.0.1:18080']),
      1,
      /that is no URL, expected for example http:\/\//,
    );
  });

  test('says when another program answers', async (t) => {
    const bodies = ['{"proxies": [{}]}', 'hello'];
    const other = createServer((_, response) => response.end(bodies.shift()));
    t.after(() => other.close());
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    for (const _ of [...bodies]) {
      const ended = await ran(['proxies', '--server', `http://127.0.0.1:${port}`]);
      assertFails(ended, 1, /what answers there is no penstock of this release \[SERVER_UNREACHABLE\]/);
    }
  });
});
