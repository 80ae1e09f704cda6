import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { burst, failed, steadyLoad } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service, slice } from '../harness/manifests.js';
import { until, within } from '../harness/poll.js';
import type { Serving } from '../harness/product.js';
import {
  ask,
  nextLine,
  openScene,
  proxyOf,
  pushes,
  recorded,
  type Scene,
  sharedStage,
  total,
  troubles,
  versionPods,
} from './scene.js';
import { openWebSocket } from './web-socket.js';

// What becomes of a lazy scope as time goes on: hosts are forgotten and asked for again, servers and proxies come and go.

/** In this scene a host is forgotten when it was not called for a second. */
interface Stage extends Scene {
  readonly server: EchoServer;
  readonly port: number;
}

const FORGET_MS = 1_000;
const ROUNDS = 3;

const open = sharedStage(openStage);

test('a host that nobody calls any more is forgotten, and served again when it is called again', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  // One host is called all the while: nothing that comes or goes beside it may disturb it.
  const load = steadyLoad({ port: stage.port, host: 'busy' }, 200);
  const times: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const forgot = nextLine(stage.serving, /has not called these hosts/);
      const startedAt = performance.now();
      assert.equal((await ask({ port: stage.port, host: 'rare' })).status, 200);
      times.push(performance.now() - startedAt);
      assert.deepEqual(JSON.parse(await forgot).hosts, ['shop/rare']);
      await until('its cluster to go', async () =>
        (await stage.envoy.admin('/clusters')).includes('shop/rare:80::') ? undefined : true,
      );
      assert.deepEqual(await hostsOf(stage.serving), ['shop/busy']);
    }
    // Again, by other names, at the very moment at which it is taken away.
    for (let round = 0; round < ROUNDS; round += 1) {
      const forgot = nextLine(stage.serving, /has not called these hosts/);
      await learned(stage, 'rare');
      await forgot;
      for (const host of ['rare.shop', 'rare:80', 'rare.shop.svc:80', 'RARE', 'rare']) {
        assert.equal((await ask({ port: stage.port, host })).status, 200, host);
      }
      await idle(stage, 'rare');
    }
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.tally.failures, new Map());
  t.diagnostic(`asked again after: ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`);
  await idle(stage, 'busy');
});

test('a WebSocket keeps its host for as long as it is open', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const socket = await openWebSocket(stage.port, 'socket');
  for (let round = 0; round < 3; round += 1) {
    const forgot = nextLine(stage.serving, /has not called these hosts/);
    await learned(stage, 'rare');
    assert.deepEqual(JSON.parse(await forgot).hosts, ['shop/rare']);
    assert.equal(String(await socket.echoed(Buffer.from('hello'))), 'hello');
    assert.deepEqual(await hostsOf(stage.serving), ['shop/socket']);
  }
  const forgot = nextLine(stage.serving, /has not called these hosts/);
  socket.close();
  assert.deepEqual(JSON.parse(await forgot).hosts, ['shop/socket']);
});

test('a Service that is deleted is answered with 404, and served again when it is created again', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const target = { port: stage.port, host: 'reborn' };
  const becomes = (status: number): Promise<unknown> =>
    until(`${status}`, async () => ((await ask(target)).status === status ? true : undefined));
  for (let round = 0; round < 4; round += 1) {
    await put(stage.folder, 'reborn.yaml', plain('reborn', stage.server));
    await becomes(200);
    const forgot = nextLine(stage.serving, /has not called these hosts/);
    await rm(join(stage.folder, 'reborn.yaml'));
    await becomes(404);
    // Before it is forgotten, and after.
    if (round % 2 > 0) await forgot;
  }
  assert.equal(await total(stage.envoy, 'downstream_rq_5xx'), 0);
});

test('routes of one host that Envoy refuses keep no other host from being served, nor a request waiting', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const strict = await stage.sidecar({
    nodeId: 'sidecar~shop~strict',
    edit: (text) => text.replaceAll(/error_level: \d+/g, 'error_level: 50'),
  });
  const port = strict.outboundPort;
  await put(stage.folder, 'bad.yaml', badObjects(stage.server, LARGE_REGEX));
  await stage.settled('bad');
  const asked = ['bad', 'good-1', 'good-2', 'bad.shop', 'good-3'].map(
    async (host) => (await ask({ port, host })).status,
  );
  assert.deepEqual(await within('answers', Promise.all(asked), strict.process.stderr), [404, 200, 200, 404, 200]);
  assert.equal((await ask({ port, host: 'good-4' })).status, 200);
  const { types } = await proxyOf(stage.serving, 'sidecar~shop~strict');
  const refused = types.flatMap(({ rejections }) =>
    rejections.flatMap(({ resources }) => resources.map(({ name }) => name)),
  );
  assert.deepEqual(refused, ['outbound/bad.shop.svc.cluster.local']);
  await put(stage.folder, 'bad.yaml', badObjects(stage.server, 'yes'));
  await until('the repaired host', async () => ((await ask({ port, host: 'bad' })).status === 200 ? true : undefined));
  await strict.stop();
});

test('a server that is killed is not missed, and sends nothing again of what was learned', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const known = ['good-1', 'good-2', 'good-3'];
  // Kept in use, else they would be forgotten meanwhile.
  const load = steadyLoad(
    known.map((host) => ({ port: stage.port, host })),
    100,
  );
  try {
    // With the table in either of its two forms.
    for (let turn = 0; turn < 2; turn += 1) {
      await until('hosts to be learned', async () =>
        (await hostsOf(stage.serving)).join() === known.map((host) => `shop/${host}`).join() ? true : undefined,
      );
      await upToDate(stage);
      const waiting: Promise<unknown>[] = [];
      await stage.restart(
        async () => {
          await until('Envoy to miss its server', async () =>
            (await stage.envoy.stat('control_plane.connected_state')) === 0 ? true : undefined,
          );
          assert.equal(failed(await burst({ port: stage.port, host: 'good-1' }, 50)), 0);
          if (turn > 0) waiting.push(ask({ port: stage.port, host: 'good-4' }));
        },
        '--log-level',
        'debug',
      );
      await upToDate(stage);
      if (turn === 0) assert.deepEqual(pushes(stage.serving, 'sidecar~shop~caller'), []);
      if (turn === 0) await leaves(stage, () => ask({ port: stage.port, host: 'rare' }));
      for (const answer of waiting) assert.equal((await (answer as ReturnType<typeof ask>)).status, 200);
    }
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.tally.failures, new Map());
});

test('an Envoy that starts again in the same workload is served at once', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const proxy = { nodeId: 'sidecar~shop~again', args: ['--workload', 'again'] };
  const before = await stage.sidecar(proxy);
  assert.equal((await ask({ port: before.outboundPort, host: 'good-1' })).status, 200);
  await before.stop();
  const again = await stage.sidecar({ ...proxy, outboundPort: before.outboundPort });
  assert.deepEqual(await hostsOf(stage.serving, proxy.nodeId), ['shop/good-1']);
  assert.equal((await ask({ port: again.outboundPort, host: 'good-1' })).status, 200);
  await again.stop();
});

test('after all that, Envoy has refused nothing, missed no cluster and waited for no update', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  assert.deepEqual(await troubles(stage.envoy), new Map());
});

async function openStage(binary: string): Promise<Stage> {
  const server = await startEcho('v1');
  const names = ['busy', 'rare', 'socket', 'good-1', 'good-2', 'good-3', 'good-4'];
  const scene = await openScene(
    binary,
    { 'plain.yaml': names.flatMap((name) => plain(name, server)) },
    { serveArgs: ['--forget-after', `${FORGET_MS}ms`] },
  );
  return {
    ...scene,
    // Spread would keep the server that a restart replaces.
    get serving() {
      return scene.serving;
    },
    server,
    port: scene.envoy.outboundPort,
    close: async () => {
      await scene.close();
      await server.close();
    },
  };
}

async function hostsOf(serving: Serving, id?: string): Promise<readonly string[]> {
  return (await proxyOf(serving, id)).hosts ?? [];
}

/** A host comes into the scope and goes again. */
async function leaves({ serving }: Stage, call: () => Promise<unknown>): Promise<void> {
  const forgot = nextLine(serving, /has not called these hosts/);
  await call();
  await forgot;
}

/** A host is called until it is in the scope: at first it may be served by what Envoy still holds of it. */
async function learned({ serving, port }: Stage, host: string): Promise<void> {
  await until(`${host} to be learned`, async () => {
    assert.equal((await ask({ port, host })).status, 200);
    return (await hostsOf(serving)).includes(`shop/${host}`) ? true : undefined;
  });
}

/** A host that was called is forgotten. */
function idle({ serving }: Stage, name: string): Promise<unknown> {
  return until(`${name} to be forgotten`, async () =>
    (await hostsOf(serving)).includes(`shop/${name}`) ? undefined : true,
  );
}

async function upToDate({ serving }: Stage): Promise<void> {
  await until('the proxy to be up to date', async () => {
    const { acknowledged, sequence, types } = await proxyOf(serving);
    // What is on its way out would be taken for something that is called.
    const isCalm = types.every(({ leaving, pending }) => leaving + pending === 0);
    return types.length === 5 && isCalm && acknowledged === sequence ? true : undefined;
  });
}

/** A Service that no Rollout shapes. */
function plain(name: string, { port }: { readonly port: number }): readonly Manifest[] {
  return [service(name, { app: name }), slice(name, { name: '0', port })];
}

function badObjects(server: EchoServer, regex: string): readonly Manifest[] {
  const steps = [{ setHeaderRoute: { name: 'testers', match: [{ headerName: 'x-team', headerValue: { regex } }] } }];
  const trafficRouting = { plugins: { 'penstock/xds': {} }, managedRoutes: [{ name: 'testers' }] };
  return [
    service('bad', { app: 'bad' }),
    ...pods('bad', [versionPods('v1', [server]), versionPods('v2', [server])]),
    rollout('bad', { steps, trafficRouting }, recorded('v1', 'v2', 0)),
  ];
}

/** As a program it is larger than the limit of the strict Envoy. */
const LARGE_REGEX = Array.from({ length: 40 }, (_, index) => `team-${index}(-[a-z]+)?`).join('|');
