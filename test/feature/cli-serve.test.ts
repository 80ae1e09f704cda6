import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { put, service } from '../harness/manifests.js';
import { ModelEnvoy } from '../harness/model-envoy.js';
import { until, within } from '../harness/poll.js';
import { run } from '../harness/process.js';
import { PENSTOCK } from '../harness/product.js';
import { XdsClient } from '../harness/xds-client.js';
import { AROUND, assertFails, emptyFolder, ran, type Served, served, shopFolder, VERSION, web } from './cli-given.js';

/** A proxy that has everything. */
async function proxyOf(t: TestContext, { xdsPort, said }: Served): Promise<ModelEnvoy> {
  const envoy = new ModelEnvoy({ port: xdsPort, variant: 'delta', aggregated: true, namespace: 'shop' });
  t.after(() => envoy.close());
  await said('proxy connected', ({ proxy }) => proxy === envoy.nodeId);
  await until('the route table', () => envoy.table);
  return envoy;
}

/** How many settled publications the server knows a proxy to have; waits until it is up to date. */
async function upToDate({ adminPort }: Served, id: string): Promise<void> {
  await until(`${id} to be up to date`, async () => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/v1/proxies/${encodeURIComponent(id)}`);
    if (!answer.ok) return undefined;
    const { sequence, acknowledged } = (await answer.json()) as { sequence: number; acknowledged: number };
    return acknowledged >= sequence ? true : undefined;
  });
}

describe('penstock serve', { concurrency: 2 }, () => {
  test('says in one line that it is ready, of what and where', async (t) => {
    const folder = await shopFolder(t);
    const { ready, adminPort, xdsPort, stdout } = await served(t, ['--source', `dir:${folder}`]);
    const { ts, ms, ...facts } = ready;
    assert.deepEqual(facts, {
      level: 'info',
      msg: 'ready',
      version: VERSION,
      source: `dir:${folder}`,
      xds: `127.0.0.1:${xdsPort}`,
      admin: `127.0.0.1:${adminPort}`,
    });
    assert.ok(Number(ms) > 0 && Number.isFinite(Date.parse(String(ts))));
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
    assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ready' }]);
    assert.equal(stdout(), '', 'standard output belongs to nobody');
  });

  test('tells the same in text, for people', async (t) => {
    const ports = ['--xds-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'];
    const startedAt = performance.now();
    const process = run(globalThis.process.execPath, [
      PENSTOCK,
      'serve',
      '--source',
      `dir:${await shopFolder(t)}`,
      ...ports,
    ]);
    t.after(() => process.stop());
    const line = await process.line(/ready/, 'stderr');
    t.diagnostic(`serve is ready after ${Math.round(performance.now() - startedAt)} ms (aim: 1500 ms)`);
    assert.match(
      line,
      /^\d\d:\d\d:\d\d\.\d{3} info {2}ready version=\S+ source=dir:\S+ xds=127\.0\.0\.1:\d+ admin=127\.0\.0\.1:\d+ ms=\d+$/,
    );
  });

  test('writes one line a change: the object, what changed, to how many proxies, bytes, milliseconds', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, ['--source', `dir:${folder}`]);
    const envoy = await proxyOf(t, server);
    await upToDate(server, envoy.nodeId);
    await put(folder, 'web.yaml', [web(50)]);
    const line = await server.said('change served', ({ changes }) => String(changes).includes('50'));
    assert.equal(line['changes'], 'Rollout shop/web: weight 20 → 50');
    assert.equal(line['proxies'], 1);
    assert.ok(Number(line['bytes']) > 100 && Number(line['bytes']) < 10_000, String(line['bytes']));
    assert.ok(Number(line['ms']) > 0, 'the time until the last acknowledgement');
    assert.equal(line['level'], 'info');
    const changes = server.log().filter(({ msg }) => msg === 'change served');
    assert.equal(changes.length, 2, 'one for the first listing, one for the change');
    assert.deepEqual(envoy.violations, []);
  });

  test('writes that line in text as well', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, ['--source', `dir:${folder}`, '--log-format', 'text', '--log-format', 'json']);
    assert.ok(server.ready, 'the last flag counts');
    const args = ['--xds-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'];
    const process = run(globalThis.process.execPath, [PENSTOCK, 'serve', '--source', `dir:${folder}`, ...args]);
    t.after(() => process.stop());
    await process.line(/ready/, 'stderr');
    await put(folder, 'web.yaml', [web(50)]);
    const line = await process.line(/50/, 'stderr');
    assert.match(
      line,
      /^\S+ info {2}change served sequence=2 changes="Rollout shop\/web: weight 20 → 50" proxies=0 bytes=0$/,
    );
  });

  test('tells a change of a plain Service, and that one is gone', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, ['--source', `dir:${folder}`]);
    await put(folder, 'db.yaml', [service('db', { app: 'db' })]);
    await server.said('change served', ({ changes }) => changes === 'Service shop/db: served on 80');
    await rm(join(folder, 'db.yaml'));
    await server.said('change served', ({ changes }) => changes === 'Service shop/db: no longer served');
  });

  test('tells each problem once when it comes and once when it goes, with file and line', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, ['--source', `dir:${folder}`]);
    await put(folder, 'web.yaml', [web(20, [{ setWeight: 120 }])]);
    const come = await server.said('problem: the last good version of this object stays in force');
    assert.equal(come['level'], 'error');
    assert.equal(come['code'], 'WEIGHT_OUT_OF_RANGE');
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
    const server = await served(t, ['--source', `dir:${folder}`]);
    const line = await server.said('problem');
    assert.deepEqual([line['level'], line['code']], ['warn', 'ROLLOUT_WITHOUT_SERVICE']);
    await put(folder, 'around.yaml', AROUND);
    await server.said('problem solved', ({ code }) => code === 'ROLLOUT_WITHOUT_SERVICE');
  });

  test('tells a rejection with the words of the proxy, and that the change is not everywhere', async (t) => {
    const folder = await shopFolder(t);
    const server = await served(t, ['--source', `dir:${folder}`]);
    const client = new XdsClient({ port: server.xdsPort, variant: 'delta', aggregated: true, namespace: 'shop' });
    t.after(() => client.close());
    client.subscribe('listener');
    await client.accept('listener');
    client.subscribe('route', 'outbound');
    await client.accept('route');
    await upToDate(server, client.nodeId);
    await put(folder, 'web.yaml', [web(50)]);
    client.nack(await client.next('route'), 'no\nsuch thing');
    const line = await server.said('rejected by a proxy: it keeps what it had, these bytes are not sent again');
    assert.deepEqual([line['level'], line['message'], line['proxy']], ['warn', 'no\nsuch thing', client.nodeId]);
    const change = await server.said('change served, not acknowledged by all');
    assert.deepEqual([change['level'], change['rejectedBy']], ['warn', [client.nodeId]]);
    const { stdout } = await ran(['proxies', '--server', `http://127.0.0.1:${server.adminPort}`]);
    assert.match(stdout, /rejected: no\\nsuch thing/);
  });

  test('answers at its admin address what it makes of Rollouts and proxies', async (t) => {
    const server = await served(t, ['--source', `dir:${await shopFolder(t)}`]);
    const envoy = await proxyOf(t, server);
    await upToDate(server, envoy.nodeId);
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${server.adminPort}${path}`)).text();
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
    const proxy = JSON.parse(await ask(`/v1/proxies/${envoy.nodeId}`)) as Readonly<Record<string, unknown>>;
    const { id, namespace, workload, client, aggregated, connectedAt } = proxy;
    assert.deepEqual(
      { id, namespace, workload, client, aggregated },
      { id: envoy.nodeId, namespace: 'shop', workload: 'web', client: 'test', aggregated: true },
    );
    assert.match(String(connectedAt), /^\d{4}-\d\d-\d\dT\S+Z$/);
    const metrics = await ask('/metrics');
    assert.match(metrics, /^penstock_proxies 1$/m);
    assert.match(metrics, /^penstock_xds_acks_total\{type="route"\} 1$/m);
    assert.match(metrics, /^penstock_xds_nacks_total\{type="route"\} 0$/m);
    assert.match(metrics, /^penstock_build_info\{version="[^"]+"\} 1$/m);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`ends with exit code 0 on ${signal}, also while a stream is open`, async (t) => {
      const server = await served(t, ['--source', `dir:${await shopFolder(t)}`]);
      const client = new XdsClient({ port: server.xdsPort, variant: 'delta', aggregated: true, namespace: 'shop' });
      t.after(() => client.close());
      client.subscribe('cluster');
      await client.next('cluster');
      const startedAt = performance.now();
      process.kill(server.pid, signal);
      assert.equal(await within('penstock to end', server.ended, server.stderr, 2000), 0);
      t.diagnostic(`ended after ${Math.round(performance.now() - startedAt)} ms`);
      const last = server
        .log()
        .map(({ msg }) => msg)
        .slice(-3);
      assert.deepEqual(last, ['stopping', 'proxy gone', 'stopped']);
    });
  }
});

/** Holds a port of loopback until the test ends. */
async function heldPort(t: TestContext): Promise<number> {
  const holder: Server = createServer();
  t.after(() => holder.close());
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

describe('penstock serve, settings', { concurrency: 2 }, () => {
  test('a flag wins over the environment, and that over the file', async (t) => {
    const folder = await shopFolder(t);
    const config = join(folder, 'penstock.conf');
    await writeFile(config, `source: dir:/nowhere\nlogFormat: text\nlogLevel: silent\n`);
    const server = await served(t, ['--config', config, '--log-level', 'info'], { PENSTOCK_SOURCE: `dir:${folder}` });
    assert.equal(server.ready['source'], `dir:${folder}`);
  });

  test('everything can stand in the file', async (t) => {
    const folder = await shopFolder(t);
    const config = join(folder, 'penstock.conf');
    const lines = [`source: dir:${folder}`, 'xdsAddress: 127.0.0.1:0', 'adminAddress: "[::1]:0"', 'logFormat: json'];
    await writeFile(config, `${lines.join('\n')}\nscope: full\nlogLevel: info\ndrainDelay: 1s\n`);
    const process = run(globalThis.process.execPath, [PENSTOCK, 'serve', '--config', config]);
    t.after(() => process.stop());
    assert.match(await process.line(/"ready"/, 'stderr'), /"admin":"\[::1\]:\d+"/);
  });

  for (const flag of ['--xds-address', '--admin-address']) {
    test(`a port in use is told with the flag ${flag}`, async (t) => {
      const port = await heldPort(t);
      const addresses = ['--xds-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0', flag, `127.0.0.1:${port}`];
      const ended = await ran(['serve', '--source', `dir:${await shopFolder(t)}`, ...addresses]);
      assertFails(ended, 1, new RegExp(`^error: .*${port}.* is in use: .*${flag} \\[ADDRESS_IN_USE\\]\n$`));
    });
  }

  test('xDS beyond loopback is warned of', async (t) => {
    const server = await served(t, ['--source', `dir:${await emptyFolder(t)}`, '--xds-address', '0.0.0.0:0']);
    const line = server.log().find(({ level }) => level === 'warn');
    assert.match(String(line?.['msg']), /plain text to whoever reaches this address/);
    assert.equal(line?.['xds'], '0.0.0.0:0');
  });

  const refused: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly code: number;
    readonly message: RegExp;
  }[] = [
    {
      name: 'no source',
      args: [],
      code: 64,
      message: /^error: --source is missing, expected dir:PATH, for example dir:\.\/manifests\n$/,
    },
    {
      name: 'a folder that is not there',
      args: ['--source', 'dir:/nowhere/at/all', '--xds-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'],
      code: 65,
      message: /^error: \/nowhere\/at\/all can not be read: give an existing folder or file .*\[SOURCE_UNREADABLE\]\n$/,
    },
    {
      name: 'Kubernetes',
      args: ['--source', 'kubernetes'],
      code: 64,
      message: /--source kubernetes comes with a later release; dir:PATH reads/,
    },
    {
      name: 'the lazy scope',
      args: ['--source', 'dir:.', '--scope', 'lazy'],
      code: 64,
      message: /--scope lazy comes with a later release; full is there/,
    },
    {
      name: 'a file that is not there',
      args: ['--config', 'nowhere.yaml'],
      code: 65,
      message: /--config nowhere\.yaml can not be read.*\[CONFIG_INVALID\]/,
    },
    {
      name: 'an address of another machine',
      args: ['--source', 'dir:.', '--admin-address', '192.0.2.1:1'],
      code: 64,
      message: /can not listen on 192\.0\.2\.1.*--admin-address/,
    },
  ];
  for (const { name, args, code, message } of refused) {
    test(`refuses ${name}`, async () => assertFails(await ran(['serve', ...args]), code, message));
  }

  test('refuses a key that the file can not have, with its line and what was meant', async (t) => {
    const folder = await emptyFolder(t);
    await writeFile(join(folder, 'p.yaml'), 'source: dir:.\nlogLevle: info\n');
    const ended = await ran(['serve', '--config', join(folder, 'p.yaml')]);
    assertFails(ended, 65, /p\.yaml:2:11: logLevle is not a key of the configuration; did you mean logLevel\?/);
  });
});
