import assert from 'node:assert/strict';
import { holdings, ModelEnvoy } from '../../harness/model-envoy.js';
import type { Manifest } from '../../harness/manifests.js';
import { rollout } from '../../harness/manifests.js';
import { until } from '../../harness/poll.js';
import { type Given, plain, rule, SERVICES, splitsIn, web, webPods } from './given.js';

// A model of Envoy lives through what happens to a Rollout, and would have failed no request on the way: no route without its
// cluster, no cluster taken away under a route, no warming without end; and it ends with what a newcomer would get.

/** `web` in version v1, with nothing under way. */
const STEADY = [...SERVICES, ...webPods('v1'), web({ currentStepIndex: 6 }, ['v1', 'v1'])];

/** An Envoy that has all there is, and what follows for it from each change. */
interface Story {
  readonly envoy: ModelEnvoy;
  /** Applies objects, waits until the Envoy has accepted all that follows, and gives where requests to `web` go. */
  readonly after: (...objects: readonly Manifest[]) => Promise<string | undefined>;
  /** Checks that nothing went wrong, and that the Envoy holds what a newcomer gets. */
  readonly end: () => Promise<void>;
}

async function meet({ plane, way, closing }: Given): Promise<Story> {
  const options = { ...way, port: plane.port, nodeId: 'sidecar~shop~model' };
  const envoy = closing(new ModelEnvoy(options));
  await until('the first table', () => envoy.table);
  const webNow = (): string | undefined => splitsIn(envoy.table?.body ?? {})['web.shop'];
  const after = async (...objects: readonly Manifest[]): Promise<string | undefined> => {
    await plane.settled(envoy.nodeId, plane.apply(...objects));
    return webNow();
  };
  const end = async (): Promise<void> => {
    const newcomer = closing(new ModelEnvoy({ ...options, nodeId: 'sidecar~shop~newcomer' }));
    await until('the table of the newcomer', () => newcomer.table);
    await plane.settled(newcomer.nodeId);
    await plane.settled(envoy.nodeId);
    await until('late removals', () => envoy.clusters.size <= newcomer.clusters.size || undefined);
    assert.deepEqual(holdings(envoy), holdings(newcomer));
    assert.deepEqual([envoy.violations, newcomer.violations], [[], []]);
  };
  return { envoy, after, end };
}

const at = (currentStepIndex: number, more: Manifest = {}): Manifest => web({ currentStepIndex, ...more });
const PROMOTED = web({ currentStepIndex: 6 }, ['v2', 'v2']);

rule(
  'from 0 to 20, 50 and 100 %, promoted, and the old version gone',
  async (given) => {
    const { after, end } = await meet(given);
    assert.equal(await after(at(0), ...webPods('v1', 'v2')), 'v1');
    assert.equal(await after(at(1)), 'v1 80, v2 20');
    assert.equal(await after(at(3)), 'v1 50, v2 50');
    assert.equal(await after(at(5)), 'v2');
    assert.equal(await after(PROMOTED), 'v2');
    given.plane.remove(...webPods('v1').slice(1));
    await end();
  },
  { objects: STEADY },
);

for (const step of [1, 3, 5]) {
  rule(
    `aborted at step ${step}, and tried again`,
    async (given) => {
      const { after, end } = await meet(given);
      await after(at(step), ...webPods('v1', 'v2'));
      assert.equal(await after(at(step, { abort: true })), 'v1');
      assert.equal(await after(at(1)), 'v1 80, v2 20');
      await end();
    },
    { objects: STEADY },
  );
}

rule(
  'a third version over the second',
  async (given) => {
    const { after, end } = await meet(given);
    await after(at(3), ...webPods('v1', 'v2'));
    assert.equal(await after(web({ currentStepIndex: 1 }, ['v1', 'v3']), ...webPods('v1', 'v2', 'v3')), 'v1 80, v3 20');
    given.plane.remove(...webPods('v2').slice(1));
    assert.equal(await after(web({ currentStepIndex: 3 }, ['v1', 'v3'])), 'v1 50, v3 50');
    assert.equal(await after(web({ currentStepIndex: 6 }, ['v3', 'v3'])), 'v3');
    await end();
  },
  { objects: STEADY },
);

const HEADER = { name: 'me', match: [{ headerName: 'x-me', headerValue: { exact: 'yes' } }] };
const MIRROR = { name: 'copy', percentage: 50, match: [{ method: { exact: 'GET' } }] };

rule(
  'a header route and a mirror come and go',
  async (given) => {
    const { after, end } = await meet(given);
    const steps = [
      { setWeight: 20 },
      { setHeaderRoute: HEADER },
      { setMirrorRoute: MIRROR },
      { pause: {} },
      { setWeight: 50 },
    ];
    const trafficRouting = { plugins: { 'penstock/xds': {} }, managedRoutes: [{ name: 'me' }, { name: 'copy' }] };
    const weights = { canary: { podTemplateHash: 'v2', weight: 20 }, stable: { podTemplateHash: 'v1', weight: 80 } };
    const walked = (currentStepIndex: number, stableRS = 'v1'): Manifest =>
      rollout(
        'web',
        { steps, trafficRouting },
        { stableRS, currentPodHash: 'v2', currentStepIndex, ...(stableRS === 'v1' ? { canary: { weights } } : {}) },
      );
    assert.equal(await after(walked(3), ...webPods('v1', 'v2')), 'v2; v1 80, v2 20; v1 80, v2 20');
    assert.equal(await after(walked(5, 'v2')), 'v2');
    await end();
  },
  { objects: STEADY },
);

rule(
  'the Service deleted, and back',
  async (given) => {
    const { after, end } = await meet(given);
    await after(at(3), ...webPods('v1', 'v2'));
    given.plane.remove(...webPods('v1', 'v2').slice(0, 1));
    assert.equal(await after(...plain('other')), undefined);
    assert.equal(await after(...webPods('v1', 'v2')), 'v1 50, v2 50');
    await end();
  },
  { objects: STEADY },
);

rule(
  'the Rollout deleted midway, and back',
  async (given) => {
    const { after, end } = await meet(given);
    await after(at(3), ...webPods('v1', 'v2'));
    given.plane.remove(at(3));
    await given.plane.settled('sidecar~shop~model');
    assert.equal(await after(at(1)), 'v1 80, v2 20');
    await end();
  },
  { objects: STEADY },
);

rule(
  'everything at once, faster than it can be answered',
  async (given) => {
    const { envoy, end } = await meet(given);
    const before = envoy.responses;
    const { plane } = given;
    plane.apply(at(0), ...webPods('v1', 'v2'));
    for (const step of [1, 3, 5]) plane.apply(at(step));
    plane.apply(PROMOTED);
    plane.remove(...webPods('v1').slice(1));
    plane.apply(...plain('a', { h2c: true }), ...plain('z'));
    plane.remove(...plain('b'), ...plain('z'));
    await plane.settled(envoy.nodeId);
    assert.equal(splitsIn(envoy.table?.body ?? {})['web.shop'], 'v2');
    assert.ok(envoy.responses - before < 20, `${envoy.responses - before} responses`);
    await end();
  },
  { objects: STEADY },
);

rule(
  'away while the Rollout goes on, and back with what it had',
  async (given) => {
    const { envoy, after, end } = await meet(given);
    const { plane } = given;
    await after(at(1), ...webPods('v1', 'v2'));
    plane.apply(...plain('a', { h2c: true }), at(3));
    envoy.reconnect();
    plane.apply(web({ currentStepIndex: 1 }, ['v1', 'v3']), ...webPods('v1', 'v2', 'v3'));
    plane.remove(...webPods('v2').slice(1), ...plain('d'));
    envoy.reconnect();
    await until(
      'the split of today',
      () => splitsIn(envoy.table?.body ?? {})['web.shop'] === 'v1 80, v3 20' || undefined,
    );
    await end();
  },
  { objects: STEADY },
);

const SEED = Number(process.env['PENSTOCK_SEED'] ?? 7);

rule(
  `200 random changes without a pause, seed ${SEED}`,
  async (given) => {
    const { envoy, end } = await meet(given);
    const { plane } = given;
    const random = randomFrom(SEED);
    const pick = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    for (let change = 0; change < 200; change += 1) {
      const name = pick('a', 'b', 'c', 'x', 'y');
      const step = pick<readonly Manifest[]>(
        plain(name, { h2c: pick(true, false), pod: pick(9001, 9002) }),
        [at(pick(0, 1, 3, 5))],
        [at(3, { abort: true })],
        [web({ currentStepIndex: pick(1, 3) }, ['v1', 'v3'])],
        webPods(...pick(['v1'], ['v1', 'v2'], ['v1', 'v2', 'v3'])),
      );
      if (random() < 0.2)
        plane.remove(...pick(plain(name), webPods(pick('v1', 'v2', 'v3')).slice(1), webPods('v1').slice(0, 1)));
      else plane.apply(...step);
      if (random() < 0.3) await given.plane.settled(envoy.nodeId);
      if (random() < 0.03) envoy.reconnect();
    }
    plane.apply(...STEADY, at(3), ...webPods('v1', 'v2'));
    await until('the last split', () => splitsIn(envoy.table?.body ?? {})['web.shop'] === 'v1 50, v2 50' || undefined);
    await end();
  },
  { objects: STEADY },
);

/** Mulberry32: a small generator whose whole state is its seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
