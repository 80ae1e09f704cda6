import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ModelEnvoy } from '../../harness/model-envoy.js';
import { penstock, served, shopFolder, upToDate } from './given.js';

test('proxies lists who is connected as a table, wide, as JSON and as YAML, and forgets who is gone', async (t) => {
  const server = await served(t, await shopFolder(t));
  const envoy = new ModelEnvoy({ port: server.xdsPort, variant: 'delta', aggregated: true, namespace: 'shop' });
  t.after(() => envoy.close());
  await upToDate(server, envoy.nodeId);
  const list = (...args: readonly string[]): ReturnType<typeof penstock> =>
    penstock(['proxies', '--server', server.admin, ...args]);
  const [table, wide, json, yaml] = await Promise.all([
    list(),
    penstock(['proxies', '-o', 'wide'], { PENSTOCK_SERVER: server.admin }),
    list('-o', 'json'),
    list('-o', 'yaml'),
  ]);
  assert.deepEqual([table.code, table.stderr], [0, '']);
  assert.equal(
    table.stdout,
    'PROXY                NAMESPACE   CLIENT   SCOPE   STATE\nsidecar~shop~web-0   shop        test     full    up to date\n',
  );
  const [headings = '', line = '', ...more] = wide.stdout.trimEnd().split('\n');
  assert.match(headings, /^PROXY +NAMESPACE +WORKLOAD +CLIENT +PEER +CONNECTED +SCOPE +RESOURCES +STATE$/);
  assert.match(
    line,
    /^sidecar~shop~web-0 +shop +web +test +127\.0\.0\.1:\d+ +\d{4}-\S+Z +full +cluster 2, .*endpoint 2, .*up to date$/,
  );
  assert.deepEqual(more, []);
  assert.deepEqual(parse(yaml.stdout), JSON.parse(json.stdout));
  const { proxies } = JSON.parse(json.stdout) as { proxies: readonly { id: string }[] };
  assert.deepEqual(
    proxies.map(({ id }) => id),
    ['sidecar~shop~web-0'],
  );

  envoy.close();
  await server.said('proxy gone', ({ proxy }) => proxy === envoy.nodeId);
  const [none, noneAsJson] = await Promise.all([list(), list('-o', 'json')]);
  assert.deepEqual([none.code, none.stdout], [0, `no proxy is connected to ${server.admin}\n`]);
  assert.deepEqual(JSON.parse(noneAsJson.stdout), { proxies: [] });
});
