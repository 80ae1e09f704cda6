import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { failed, steadyLoad, type Tally, type Target } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service, slice } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { nextLine, openScene, proxyOf, type Scene, total, troubles, versionPods } from './scene.js';

const PER_SECOND = 200;

/** How often a host is forgotten. */
const ROUNDS = 4;

/** The ways in which a Rollout can be set up that decide how its weights are found and which hosts are split. */
interface Shape {
  readonly title: string;
  readonly id: string;
  /** With one, Argo records weights and allows header and mirror routes; without, weights follow from the steps. */
  readonly hasProvider: boolean;
  /** One Service for both versions, or one each. */
  readonly services: 'root' | 'pair';
}

const SHAPES: readonly Shape[] = [
  { title: 'recorded weights, one Service', id: 'recorded-root', hasProvider: true, services: 'root' },
  { title: 'weights from steps, one Service', id: 'steps-root', hasProvider: false, services: 'root' },
  { title: 'recorded weights, two Services', id: 'recorded-pair', hasProvider: true, services: 'pair' },
  { title: 'weights from steps, two Services', id: 'steps-pair', hasProvider: false, services: 'pair' },
];

const HEADER = { name: 'testers', match: [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }] };
const MIRROR = { name: 'shadow', match: [{ path: { prefix: '/api' } }], percentage: 50 };

/** Steps of a Rollout with a provider; Argo refuses header and mirror routes where there is none. */
const RICH_STEPS = [
  { setWeight: 10 },
  { setHeaderRoute: HEADER },
  { setWeight: 50 },
  { setMirrorRoute: MIRROR },
  { setMirrorRoute: { name: MIRROR.name } },
  { setHeaderRoute: { name: HEADER.name } },
  { setWeight: 100 },
];
const PLAIN_STEPS = [{ setWeight: 20 }, { setWeight: 50 }, { setWeight: 30 }, { setWeight: 100 }];

/** What proxies are served: what they call, forgotten when nobody did for a second; or everything. */
type Scope = 'lazy' | 'full';

const scenes = new Map<Scope, Promise<Scene>>();
after(() => Promise.all([...scenes.values()].map(async (opening) => (await opening).close())));

// More at once and the load that each of them promises is beyond two cores.
describe('no request fails', { concurrency: 4 }, () => {
  for (const shape of SHAPES) {
    story(`while a Rollout walks and is promoted (${shape.title})`, { ...shape, id: `walk-${shape.id}` }, walk);
    story(`while a Rollout is aborted at every step (${shape.title})`, { ...shape, id: `abort-${shape.id}` }, abort);
    story(`while a third version replaces the second (${shape.title})`, { ...shape, id: `third-${shape.id}` }, third);
  }
  for (const shape of SHAPES.filter(({ services }) => services === 'root'))
    rarely({ ...shape, id: `rare-${shape.id}` });
  for (const shape of SHAPES.filter(({ hasProvider }) => hasProvider)) {
    const title = `in full scope, while a third version replaces the second (${shape.title})`;
    story(title, { ...shape, id: `full-${shape.id}` }, third, 'full');
  }
});

for (const scope of ['lazy', 'full'] as const) {
  test(`after all that, Envoy has refused nothing, missed no cluster and waited for no update (${scope})`, async (t) => {
    const binary = usesRealEnvoy(t);
    if (binary === undefined) return;
    const { envoy, serving } = await scene(binary.path, scope);
    const [learned, forgot] = ['calls new hosts', 'has not called these hosts'].map(
      (text) => serving.process.stderr().split(text).length - 1,
    );
    t.diagnostic(
      `retried by Envoy: ${await total(envoy, 'upstream_rq_retry')}; updates: ${await total(envoy, 'update_success')}; ` +
        `hosts learned ${learned} times, forgotten ${forgot} times`,
    );
    if (scope === 'lazy') assert.ok(Number(forgot) >= 2 * ROUNDS, 'hosts have come and gone under load');
    assert.deepEqual(await troubles(envoy), new Map());
  });
}

async function walk(shop: Shop, stepSeconds = '0.1'): Promise<void> {
  await shop.start('v2');
  await shop.play('--to-hash', 'v2', '--step-seconds', stepSeconds);
  await shop.becomes({ stable: 'v2', canary: 'v2' });
  await shop.end('v1');
}

async function abort(shop: Shop): Promise<void> {
  for (let step = 0; step <= shop.steps.length; step += 1) {
    const hash = `c${step}`;
    await shop.start(hash);
    await shop.play('--to-hash', hash, '--abort-at', String(step), '--step-seconds', '0.02');
    await shop.becomes({ stable: 'v1', canary: 'v1' });
    await shop.end(hash);
  }
}

async function third(shop: Shop): Promise<void> {
  await shop.start('v2');
  await shop.play('--to-hash', 'v2', '--until', '3', '--step-seconds', '0.05');
  await shop.start('v3');
  await shop.play('--to-hash', 'v3', '--until', '1', '--step-seconds', '0.05');
  await shop.end('v2');
  await shop.play('--step-seconds', '0.05');
  await shop.becomes({ stable: 'v3', canary: 'v3' });
  await shop.end('v1');
}

function story(title: string, shape: Shape, tell: (shop: Shop) => Promise<void>, scope: Scope = 'lazy'): void {
  test(title, async (t) => {
    const binary = usesRealEnvoy(t);
    if (binary === undefined) return;
    const shop = await openShop(await scene(binary.path, scope), shape);
    t.after(() => shop.close());
    const load = steadyLoad(shop.targets, PER_SECOND);
    const startedAt = performance.now();
    let seconds = 0;
    try {
      await tell(shop);
    } finally {
      seconds = (performance.now() - startedAt) / 1000;
      await load.stop();
    }
    report(t, load.tally, seconds);
  });
}

/** A host is called for a while, and called again at the moment at which it is forgotten; its Rollout walks meanwhile. */
function rarely(shape: Shape): void {
  test(`of a host that is forgotten and called again while its Rollout walks (${shape.title})`, async (t) => {
    const binary = usesRealEnvoy(t);
    if (binary === undefined) return;
    const at = await scene(binary.path, 'lazy');
    const shop = await openShop(at, shape);
    t.after(() => shop.close());
    const walking = walk(shop, '0.8');
    for (let round = 0; round < ROUNDS; round += 1) {
      const forgot = nextLine(at.serving, new RegExp(`shop/${shape.id}".*has not called`));
      const load = steadyLoad(shop.targets, PER_SECOND);
      const startedAt = performance.now();
      // It may be held still, and is new in the scope when that is over.
      await until('the host to be in the scope', async () =>
        load.tally.total >= PER_SECOND && (await proxyOf(at.serving)).hosts?.includes(`shop/${shape.id}`) === true
          ? true
          : undefined,
      );
      const seconds = (performance.now() - startedAt) / 1000;
      report(t, await load.stop(), seconds);
      await forgot;
    }
    await walking;
  });
}

function report(t: TestContext, tally: Tally, seconds: number): void {
  const versions = [...tally.versions].map(([version, count]) => `${version} ${count}`).join(', ');
  t.diagnostic(`${tally.total} requests in ${seconds.toFixed(1)} s, ${failed(tally)} failed; answers: ${versions}`);
  assert.deepEqual(tally.failures, new Map());
  assert.equal(tally.leaked, 0, 'answers to mirrored requests that reached a caller');
  assert.ok(tally.total >= Math.floor(PER_SECOND * seconds), 'every request that was due is answered');
}

function scene(binary: string, scope: Scope): Promise<Scene> {
  const serveArgs = scope === 'full' ? ['--scope', 'full'] : ['--forget-after', '1s'];
  const opening = scenes.get(scope) ?? openScene(binary, {}, { serveArgs });
  scenes.set(scope, opening);
  return opening;
}

interface Roles {
  readonly stable: string;
  readonly canary: string;
}

/** One Rollout with its pods; pods that go away really end. */
interface Shop {
  readonly targets: readonly Target[];
  readonly steps: readonly Manifest[];
  /** New pods come up, and a canary Service begins to select them. */
  start(hash: string): Promise<void>;
  /** Pods are not ready any more; when everybody knows, they end. */
  end(hash: string): Promise<void>;
  /** Argo points the canary Service and the stable one to other versions. */
  becomes(roles: Roles): Promise<void>;
  play(...args: readonly string[]): Promise<string>;
  close(): Promise<unknown>;
}

/** A Rollout whose version v1 has two pods and all traffic. */
async function openShop(at: Scene, shape: Shape): Promise<Shop> {
  const { id, hasProvider, services } = shape;
  const steps = hasProvider ? RICH_STEPS : PLAIN_STEPS;
  const running = new Map<string, readonly EchoServer[]>([['v1', await startPods('v1')]]);
  const leaving = new Set<string>();
  let roles: Roles = { stable: 'v1', canary: 'v1' };
  const write = (): Promise<void> => {
    const versions = [...running].map(([hash, servers]) => versionPods(hash, servers, !leaving.has(hash)));
    return put(at.folder, `${id}-pods.yaml`, services === 'root' ? rootObjects() : pairObjects());

    function rootObjects(): readonly Manifest[] {
      return [service(id, { app: id }), ...pods(id, versions)];
    }

    function pairObjects(): readonly Manifest[] {
      const podsAlone = pods(id, versions).filter(({ kind }) => kind === 'Pod');
      return [...podsAlone, ...selected(id, 'stable', roles), ...selected(id, 'canary', roles)];
    }

    function selected(owner: string, role: keyof Roles, { [role]: hash }: Roles): readonly Manifest[] {
      const name = `${owner}-${role}`;
      const servers = running.get(hash) ?? [];
      const slices = servers.map(({ port }, index) => {
        const pod = `${owner}-${hash}-${index}`;
        return slice(name, { name: pod, port, pod, ready: !leaving.has(hash) });
      });
      return [service(name, { app: owner, 'rollouts-pod-template-hash': hash }), ...slices];
    }
  };
  await write();
  await put(at.folder, `${id}.yaml`, [manifest(shape, steps)]);
  await at.settled(id);
  return {
    steps,
    targets: targetsOf(shape, at.envoy.outboundPort),
    start: async (hash) => {
      running.set(hash, await startPods(hash));
      roles = { ...roles, canary: hash };
      await write();
    },
    becomes: async (next) => {
      roles = next;
      await write();
    },
    end: async (hash) => {
      leaving.add(hash);
      await write();
      await at.settled(id);
      await Promise.all((running.get(hash) ?? []).map((server) => server.drain()));
      running.delete(hash);
      await write();
    },
    play: (...args) => at.play(id, ...args),
    close: () => Promise.all([...running.values()].flat().map((server) => server.close())),
  };
}

function startPods(hash: string): Promise<readonly EchoServer[]> {
  return Promise.all([startEcho(hash), startEcho(hash)]);
}

function manifest({ id, hasProvider, services }: Shape, steps: readonly Manifest[]): Manifest {
  const trafficRouting = {
    ...(hasProvider
      ? { plugins: { 'penstock/xds': {} }, managedRoutes: [{ name: 'testers' }, { name: 'shadow' }] }
      : {}),
  };
  const pair = services === 'pair' ? { canaryService: `${id}-canary`, stableService: `${id}-stable` } : {};
  const weights = { canary: { podTemplateHash: 'v1', weight: 0 }, stable: { podTemplateHash: 'v1', weight: 100 } };
  const status = { currentPodHash: 'v1', stableRS: 'v1', currentStepIndex: steps.length };
  return rollout(
    id,
    { steps, trafficRouting, ...pair },
    { ...status, ...(hasProvider ? { canary: { weights } } : {}) },
  );
}

function targetsOf({ id, services }: Shape, port: number): readonly Target[] {
  const hosts = services === 'root' ? [id] : [`${id}-stable`, `${id}-canary`];
  return hosts.flatMap((host) => [
    { port, host },
    { port, host, headers: { 'x-tester': 'yes' } },
    { port, host, path: '/api/cart' },
    { port, host, method: 'POST', path: '/api/order' },
  ]);
}
