import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { failed, steadyLoad, type Tally, type Target } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service, slice } from '../harness/manifests.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { openScene, type Scene, total, troubles, versionPods } from './scene.js';

const PER_SECOND = 200;

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

let opening: Promise<Scene> | undefined;
after(async () => (await opening)?.close());

// More at once and the load that each of them promises is beyond two cores.
describe('no request fails', { concurrency: 4 }, () => {
  for (const shape of SHAPES) {
    story(`while a Rollout walks and is promoted (${shape.title})`, { ...shape, id: `walk-${shape.id}` }, walk);
    story(`while a Rollout is aborted at every step (${shape.title})`, { ...shape, id: `abort-${shape.id}` }, abort);
    story(`while a third version replaces the second (${shape.title})`, { ...shape, id: `third-${shape.id}` }, third);
  }
});

test('after all that, Envoy has refused nothing, missed no cluster and waited for no update', async (t) => {
  const binary = usesRealEnvoy(t);
  if (binary === undefined) return;
  const { envoy } = await scene(binary.path);
  t.diagnostic(
    `retried by Envoy: ${await total(envoy, 'upstream_rq_retry')}; updates: ${await total(envoy, 'update_success')}`,
  );
  assert.deepEqual(await troubles(envoy), new Map());
});

async function walk(shop: Shop): Promise<void> {
  await shop.start('v2');
  await shop.play('--to-hash', 'v2', '--step-seconds', '0.1');
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

function story(title: string, shape: Shape, tell: (shop: Shop) => Promise<void>): void {
  test(title, async (t) => {
    const binary = usesRealEnvoy(t);
    if (binary === undefined) return;
    const shop = await openShop(await scene(binary.path), shape);
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

function report(t: TestContext, tally: Tally, seconds: number): void {
  const versions = [...tally.versions].map(([version, count]) => `${version} ${count}`).join(', ');
  t.diagnostic(`${tally.total} requests in ${seconds.toFixed(1)} s, ${failed(tally)} failed; answers: ${versions}`);
  assert.deepEqual(tally.failures, new Map());
  assert.equal(tally.leaked, 0, 'answers to mirrored requests that reached a caller');
  assert.ok(tally.total >= Math.floor(PER_SECOND * seconds), 'every request that was due is answered');
}

function scene(binary: string): Promise<Scene> {
  return (opening ??= openScene(binary, {}));
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
