import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { burst, isPlausible } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service, slice } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import type { Sidecar } from '../harness/product.js';
import { echoed, type Greeter, greeterClient, startGreeter } from './greeter.js';
import {
  ask,
  assertShare,
  openScene,
  proxyOf,
  pushes,
  recorded,
  type Scene,
  sharedStage,
  troubles,
  versionPods,
} from './scene.js';
import { openWebSocket } from './web-socket.js';

// A sidecar is served what its workload calls, and asks for the rest when it is first called.

/** A scene where every test has Services of its own, that nobody has called before. */
interface Stage extends Scene {
  readonly servers: readonly [EchoServer, EchoServer, EchoServer];
  readonly greeter: Greeter;
}

const open = sharedStage(openStage);

/** Ends an answer that waits for something: 15 s is Envoy's own timeout of a first fetch. */
const AT_ONCE_MS = 1_000;

const COLD = ['get', 'big', 'bigger', 'upload', 'socket', 'head'].map((name) => `cold-${name}`);
const TIMED = Array.from({ length: 60 }, (_, index) => `timed-${index}`);

describe('the first request to a host succeeds', () => {
  first('a GET', async ({ envoy }) => {
    assert.equal((await ask({ port: envoy.outboundPort, host: 'cold-get' })).status, 200);
  });
  first('a HEAD', async ({ envoy }) => {
    assert.equal((await ask({ port: envoy.outboundPort, host: 'cold-head', method: 'HEAD' })).status, 200);
  });
  first('a body of 1 MB', async ({ envoy }) => {
    assert.equal(await upload(envoy, 'cold-big', [Buffer.alloc(1 << 20)]), 200);
  });
  first('a body of 5 MB, larger than what Envoy buffers', async ({ envoy }) => {
    assert.equal(await upload(envoy, 'cold-bigger', [Buffer.alloc(5 << 20)]), 200);
  });
  first('an upload that goes on while Envoy asks', async (stage) => {
    const isLearned = async (): Promise<void> => {
      await until('the host to be learned', async () =>
        (await hostsOf(stage)).includes('shop/cold-upload') ? true : undefined,
      );
    };
    assert.equal(await upload(stage.envoy, 'cold-upload', [Buffer.from('one'), Buffer.from('two')], isLearned), 200);
  });
  first('a WebSocket', async ({ envoy }) => {
    const socket = await openWebSocket(envoy.outboundPort, 'cold-socket');
    assert.equal(String(await socket.echoed(Buffer.from('hello'))), 'hello');
    socket.close();
  });
  first('a gRPC stream both ways', async ({ envoy }) => {
    const client = greeterClient(envoy.outboundPort, 'greeter.shop');
    assert.deepEqual(await echoed(client, ['one', 'two']), ['old one', 'old two']);
    client.close();
  });
});

test('many callers ask at once, under all names that a host has', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const port = stage.envoy.outboundPort;
  const names = [
    'many',
    'many.shop',
    'many.shop.svc',
    'many.shop.svc.cluster.local',
    'MANY',
    'Many.Shop',
    'many.shop.',
  ];
  const hosts = names.flatMap((name) => [name, `${name}:80`]);
  const answers = await Promise.all(
    hosts.flatMap((host) => Array.from({ length: 5 }, async () => `${host} ${(await ask({ port, host })).version}`)),
  );
  assert.deepEqual(new Set(answers), new Set(hosts.map((host) => `${host} old`)));
});

test('of a Service with two ports, each is reached first', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const port = stage.envoy.outboundPort;
  for (const [host, version] of [
    ['two-a:9090', 'new'],
    ['two-a', 'old'],
    ['two-b:80', 'old'],
    ['two-b.shop.svc:9090', 'new'],
  ] as const) {
    assert.equal((await ask({ port, host })).version, version, host);
  }
  assert.equal((await ask({ port, host: 'two-a:81' })).status, 404);
});

test('a host that nobody has is answered with 404 at once, the first time and later', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const port = stage.envoy.outboundPort;
  const hosts = [
    'nope',
    'nope.shop',
    'nope.shop.svc.cluster.local:81',
    'example.org',
    '127.0.0.1:1',
    '[::1]:80',
    'a..b',
    'a'.repeat(5000),
  ];
  const times: number[] = [];
  for (const host of [...hosts, ...hosts]) {
    const startedAt = performance.now();
    assert.equal((await ask({ port, host })).status, 404, host);
    times.push(performance.now() - startedAt);
  }
  assert.ok(Math.max(...times) < AT_ONCE_MS, times.join());
  t.diagnostic(`404: ${quantiles(times.slice(0, hosts.length))}; once more: ${quantiles(times.slice(hosts.length))}`);
});

test('a host that comes into being after it was asked for is served from then on', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const port = stage.envoy.outboundPort;
  for (const host of ['late', 'late.shop:80']) assert.equal((await ask({ port, host })).status, 404);
  await put(stage.folder, 'late.yaml', plain('late', stage.servers[0]));
  for (const host of ['late', 'late.shop:80', 'late.shop.svc']) {
    await until(`${host} to be served`, async () => ((await ask({ port, host })).status === 200 ? true : undefined));
  }
});

test('short names mean the own namespace, longer ones whoever they name', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const shop = stage.envoy.outboundPort;
  const { outboundPort: bank } = await stage.sidecar({ namespace: 'bank', nodeId: 'sidecar~bank~caller' });
  for (const [host, inShop, inBank] of [
    ['twin', 'old', 'new'],
    ['twin.shop', 'old', 'old'],
    ['twin.bank.svc', 'new', 'new'],
    ['twin', 'old', 'new'],
  ] as const) {
    assert.equal((await ask({ port: shop, host })).version, inShop, `${host} from shop`);
    assert.equal((await ask({ port: bank, host })).version, inBank, `${host} from bank`);
  }
});

test('header routes, mirrors and experiments are there with the first request', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const [, canary] = stage.servers;
  const { outboundPort: port } = stage.envoy;
  const tester = { port, host: 'rich', headers: { 'x-tester': 'yes' } };
  assert.equal((await ask(tester)).version, 'new');
  const before = canary.mirrored();
  await burst({ port, host: 'rich', path: '/api/cart' }, 100);
  await until('the copies', () => (canary.mirrored() - before === 100 ? true : undefined));
  const tally = await burst({ port, host: 'tried.shop' }, 2_000);
  assert.deepEqual(tally.failures, new Map());
  for (const [version, share] of [
    ['new', 0.2],
    ['candidate', 0.15],
    ['old', 0.65],
  ] as const) {
    assert.ok(
      isPlausible(tally.versions.get(version) ?? 0, tally.total, share),
      `${version}: ${JSON.stringify([...tally.versions])}`,
    );
  }
});

test('a weight change reaches those that call the host, and costs the others nothing', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const split = { host: 'split' };
  const [calls, other] = await Promise.all([
    stage.sidecar({ nodeId: 'sidecar~shop~calls' }),
    stage.sidecar({ nodeId: 'sidecar~shop~other' }),
  ]);
  await assertShare({ ...split, port: calls.outboundPort }, 'new', 0.3);
  await assertShare({ port: other.outboundPort, host: 'twin' }, 'old', 1, 10);
  await settledAll(stage);
  const before = pushes(stage.serving, 'sidecar~shop~calls').length;
  const beforeOther = pushes(stage.serving, 'sidecar~shop~other').length;
  const line = await stage.change('split.yaml', splitObjects(stage.servers, 70), /weight 30 → 70/);
  await assertShare({ ...split, port: calls.outboundPort }, 'new', 0.7);
  assert.deepEqual(pushes(stage.serving, 'sidecar~shop~calls').slice(before), [
    { kind: 'virtualHost', resources: 1, removed: 0 },
  ]);
  assert.deepEqual(pushes(stage.serving, 'sidecar~shop~other').slice(beforeOther), []);
  t.diagnostic(`one virtual host to one proxy: ${(JSON.parse(line) as { readonly bytes: number }).bytes} bytes`);
});

test('a second pod of a workload starts with what the first has learned, a pod of another does not', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const pod = (workload: string, name: string): Promise<Sidecar> =>
    stage.sidecar({ nodeId: `sidecar~shop~${name}`, args: ['--workload', workload] });
  const first = await pod('carts', 'carts-1');
  await assertShare({ port: first.outboundPort, host: 'split' }, 'new', 0.7, 100);
  const second = await pod('carts', 'carts-2');
  assert.deepEqual(await hostsOf(stage, 'sidecar~shop~carts-2'), ['shop/split']);
  const before = pushes(stage.serving, 'sidecar~shop~carts-2').length;
  await assertShare({ port: second.outboundPort, host: 'split.shop' }, 'new', 0.7, 100);
  assert.equal(pushes(stage.serving, 'sidecar~shop~carts-2').length, before, 'it did not have to ask');
  // What one of them asks for comes to the other too.
  await assertShare({ port: second.outboundPort, host: 'twin' }, 'old', 1, 10);
  await until('the first to have it', async () =>
    (await first.admin('/clusters')).includes('shop/twin:80::') ? true : undefined,
  );
  await pod('orders', 'orders-1');
  assert.deepEqual(await hostsOf(stage, 'sidecar~shop~orders-1'), []);
});

test('what a first request costs', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const times: [number[], number[]] = [[], []];
  for (const host of TIMED) {
    for (const list of times) {
      const startedAt = performance.now();
      assert.equal((await ask({ port: stage.envoy.outboundPort, host })).status, 200);
      list.push(performance.now() - startedAt);
    }
  }
  t.diagnostic(`first request to ${TIMED.length} hosts: ${quantiles(times[0])}; second: ${quantiles(times[1])}`);
});

test('after all that, Envoy has refused nothing, missed no cluster and waited for no update', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  assert.deepEqual(await troubles(stage.envoy), new Map());
});

function first(title: string, tell: (stage: Stage) => Promise<void>): void {
  test(title, async (t) => {
    const stage = await open(t);
    if (stage !== undefined) await tell(stage);
  });
}

async function openStage(binary: string): Promise<Stage> {
  const servers = await Promise.all([startEcho('old'), startEcho('new'), startEcho('candidate')] as const);
  const greeter = await startGreeter('old');
  const [stable, canary] = servers;
  const cold = [...COLD, ...TIMED, 'many', 'twin'].flatMap((name) => plain(name, stable));
  const scene = await openScene(
    binary,
    {
      'cold.yaml': [...cold, ...plain('twin', canary, 'bank'), ...plain('greeter', greeter)],
      'two.yaml': [...twoPorts('two-a', servers), ...twoPorts('two-b', servers)],
      'rich.yaml': richObjects(servers),
      'tried.yaml': triedObjects(servers),
      'split.yaml': splitObjects(servers, 30),
    },
    { serveArgs: ['--log-level', 'debug'] },
  );
  return {
    ...scene,
    servers,
    greeter,
    close: async () => {
      await scene.close();
      await Promise.all(servers.map((server) => server.close()));
      greeter.server.forceShutdown();
    },
  };
}

/** The Services in a proxy's scope. */
async function hostsOf({ serving }: Stage, id?: string): Promise<readonly string[]> {
  return (await proxyOf(serving, id)).hosts ?? [];
}

/** Every proxy has answered everything. */
async function settledAll({ serving }: Stage): Promise<void> {
  for (const id of ['sidecar~shop~calls', 'sidecar~shop~other']) {
    await until(`${id} to be up to date`, async () => {
      const { acknowledged, sequence } = await proxyOf(serving, id);
      return acknowledged === sequence ? true : undefined;
    });
  }
}

/** A POST in chunks, the last of them when `before` has come true; gives the status. */
function upload(
  { outboundPort: port }: Sidecar,
  host: string,
  chunks: readonly Buffer[],
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent: false, host: '127.0.0.1', port, method: 'POST', headers: { host } }, (response) => {
      response.resume();
      response.on('error', reject).on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    for (const chunk of chunks.slice(0, -1)) sent.write(chunk);
    before().then(() => sent.end(chunks.at(-1)), reject);
  });
}

function quantiles(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`;
}

/** A Service that no Rollout shapes. */
function plain(name: string, { port }: { readonly port: number }, namespace = 'shop'): readonly Manifest[] {
  return [service(name, { app: name }, namespace), slice(name, { name: '0', port }, namespace)];
}

function twoPorts(name: string, [http, admin]: Stage['servers']): readonly Manifest[] {
  const spec = {
    selector: { app: name },
    ports: [
      { name: 'http', port: 80, targetPort: 8080 },
      { name: 'admin', port: 9090, targetPort: 9090 },
    ],
  };
  const ports = [
    { name: 'http', port: http.port },
    { name: 'admin', port: admin.port },
  ];
  return [
    { ...service(name, {}), spec },
    { ...slice(name, { name: '0', port: http.port }), ports },
  ];
}

function shaped(name: string, servers: readonly EchoServer[], canary: Manifest, status: Manifest): readonly Manifest[] {
  const managedRoutes = [{ name: 'testers' }, { name: 'shadow' }];
  return [
    service(name, { app: name }),
    ...pods(
      name,
      servers.map((server) => versionPods(server.version, [server])),
    ),
    rollout(name, { steps: [], ...canary, trafficRouting: { plugins: { 'penstock/xds': {} }, managedRoutes } }, status),
  ];
}

function splitObjects([stable, canary]: Stage['servers'], weight: number): readonly Manifest[] {
  return shaped('split', [stable, canary], { steps: [{ setWeight: weight }] }, recorded('old', 'new', weight));
}

/** Nothing but header and mirror routes leads to the new version. */
function richObjects([stable, canary]: Stage['servers']): readonly Manifest[] {
  const steps = [
    { setHeaderRoute: { name: 'testers', match: [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }] } },
    { setMirrorRoute: { name: 'shadow', match: [{ path: { prefix: '/api' } }], percentage: 100 } },
  ];
  return shaped('rich', [stable, canary], { steps }, recorded('old', 'new', 0, 1));
}

function triedObjects(servers: Stage['servers']): readonly Manifest[] {
  const steps = [
    { setWeight: 20 },
    { experiment: { duration: '1h', templates: [{ name: 'candidate', specRef: 'canary', weight: 15 }] } },
  ];
  const weights = {
    canary: { podTemplateHash: 'new', weight: 20 },
    stable: { podTemplateHash: 'old', weight: 65 },
    additional: [{ serviceName: 'tried-candidate', podTemplateHash: 'candidate', weight: 15 }],
  };
  return shaped('tried', servers, { steps }, { ...recorded('old', 'new', 20, 1), canary: { weights } });
}
