import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKey } from '../../../src/base/index.js';
import { hostIntent, rolloutIntent } from '../../../src/intent/index.js';
import { parseObject, World } from '../../../src/model/index.js';
import { pods, rollout, service, slice } from '../../harness/manifests.js';
import type { Manifest } from '../../harness/manifests.js';
import { ROLLOUT, shownRoute } from './given.js';

// Whole stories, from objects as users and Argo write them: what the tables say of one rule, these say of the way there.

const APP = { app: 'web' };
const V1 = { hash: 'v1', ports: [4001, 4002, 4003, 4004] };
const V2 = { hash: 'v2', ports: [4011, 4012] };
const STEPS = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: {} }];
const PLUGIN = { plugins: { 'penstock/xds': {} } };

/** A world that objects are applied to, and what its hosts get. */
function story(...objects: readonly Manifest[]) {
  const world = new World();
  const apply = (...more: readonly Manifest[]) => world.apply(more.flatMap((raw) => parseObject(raw) ?? []));
  const host = (name: string): readonly string[] => {
    const key = objectKey('shop', name);
    const claim = world.claimOn(key);
    const intent = claim && rolloutIntent(world, claim.rollout).value;
    return hostIntent(world, key, intent)?.ports[0]?.routes.map(shownRoute) ?? [];
  };
  const codes = () => rolloutIntent(world, ROLLOUT).problems.map(({ code }) => code);
  apply(...objects);
  return { apply, host, codes, world };
}

function web(status: Manifest, more: Manifest = {}): Manifest {
  return rollout('web', { steps: STEPS, ...more }, { currentPodHash: 'v2', stableRS: 'v1', ...status });
}

test('one Service for all versions: the whole way of an update', () => {
  const { apply, host, codes } = story(service('web', APP), ...pods('web', [V1]));
  assert.deepEqual(host('web'), ['default: all 100'], 'no Rollout yet');
  apply(web({ currentPodHash: 'v1' }));
  assert.deepEqual(host('web'), ['default: v1 100'], 'installed');
  apply(web({ currentStepIndex: 0 }));
  assert.deepEqual(host('web'), ['default: v1 100, v2 0'], 'new version');
  apply(web({ currentStepIndex: 1 }));
  assert.deepEqual(host('web'), ['default: v1 100, v2 0'], 'weight is due, but nobody is there to take it');
  assert.deepEqual(codes(), ['VERSION_EMPTY']);
  apply(...pods('web', [V1, V2]));
  assert.deepEqual(host('web'), ['default: v1 80, v2 20'], 'canary is ready');
  apply(web({ currentStepIndex: 3 }));
  assert.deepEqual(host('web'), ['default: v1 40, v2 60']);
  apply(web({ currentStepIndex: 4 }));
  assert.deepEqual(
    host('web'),
    ['default: v1 40, v2 60'],
    'after the last step what was in force stays, with two of four pods',
  );
  assert.deepEqual(codes(), []);
  apply(web({ stableRS: 'v2', currentStepIndex: 4 }));
  assert.deepEqual(host('web'), ['default: v2 100'], 'promoted');
  assert.deepEqual(codes(), []);
});

test('a Service for each version: the stable name is split, the canary name is the canary', () => {
  const names = { stableService: 'web-stable', canaryService: 'web-canary' };
  const selected = (hash: string) => ({ ...APP, 'rollouts-pod-template-hash': hash });
  const { host, codes } = story(
    service('web-stable', selected('v1')),
    service('web-canary', selected('v2')),
    web({ currentStepIndex: 1 }, names),
    ...pods('web', [V1, V2]),
    // Whatever the selectors say by now, versions are told by the pods.
    slice('web-stable', { name: 's', port: 4001, pod: 'web-v1-0' }),
    slice('web-stable', { name: 'lagging', port: 4011, pod: 'web-v2-0' }),
  );
  assert.deepEqual(host('web-stable'), ['default: v1 80, v2 20']);
  assert.deepEqual(host('web-canary'), ['default: v2 100']);
  assert.deepEqual(codes(), []);
});

test('both at once: the common name is split, each version has its own', () => {
  const names = { stableService: 'web-stable', canaryService: 'web-canary' };
  const { host } = story(
    ...['web', 'web-stable', 'web-canary'].map((name) => service(name, APP)),
    web({ currentStepIndex: 1 }, names),
    ...pods('web', [V1, V2]),
  );
  assert.deepEqual(host('web'), ['default: v1 80, v2 20']);
  assert.deepEqual(host('web-stable'), ['default: v1 100']);
  assert.deepEqual(host('web-canary'), ['default: v2 100']);
});

test('a Deployment becomes a Rollout: its pods are the stable version', () => {
  const { apply, host, codes } = story(service('web', APP), slice('web', { name: 'old', port: 4001 }));
  assert.deepEqual(host('web'), ['default: all 100']);
  apply(web({ currentPodHash: 'v1' }));
  assert.deepEqual(host('web'), ['default: v1 100']);
  assert.deepEqual(codes(), []);
});

test('promoted in full midway: the weight before it holds until the new version is stable', () => {
  const { apply, host } = story(service('web', APP), ...pods('web', [V1, V2]), web({ currentStepIndex: 2 }));
  apply(web({ currentStepIndex: 4, promoteFull: true }));
  assert.deepEqual(host('web'), ['default: v1 80, v2 20']);
  apply(web({ currentStepIndex: 4, stableRS: 'v2' }));
  assert.deepEqual(host('web'), ['default: v2 100']);
});

test('a spec that can not be used: Argo goes on, and what it makes stable gets everything', () => {
  const bad = { steps: [{ setWeight: 120 }] };
  const { apply, host, codes } = story(
    service('web', APP),
    ...pods('web', [V1, V2]),
    web({ currentStepIndex: 3 }, { ...bad, canaryService: 'none' }),
  );
  assert.deepEqual(host('web'), ['default: v1 100, v2 0'], 'never good, as after a restart');
  assert.deepEqual(codes(), [], 'what the spec names is not judged');
  apply(web({ currentStepIndex: 1 }));
  assert.deepEqual(host('web'), ['default: v1 80, v2 20'], 'mended');
  apply(web({ currentStepIndex: 3 }, bad));
  assert.deepEqual(host('web'), ['default: v1 80, v2 20'], 'the last good one holds');
  apply(web({ currentStepIndex: 4, stableRS: 'v2' }, bad));
  assert.deepEqual(host('web'), ['default: v2 100'], 'v1 is on its way out');
  apply(web({ currentPodHash: 'v3', currentStepIndex: 3, stableRS: 'v2' }, bad));
  assert.deepEqual(host('web'), ['default: v2 100, v3 0'], 'the next update');
  apply(web({ currentPodHash: 'v3', stableRS: 'v3' }, bad), ...pods('web', [{ hash: 'v3', ports: [4021] }]));
  assert.deepEqual(host('web'), ['default: v3 100']);
});

test('another Rollout takes over a Service: its pods are not left out once they are the only ones', () => {
  const roles = { stableService: 'web-stable', trafficRouting: PLUGIN };
  const { apply, host, codes } = story(
    service('web', APP),
    service('web-stable', APP),
    web({ currentPodHash: 'v1' }, roles),
  );
  apply(...pods('web', [V1, { ...V2, hash: 'other' }]));
  assert.deepEqual([host('web'), host('web-stable')], [['default: v1 100'], ['default: v1 100']]);
  apply(...pods('web', [{ ...V1, ready: false }]));
  assert.deepEqual([host('web'), host('web-stable')], [['default: all 100'], ['default: all 100']]);
  assert.deepEqual(codes(), ['VERSION_EMPTY']);
  apply(...pods('web', [V1, { ...V2, hash: 'other' }]));
  assert.deepEqual([host('web'), host('web-stable')], [['default: v1 100'], ['default: v1 100']]);
});

test('an abort in a version that is not usable otherwise: wins at once', () => {
  const { apply, host } = story(service('web', APP), ...pods('web', [V1, V2]), web({ currentStepIndex: 3 }));
  assert.deepEqual(host('web'), ['default: v1 40, v2 60']);
  apply(web({ currentStepIndex: 3, abort: true }, { steps: [{ setWeight: 120 }] }));
  assert.deepEqual(host('web'), ['default: v1 100, v2 0']);
});

test('a version that Argo has not seen yet: the last one that it has seen holds', () => {
  const { apply, host } = story(service('web', APP), ...pods('web', [V1, V2]), web({ currentStepIndex: 1 }));
  const edited = web({ currentStepIndex: 1, observedGeneration: '1' }, { steps: [{ setWeight: 90 }] });
  apply({ ...edited, metadata: { name: 'web', namespace: 'shop', generation: 2 } });
  assert.deepEqual(host('web'), ['default: v1 80, v2 20']);
});

test('a rollback within the rollback window: without the routes of steps that it has not walked', () => {
  const header = { name: 'me', match: [{ headerName: 'x-who', headerValue: { exact: 'me' } }] };
  const steps = [{ setHeaderRoute: header }, { setWeight: 60 }];
  const trafficRouting = { ...PLUGIN, managedRoutes: [{ name: 'me' }] };
  const weights = {
    canary: { podTemplateHash: 'v2', serviceName: '', weight: 60 },
    stable: { podTemplateHash: 'v1', serviceName: '', weight: 40 },
  };
  const replicaSet = (hash: string, creationTimestamp: string): Manifest => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${hash}`,
      namespace: 'shop',
      creationTimestamp,
      labels: { 'rollouts-pod-template-hash': hash },
      ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'u' }],
    },
  });
  const { apply, host } = story(
    service('web', APP),
    ...pods('web', [V1, V2]),
    web({ currentStepIndex: 2, canary: { weights } }, { steps, trafficRouting }),
  );
  assert.deepEqual(host('web'), ['me: v2 100', 'default: v1 40, v2 60'], 'a new version at its last step');
  apply(replicaSet('v1', '2026-02-02T10:00:00Z'), replicaSet('v2', '2026-01-01T10:00:00Z'));
  assert.deepEqual(host('web'), ['default: v1 40, v2 60'], 'an old one');
});

test('a Rollout that is gone: its hosts lead to all pods again', () => {
  const { host, world } = story(service('web', APP), ...pods('web', [V1, V2]), web({ currentStepIndex: 1 }));
  assert.deepEqual(host('web'), ['default: v1 80, v2 20']);
  world.apply([{ kind: 'deleted', ref: { kind: 'Rollout', namespace: 'shop', name: 'web' } }]);
  assert.deepEqual(host('web'), ['default: all 100']);
});

test('two Rollouts that want one Service: the first keeps it, the other is told', () => {
  const { host, world } = story(service('web', APP), ...pods('web', [V1, V2]), web({ currentStepIndex: 1 }));
  const other = rollout('a-web', { steps: STEPS }, { currentPodHash: 'v9', stableRS: 'v9' });
  const spec = { ...(other['spec'] as Manifest), template: { metadata: { labels: APP } } };
  const younger = { name: 'a-web', namespace: 'shop', creationTimestamp: '2026-03-03T00:00:00Z' };
  world.apply([parseObject({ ...other, spec, metadata: younger })].flatMap((event) => event ?? []));
  assert.deepEqual(host('web'), ['default: v1 80, v2 20']);
  assert.deepEqual(
    rolloutIntent(world, objectKey('shop', 'a-web')).problems.map(({ code }) => code),
    ['SERVICE_CLAIMED'],
  );
});

const COUNTED: readonly { readonly name: string; readonly given: Manifest; readonly want: boolean }[] = [
  { name: 'midway they do not count', given: web({ currentStepIndex: 1 }), want: false },
  { name: 'after the last step they do', given: web({ currentStepIndex: 4 }), want: true },
  { name: 'promoted they do not', given: web({ stableRS: 'v2', currentStepIndex: 4 }), want: false },
  {
    name: 'with dynamicStableScale they do',
    given: web({ abort: true }, { dynamicStableScale: true, trafficRouting: PLUGIN }),
    want: true,
  },
];
for (const { name, given, want } of COUNTED) {
  test(`one pod more of those that are ready: ${name}`, () => {
    const { apply } = story(service('web', APP), ...pods('web', [V1, V2]), given);
    const { rollouts } = apply(...pods('web', [{ hash: 'v2', ports: [4011, 4012, 4013] }]));
    assert.equal(rollouts.has(ROLLOUT), want);
  });
}
