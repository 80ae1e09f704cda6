import assert from 'node:assert/strict';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { burst, failed, type Target } from '../harness/load.js';
import { freePort } from '../harness/free-port.js';
import { type Manifest, pods, rollout, service, slice } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import { echoed, greeterClient, startGreeter, unary } from './greeter.js';
import { openWebSocket } from './web-socket.js';
import { ask, openScene, recorded, type Scene, sharedStage, troubles, versionPods } from './scene.js';

// How requests are treated on their way: options of a Rollout, what holds without any, and other protocols than HTTP/1.1.

/** One scene for all tests: each has Services of its own in it. */
interface Stage extends Scene {
  readonly target: (host: string, path?: string) => Target;
}

const open = sharedStage(openStage);

test('the option timeout ends a request with 504; without it there is no limit', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  assert.equal((await ask(stage.target('hasty', '/slow/2000'))).status, 504);
  assert.equal((await ask(stage.target('hasty', '/slow/1'))).status, 200);
  assert.equal((await ask(stage.target('patient', '/slow/400'))).status, 200);
});

test('nothing but an option limits how long a request or a stream may take', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const body = (await ask(stage.target('patient', '/stream/2000'))).body;
  assert.ok(body.split('\n').length > 50, 'a stream of 2 s comes whole');
  // A virtual host that was asked for stands in no dump: so one that is served everything is looked at.
  const all = await stage.sidecar({ nodeId: 'sidecar~shop~all', args: ['--scope', 'full'] });
  const dump = await all.admin('/config_dump');
  const routes = routesOf(JSON.parse(dump)).filter(({ route }) => !/hasty/.test(JSON.stringify(route)));
  assert.ok(routes.length > 5);
  for (const { route } of routes) assert.deepEqual([route['timeout'], route['idle_timeout']], ['0s', undefined]);
  assert.match(dump, /"stream_idle_timeout": "0s"/);
});

test('the option retries tries again what it names; without it a 503 of the service reaches the caller', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  assert.equal((await ask(stage.target('stubborn', '/flaky/one'))).status, 200);
  assert.equal((await ask(stage.target('patient', '/flaky/two'))).status, 503);
});

test('an endpoint that refuses connections beside one that works costs no request', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const tally = await burst(stage.target('half-dead'), 300);
  assert.deepEqual(tally.failures, new Map());
  assert.ok(Number(await stage.envoy.stat('cluster.shop/half-dead_80.upstream_rq_retry_success')) > 0);
});

test('the option outlierDetection takes out the endpoint that fails', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const ejected = 'cluster.shop/picky_80@old.outlier_detection.ejections_active';
  await until('the failing endpoint to be taken out', async () => {
    await burst(stage.target('picky'), 20, 1);
    return (await stage.envoy.stat(ejected)) === 1 ? true : undefined;
  });
  assert.equal(failed(await burst(stage.target('picky'), 100)), 0);
});

test('a port that says h2c is spoken to in HTTP/2, whatever the caller speaks', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  assert.deepEqual(await ask(stage.target('modern')), { status: 200, version: '2.0', cookie: undefined, body: 'h2' });
});

test('gRPC goes through: unary calls by header route, streams both ways', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const client = greeterClient(stage.envoy.outboundPort, 'greeter');
  t.after(() => client.close());
  for (let call = 0; call < 10; call += 1) {
    assert.equal(await unary(client, new Metadata()), 'old');
    const tester = new Metadata();
    tester.set('x-tester', 'yes');
    assert.equal(await unary(client, tester), 'new');
  }
  assert.deepEqual(await echoed(client, ['one', 'two', 'three']), ['old one', 'old two', 'old three']);
});

test('a WebSocket goes through', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const frame = Buffer.from('810568656c6c6f', 'hex');
  const socket = await openWebSocket(stage.envoy.outboundPort, 'patient');
  const { version } = socket;
  const back = await socket.echoed(frame);
  socket.close();
  assert.equal(version, 'old');
  assert.deepEqual(back, frame);
});

test('after all that, Envoy has refused nothing, missed no cluster and waited for no update', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const counted = await troubles(stage.envoy);
  // Answers with 5xx were what some of these tests wanted.
  assert.deepEqual(
    [...counted].filter(([name]) => !name.endsWith('downstream_rq_5xx')),
    [],
  );
});

async function openStage(binary: string): Promise<Stage> {
  const [stable, failing, modern] = await Promise.all([startEcho('old'), startEcho('bad', 503), startHttp2()]);
  const greeters = await Promise.all([startGreeter('old'), startGreeter('new')]);
  const dead = await freePort();
  const scene = await openScene(binary, {
    ...shaped('hasty', [stable], { timeout: '200ms' }),
    ...shaped('stubborn', [stable], { retries: { attempts: 2, on: ['5xx'] } }),
    ...shaped('picky', [stable, failing], {
      outlierDetection: { consecutiveErrors: 3, interval: '100ms', ejectionTime: '60s', maxEjectedPercent: 50 },
    }),
    ...shaped('patient', [stable], {}),
    'half-dead.yaml': [
      service('half-dead', { app: 'half-dead' }),
      slice('half-dead', { name: 'live', port: stable.port }),
      slice('half-dead', { name: 'dead', port: dead }),
    ],
    'modern.yaml': [
      withPort(service('modern', { app: 'modern' }), { name: 'http', port: 80, appProtocol: 'kubernetes.io/h2c' }),
      slice('modern', { name: '0', port: modern.port }),
    ],
    'greeter.yaml': greeterObjects(greeters),
  });
  return {
    ...scene,
    target: (host, path = '/') => ({ port: scene.envoy.outboundPort, host, path }),
    close: async () => {
      await scene.close();
      await Promise.all([stable.close(), failing.close(), modern.close()]);
      for (const { server } of greeters) server.forceShutdown();
    },
  };
}

/** A Rollout at rest, with options, and its pods. */
function shaped(
  name: string,
  servers: readonly EchoServer[],
  options: Manifest,
): Readonly<Record<string, readonly Manifest[]>> {
  const trafficRouting = { plugins: { 'penstock/xds': options } };
  return {
    [`${name}.yaml`]: [
      service(name, { app: name }),
      ...pods(name, [versionPods('old', servers)]),
      rollout(name, { steps: [], trafficRouting }, recorded('old', 'old', 0)),
    ],
  };
}

function withPort(manifest: Manifest, port: Manifest): Manifest {
  return { ...manifest, spec: { ...(manifest['spec'] as Manifest), ports: [port] } };
}

function greeterObjects(greeters: readonly { readonly version: string; readonly port: number }[]): readonly Manifest[] {
  const match = [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }];
  const trafficRouting = { plugins: { 'penstock/xds': {} }, managedRoutes: [{ name: 'testers' }] };
  const steps = [{ setHeaderRoute: { name: 'testers', match } }];
  const versions = greeters.map(({ version, port }) => ({ hash: version, ports: [port] }));
  return [
    // Nothing but the caller says that this is HTTP/2.
    service('greeter', { app: 'greeter' }),
    ...pods('greeter', versions),
    rollout('greeter', { steps, trafficRouting }, recorded('old', 'new', 0)),
  ];
}

interface DumpedRoute {
  readonly route: Readonly<Record<string, unknown>>;
}

/** Every route in a configuration dump that leads somewhere. */
function routesOf(value: unknown): readonly DumpedRoute[] {
  if (Array.isArray(value)) return value.flatMap(routesOf);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'route' in value && 'match' in value ? [value as unknown as DumpedRoute] : [];
  return [...own, ...Object.values(value).flatMap(routesOf)];
}

async function startHttp2(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const sessions = new Set<{ destroy(): void }>();
  const server: Http2Server = createHttp2Server((incoming, response) => {
    response.writeHead(200, { 'x-version': incoming.httpVersion });
    response.end('h2');
  });
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { port: (server.address() as AddressInfo).port, close };
}
