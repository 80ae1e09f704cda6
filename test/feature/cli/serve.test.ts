import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { put, service } from '../../harness/manifests.js';
import { ModelEnvoy } from '../../harness/model-envoy.js';
import { until, within } from '../../harness/poll.js';
import { XdsClient } from '../../harness/xds-client.js';
import {
  AROUND,
  assertFails,
  emptyFolder,
  FREE,
  penstock,
  type Served,
  served,
  shopFolder,
  started,
  upToDate,
  VERSION,
  web,
} from './given.js';

const DELTA = { variant: 'delta', aggregated: true, namespace: 'shop' } as const;

/** A proxy that has everything. */
async function proxyOf(t: TestContext, server: Served, name: string): Promise<ModelEnvoy> {
  const envoy = new ModelEnvoy({ ...DELTA, port: server.xdsPort, nodeId: `sidecar~shop~${name}` });
  t.after(() => envoy.close());
  await server.said('proxy connected', ({ proxy }) => proxy === envoy.nodeId);
  await until('the route table', () => envoy.table);
  await upToDate(server, envoy.nodeId);
  return envoy;
}

describe('penstock serve', { concurrency: 2 }, () => {
  test('says in one line that it is ready, of what and where', async (t) => {
    const folder = await shopFolder(t);
    const { ready, admin, xdsPort, stdout } = await served(t, folder);
    const { ts, ms, ...facts } = ready;
    assert.deepEqual(facts, {
      level: 'info',
      msg: 'ready',
      version: VERSION,
      source: `dir:${folder}`,
      xds: `127.0.0.1:${xdsPort}`,
      admin: admin.replace('http://', ''),
    });
    assert.ok(Number(ms) > 0 && Number.isFinite(Date.parse(String(ts))));
    const answer = await fetch(`${admin}/readyz`);
    assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ready' }]);
    assert.equal((await fetch(`${admin}/livez`)).status, 200);
    assert.equal(stdout(), '', 'standard output stays clean');
  });

  test('tells people the same in text: where it is in reach of others, that it is ready, what changes', async (t) => {
    const folder = await shopFolder(t);
    const startedAt = performance.now();
    const process = started(t, ['--source', `dir:${folder}`, ...FREE, '--xds-address', '0.0.0.0:0']);
    const ready = await process.told(/ ready /);
    t.diagnostic(`serve is ready after ${Math.round(performance.now() - startedAt)} ms (aim: 1500 ms)`);
    assert.match(
      ready,
      /^\d\d:\d\d:\d\d\.\d{3} info {2}ready version=\S+ source=dir:\S+ xds=0\.0\.0\.0:\d+ admin=127\.0\.0\.1:\d+ ms=\d+$/,
    );
    await process.told(/ warn {2}xDS is served in plain text to whoever reaches this address.* xds=0\.0\.0\.0:0$/);
    await put(folder, 'web.yaml', [web(50)]);
    assert.match(
      await process.told(/ change served sequence=2 /),
      /^\S+ info {2}change served sequence=2 changes="Rollout shop\/web: weight 20 → 50" proxies=0 bytes=0$/,
    );
  });

  test('writes one line a change: the object, what changed, to how many proxies, bytes, milliseconds', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, folder);
    const [one, two] = await Promise.all([proxyOf(t, server, 'one'), proxyOf(t, server, 'two')]);
    await put(folder, 'web.yaml', [web(50)]);
    const line = await server.said('change served', ({ changes }) => String(changes).includes('50'));
    assert.deepEqual(
      [line['level'], line['changes'], line['proxies']],
      ['info', 'Rollout shop/web: weight 20 → 50', 2],
    );
    assert.ok(Number(line['bytes']) > 100 && Number(line['bytes']) < 10_000, String(line['bytes']));
    assert.ok(Number(line['ms']) > 0, 'the time until the last acknowledgement');
    const stages = Object.keys(line['stages'] as object);
    assert.deepEqual(stages, ['read', 'model', 'derive', 'snapshot', 'write', 'ack'], 'and where it went');
    const changes = server.log().filter(({ msg }) => msg === 'change served');
    assert.equal(changes.length, 2, 'one for the first listing, one for the change');
    const metrics = await (await fetch(`${server.admin}/metrics`)).text();
    assert.match(metrics, /^penstock_proxies 2$/m);
    assert.match(metrics, /^penstock_convergence_seconds_count [1-9]/m);
    for (const stage of stages) {
      assert.match(metrics, new RegExp(`^penstock_change_stage_seconds_count\\{stage="${stage}"\\} [1-9]`, 'm'));
    }
    assert.deepEqual([...one.violations, ...two.violations], []);
  });

  test('tells people in text in which stage the time went', async (t) => {
    const folder = await shopFolder(t);
    const process = started(t, ['--source', `dir:${folder}`, ...FREE]);
    const port = Number(/xds=\S+:(\d+)/.exec(await process.told(/ ready /))?.[1]);
    const envoy = new ModelEnvoy({ ...DELTA, port, nodeId: 'sidecar~shop~web-0' });
    t.after(() => envoy.close());
    await until('the route table', () => envoy.table);
    await put(folder, 'web.yaml', [web(50)]);
    const figure = String.raw`\d+(\.\d+)?`;
    const stages = ['read', 'model', 'derive', 'snapshot', 'write', 'ack'].map((stage) => `${stage}:${figure}`);
    assert.match(
      await process.told(/ change served .*weight 20 → 50/),
      new RegExp(` proxies=1 bytes=\\d+ ms=${figure} stages=${stages.join(',')}$`),
    );
  });

  test('picks up a plain Service that comes to an empty folder, and tells when it is gone', async (t) => {
    const folder = await emptyFolder(t);
    const server = await served(t, folder);
    await put(folder, 'db.yaml', [service('db', { app: 'db' })]);
    await server.said('change served', ({ changes }) => changes === 'Service shop/db: served on 80');
    await rm(join(folder, 'db.yaml'));
    await server.said('change served', ({ changes }) => changes === 'Service shop/db: no longer served');
  });

  test('tells each problem once when it comes and once when it goes, with file and line', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, folder);
    await put(folder, 'web.yaml', [web(20, [{ setWeight: 120 }])]);
    const come = await server.said('problem: the last good version of this object stays in force');
    assert.deepEqual([come['level'], come['code']], ['error', 'WEIGHT_OUT_OF_RANGE']);
    const text = String(come['problem']);
    assert.match(
      text,
      /web\.yaml:\d+:\d+: Rollout shop\/web: spec\.strategy\.canary\.steps\[0\]\.setWeight is 120, expected/,
    );
    // Other files change: the problem is still the same one.
    await put(folder, 'db.yaml', [service('db', { app: 'db' })]);
    await server.said('change served', ({ changes }) => changes === 'Service shop/db: served on 80');
    await put(folder, 'web.yaml', [web(20)]);
    const gone = await server.said('problem solved');
    assert.deepEqual([gone['level'], gone['code'], gone['problem']], ['info', 'WEIGHT_OUT_OF_RANGE', text]);
    const told = server.log().filter(({ code }) => code === 'WEIGHT_OUT_OF_RANGE');
    assert.equal(told.length, 2);
  });

  test('a restriction is a warning', async (t) => {
    const folder = await emptyFolder(t);
    await put(folder, 'web.yaml', [web(20)]);
    const server = await served(t, folder);
    const line = await server.said('problem');
    assert.deepEqual([line['level'], line['code']], ['warn', 'ROLLOUT_WITHOUT_SERVICE']);
    await put(folder, 'around.yaml', AROUND);
    await server.said('problem solved', ({ code }) => code === 'ROLLOUT_WITHOUT_SERVICE');
  });

  test('tells a rejection with the words of the proxy, and that the change is not everywhere', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, folder);
    const client = new XdsClient({ ...DELTA, port: server.xdsPort });
    t.after(() => client.close());
    client.subscribe('listener');
    await client.accept('listener');
    client.subscribe('route', 'outbound');
    await client.accept('route');
    await upToDate(server, client.nodeId);
    await put(folder, 'web.yaml', [web(50)]);
    const words = 'no\nsuch thing\u001b[2J';
    client.nack(await client.next('route'), words);
    const line = await server.said('rejected by a proxy: it keeps what it had, these bytes are not sent again');
    assert.deepEqual([line['level'], line['message'], line['proxy']], ['warn', words, client.nodeId]);
    const change = await server.said('change served, not acknowledged by all');
    assert.deepEqual([change['level'], change['rejectedBy']], ['warn', [client.nodeId]]);
    const { stdout } = await penstock(['proxies', '--server', server.admin]);
    assert.match(stdout, /rejected: no\\nsuch thing\\u\{1b\}\[2J/);
    const metrics = await (await fetch(`${server.admin}/metrics`)).text();
    assert.match(metrics, /^penstock_xds_nacks_total\{type="route"\} 1$/m);
  });

  test('answers at its admin address what it makes of Rollouts and proxies', async (t) => {
    const server = await served(t, await shopFolder(t));
    const envoy = await proxyOf(t, server, 'web-0');
    const ask = async (path: string): Promise<string> => (await fetch(`${server.admin}${path}`)).text();
    const web20 = {
      namespace: 'shop',
      name: 'web',
      stable: 'old',
      canary: 'new',
      total: 100,
      split: [
        { version: 'old', weight: 80 },
        { version: 'new', weight: 20 },
      ],
      managedRoutes: [],
      problems: [],
    };
    assert.deepEqual(JSON.parse(await ask('/v1/rollouts')), { rollouts: [web20] });
    assert.deepEqual(JSON.parse(await ask('/v1/rollouts/shop/web')), web20);
    assert.equal((await fetch(`${server.admin}/v1/rollouts/shop/wep`)).status, 404);
    const proxy = JSON.parse(await ask(`/v1/proxies/${envoy.nodeId}`)) as Readonly<Record<string, unknown>>;
    const { id, namespace, workload, client, aggregated, connectedAt } = proxy;
    assert.deepEqual(
      { id, namespace, workload, client, aggregated },
      { id: envoy.nodeId, namespace: 'shop', workload: 'web', client: 'test', aggregated: true },
    );
    assert.match(String(connectedAt), /^\d{4}-\d\d-\d\dT\S+Z$/);
    const metrics = await ask('/metrics');
    assert.match(metrics, /^penstock_proxies 1$/m);
    assert.match(metrics, /^penstock_snapshot_build_seconds_count 1$/m);
    assert.match(metrics, /^penstock_xds_acks_total\{type="route"\} 1$/m);
    assert.match(metrics, /^penstock_xds_nacks_total\{type="route"\} 0$/m);
    assert.match(metrics, /^penstock_build_info\{version="[^"]+"\} 1$/m);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`ends with exit code 0 on ${signal}, also while a stream is open`, async (t) => {
      const server = await served(t, await shopFolder(t));
      const client = new XdsClient({ ...DELTA, port: server.xdsPort });
      t.after(() => client.close());
      client.subscribe('cluster');
      await client.next('cluster');
      const startedAt = performance.now();
      process.kill(server.pid, signal);
      assert.equal(await within('penstock to end', server.ended, server.stderr), 0);
      t.diagnostic(`ended ${Math.round(performance.now() - startedAt)} ms after ${signal}`);
      const last = server.log().slice(-3);
      assert.deepEqual(
        last.map(({ msg }) => msg),
        ['stopping', 'proxy gone', 'stopped'],
      );
      assert.equal(last[0]?.['signal'], signal);
    });
  }
});

describe('penstock serve, settings', { concurrency: 2 }, () => {
  test('come from a file; the environment wins over it, and a flag over both', async (t) => {
    const folder = await shopFolder(t);
    const config = join(await emptyFolder(t), 'penstock.conf');
    const lines = [
      `source: dir:${folder}`,
      'xdsAddress: 127.0.0.1:0',
      'adminAddress: "[::1]:0"',
      'logFormat: json',
      'logLevel: silent',
      'scope: full',
      'drainDelay: 1s',
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const env = { PENSTOCK_XDS_ADDRESS: '127.0.0.2:0', PENSTOCK_LOG_LEVEL: 'error', PENSTOCK_DRAIN_DELAY: '' };
    // Of a flag that is given twice, the last counts.
    const flags = ['--log-level', 'silent', '--log-level', 'info'];
    const ready = await started(t, ['--config', config, ...flags], env).told(/"ready"/);
    const { source, xds, admin } = JSON.parse(ready) as Readonly<Record<string, unknown>>;
    assert.equal(source, `dir:${folder}`);
    assert.match(String(xds), /^127\.0\.0\.2:\d+$/);
    assert.match(String(admin), /^\[::1\]:\d+$/);
    assert.equal((await fetch(`http://${String(admin)}/readyz`)).status, 200);
  });

  for (const flag of ['--xds-address', '--admin-address']) {
    test(`a port in use is told with the flag ${flag}`, async (t) => {
      const holder = createServer();
      t.after(() => holder.close());
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
      const { port } = holder.address() as AddressInfo;
      const source = ['--source', `dir:${await shopFolder(t)}`];
      const ended = await penstock(['serve', ...source, ...FREE, flag, `127.0.0.1:${port}`]);
      assertFails(ended, 1, new RegExp(`^error: .*${port}.* is in use: .*${flag} \\[ADDRESS_IN_USE\\]\n$`));
    });
  }

  test('refuses an address of another machine', async (t) => {
    const source = ['--source', `dir:${await emptyFolder(t)}`];
    const ended = await penstock(['serve', ...source, ...FREE, '--admin-address', '192.0.2.1:1']);
    assertFails(ended, 64, /^error: .*can not listen on 192\.0\.2\.1.*--admin-address/);
  });

  test('refuses a folder that is not there', async () => {
    const message = /^error: \/nowhere\/at\/all can not be read: give an existing folder.*\[SOURCE_UNREADABLE\]\n$/;
    assertFails(await penstock(['serve', '--source', 'dir:/nowhere/at/all', ...FREE]), 65, message);
  });
});
