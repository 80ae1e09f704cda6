import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { burst, isPlausible, type Target } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service, slice } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import { ask, assertShare, openScene, recorded, type Scene, sharedStage, troubles, versionPods } from './scene.js';

/** One scene for all tests: each has Rollouts and Services of its own in it, and both versions are two servers. */
interface Stage extends Scene {
  readonly canary: EchoServer;
  readonly target: (host: string, more?: Partial<Target>) => Target;
}

const open = sharedStage(openStage);

test('the canary gets its percentage, and exactly nothing or all at 0 and 100', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await assertShare(stage.target('split'), 'new', 0.3, 2_000);
  for (const [weight, logged] of [
    [0, /weight 30 → 0/],
    [100, /weight 0 → 100/],
  ] as const) {
    await stage.change(
      'split.yaml',
      [provided('split', [{ setWeight: weight }], recorded('old', 'new', weight))],
      logged,
    );
    await assertShare(stage.target('split'), 'new', weight / 100);
  }
});

const headerRows = [
  { name: 'an exact value', headers: { 'x-exact': 'yes' }, version: 'new' },
  { name: 'another value', headers: { 'x-exact': 'yes!' }, version: 'old' },
  { name: 'a prefix', headers: { 'x-prefix': 'eu-west' }, version: 'new' },
  { name: 'no prefix', headers: { 'x-prefix': 'us-eu-' }, version: 'old' },
  { name: 'a regex', headers: { 'x-regex': 'v42' }, version: 'new' },
  { name: 'a regex that takes only a part', headers: { 'x-regex': 'v42-beta' }, version: 'old' },
  { name: 'the first alternative', headers: { 'x-one': '1' }, version: 'new' },
  { name: 'the second alternative', headers: { 'x-two': '2' }, version: 'new' },
  { name: 'no header at all', headers: {}, version: 'old' },
];

const HEADER_STEPS = [
  { setHeaderRoute: { name: 'exact', match: [{ headerName: 'x-exact', headerValue: { exact: 'yes' } }] } },
  { setHeaderRoute: { name: 'prefix', match: [{ headerName: 'x-prefix', headerValue: { prefix: 'eu-' } }] } },
  { setHeaderRoute: { name: 'regex', match: [{ headerName: 'x-regex', headerValue: { regex: 'v[0-9]+' } }] } },
  {
    setHeaderRoute: {
      name: 'either',
      match: [
        { headerName: 'x-one', headerValue: { exact: '1' } },
        { headerName: 'x-two', headerValue: { exact: '2' } },
      ],
    },
  },
  { pause: {} },
  { setHeaderRoute: { name: 'exact' } },
];

test('header routes send what matches to the canary until they are removed', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  for (const { name, headers, version } of headerRows) {
    assert.equal((await ask(stage.target('headers', { headers }))).version, version, name);
  }
  await stage.change(
    'headers.yaml',
    [provided('headers', HEADER_STEPS, recorded('old', 'new', 0, 5))],
    /header route exact removed/,
  );
  assert.equal((await ask(stage.target('headers', { headers: { 'x-exact': 'yes' } }))).version, 'old');
  assert.equal((await ask(stage.target('headers', { headers: { 'x-regex': 'v1' } }))).version, 'new');
});

for (const { first, version, copies } of [
  { first: 'shadow', version: 'old', copies: 1 },
  { first: 'testers', version: 'new', copies: 0 },
]) {
  test(`of two managed routes that both match, the first in managedRoutes wins: ${first}`, async (t) => {
    const stage = await open(t);
    if (stage === undefined) return;
    const name = `first-${first}`;
    const target = stage.target(name, { path: '/api/cart', headers: { 'x-tester': 'yes' } });
    const before = stage.canary.mirrored();
    assert.equal((await ask(target)).version, version);
    assert.equal((await copiesTo(stage, name)) - before, copies);
  });
}

const MIRROR_COUNT = 1_000;

test('a mirror route copies its percentage of what matches, keeps the split, and answers reach nobody', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const target = stage.target('mirrored', { path: '/api/cart', headers: { 'x-region': 'eu-west' } });
  let before = stage.canary.mirrored();
  await assertShare(target, 'new', 0.4, MIRROR_COUNT);
  const copies = (await copiesTo(stage, 'mirrored')) - before;
  assert.ok(isPlausible(copies, MIRROR_COUNT, 0.125), `${copies} of ${MIRROR_COUNT} requests were copied`);
  before = stage.canary.mirrored();
  for (const more of [{ method: 'POST' }, { path: '/app' }, { headers: { 'x-region': 'us-east' } }, { headers: {} }]) {
    await assertShare({ ...target, ...more }, 'new', 0.4, 100);
  }
  assert.equal((await copiesTo(stage, 'mirrored')) - before, 0);
});

test('the Services of canary and stable lead where they say, and the stable one is split where there is no other', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  for (const [host, share] of [
    ['pair-canary', 1],
    ['pair-stable', 0.3],
    ['both', 0.3],
    ['both-canary', 1],
    ['both-stable', 0],
  ] as const) {
    await assertShare(stage.target(host), 'new', share);
  }
});

test('a Service answers to every name that cluster DNS has for it, with its port and without', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const full = 'plain.shop.svc.cluster.local';
  for (const name of ['plain', 'plain.shop', 'plain.shop.svc', full, `${full}.`]) {
    for (const host of [name, `${name}:80`]) assert.equal((await ask(stage.target(host))).version, 'old', host);
  }
  assert.equal((await ask(stage.target('plain:81'))).status, 404);
});

test('two ports of one Service are two places', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  for (const [host, version] of [
    ['two', 'old'],
    ['two:80', 'old'],
    ['two:9090', 'new'],
    ['two.shop.svc.cluster.local:9090', 'new'],
  ] as const) {
    assert.equal((await ask(stage.target(host))).version, version, host);
  }
});

test('short names mean the namespace of the caller', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const port = (await stage.sidecar({ namespace: 'bank' })).outboundPort;
  const rows = [
    { host: 'pay', shop: 404, bank: 200 },
    { host: 'pay.bank', shop: 200, bank: 200 },
    { host: 'plain', shop: 200, bank: 404 },
    { host: 'plain.shop.svc', shop: 200, bank: 200 },
  ];
  for (const { host, shop, bank } of rows) {
    assert.equal((await ask(stage.target(host))).status, shop, `${host} from shop`);
    assert.equal((await ask({ port, host })).status, bank, `${host} from bank`);
  }
});

test('a host that nobody has is answered with 404', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const startedAt = performance.now();
  assert.equal((await ask(stage.target('nobody.example.com'))).status, 404);
  t.diagnostic(`404 after ${Math.round(performance.now() - startedAt)} ms`);
});

test('blue-green: the active host follows the switch, the preview host has the new version before', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await assertShare(stage.target('bg-active'), 'new', 0, 200);
  await assertShare(stage.target('bg-preview'), 'new', 1, 200);
  await put(stage.folder, 'bg.yaml', [blueGreen('new')]);
  await stage.settled();
  await assertShare(stage.target('bg-active'), 'new', 1, 200);
});

test('a sticky cookie, or a sticky header, keeps a user on one version', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  for (const [host, name] of [
    ['cookie', 'cookie'],
    ['header', 'x-user'],
  ] as const) {
    const versions = new Set<string>();
    for (let user = 0; user < 24; user += 1) {
      const first = await ask(stage.target(host, { headers: host === 'header' ? { [name]: `user-${user}` } : {} }));
      const value = host === 'header' ? `user-${user}` : (first.cookie?.split(';')[0] ?? 'no cookie was given');
      const tally = await burst(stage.target(host, { headers: { [name]: value } }), 4, 1);
      assert.deepEqual([...tally.versions], [[first.version, 4]], `${host} ${value}`);
      versions.add(first.version);
    }
    assert.deepEqual([...versions].sort(), ['new', 'old'], host);
  }
});

test('after all that, Envoy has refused nothing, missed no cluster and waited for no update', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  assert.deepEqual(await troubles(stage.envoy), new Map());
});

async function openStage(binary: string): Promise<Stage> {
  const [stable, canary] = await Promise.all([startEcho('old'), startEcho('new')]);
  const scene = await openScene(binary, files(stable, canary));
  return {
    ...scene,
    canary,
    target: (host, more = {}) => ({ port: scene.envoy.outboundPort, host, ...more }),
    close: async () => {
      await scene.close();
      await Promise.all([stable.close(), canary.close()]);
    },
  };
}

/** Copies that the canary has seen, when Envoy has none under way; its statistics write a colon as an underscore. */
async function copiesTo({ canary, envoy }: Stage, name: string): Promise<number> {
  const active = `cluster.shop/${name}_80@new.upstream_rq_active`;
  await until('the last copy', async () => ((await envoy.stat(active)) === 0 ? true : undefined));
  return canary.mirrored();
}

const TESTERS = { name: 'testers', match: [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }] };
const SHADOW = { name: 'shadow', match: [{ path: { prefix: '/api' } }], percentage: 100 };
const MIRROR_MATCH = {
  method: { exact: 'GET' },
  path: { prefix: '/api/' },
  headers: { 'x-region': { regex: 'eu-(west|north)' } },
};

function files(stable: EchoServer, canary: EchoServer): Readonly<Record<string, readonly Manifest[]>> {
  const behind = (name: string, ...owners: readonly string[]): readonly Manifest[] => {
    const versions = [versionPods('old', [stable]), versionPods('new', [canary])];
    // Of the objects of further Services only the slices are new: the pods are the same.
    return [name, ...owners].flatMap((owner) => [service(owner, { app: name }), ...pods(owner, versions)]);
  };
  const root = (name: string, steps: readonly Manifest[], status: Manifest, options: Manifest = {}) => ({
    [`${name}.yaml`]: [provided(name, steps, status, options)],
    [`${name}-pods.yaml`]: behind(name),
  });
  const both = [{ setHeaderRoute: TESTERS }, { setMirrorRoute: SHADOW }];
  const mirror = { name: 'shadow', match: [MIRROR_MATCH], percentage: 12.5 };
  return {
    ...root('split', [{ setWeight: 30 }], recorded('old', 'new', 30)),
    ...root('headers', HEADER_STEPS, recorded('old', 'new', 0, 4)),
    ...root('first-shadow', both, recorded('old', 'new', 0, 1), { managed: ['shadow', 'testers'] }),
    ...root('first-testers', both, recorded('old', 'new', 0, 1), { managed: ['testers', 'shadow'] }),
    ...root('mirrored', [{ setMirrorRoute: mirror }], recorded('old', 'new', 40), { managed: ['shadow'] }),
    ...root('cookie', [{ setWeight: 50 }], recorded('old', 'new', 50), {
      options: { sticky: { cookie: { ttl: '60s' } } },
    }),
    ...root('header', [{ setWeight: 50 }], recorded('old', 'new', 50), { options: { sticky: { header: 'X-User' } } }),
    'pair.yaml': [provided('pair', [], recorded('old', 'new', 30), { services: true })],
    'pair-pods.yaml': pairOf('pair', stable, canary),
    'both.yaml': [provided('both', [], recorded('old', 'new', 30), { services: true })],
    'both-pods.yaml': [...behind('both'), ...pairOf('both', stable, canary)],
    'bg.yaml': [blueGreen('old')],
    'bg-pods.yaml': [
      ...selecting('bg', 'active', stable),
      ...selecting('bg', 'preview', canary),
      ...pods('bg', [versionPods('old', [stable]), versionPods('new', [canary])]),
    ],
    'plain.yaml': [service('plain', { app: 'plain' }), slice('plain', { name: '0', port: stable.port })],
    'pay.yaml': [service('pay', { app: 'pay' }, 'bank'), slice('pay', { name: '0', port: stable.port }, 'bank')],
    'two.yaml': twoPorts(stable.port, canary.port),
  };
}

/** A Rollout with our plugin as its provider. */
function provided(name: string, steps: readonly Manifest[], status: Manifest, extras: Manifest = {}): Manifest {
  const { options = {}, managed = ['exact', 'prefix', 'regex', 'either'], services = false } = extras;
  const managedRoutes = (managed as readonly string[]).map((each) => ({ name: each }));
  const trafficRouting = { plugins: { 'penstock/xds': options }, managedRoutes };
  const pair = services === true ? { canaryService: `${name}-canary`, stableService: `${name}-stable` } : {};
  return rollout(name, { steps, trafficRouting, ...pair }, status);
}

function pairOf(name: string, stable: EchoServer, canary: EchoServer): readonly Manifest[] {
  const versions = [versionPods('old', [stable]), versionPods('new', [canary])];
  const podsAlone = pods(name, versions).filter(({ kind }) => kind === 'Pod');
  return [...podsAlone, ...selecting(name, 'stable', stable), ...selecting(name, 'canary', canary)];
}

/** A Service for one version, as Argo leaves it. */
function selecting(name: string, role: string, { version, port }: EchoServer): readonly Manifest[] {
  const owner = `${name}-${role}`;
  const selector = { app: name, 'rollouts-pod-template-hash': version };
  return [service(owner, selector), slice(owner, { name: version, port, pod: `${name}-${version}-0` })];
}

function blueGreen(active: 'old' | 'new'): Manifest {
  const status = {
    currentPodHash: 'new',
    stableRS: active,
    blueGreen: { activeSelector: active, previewSelector: 'new' },
  };
  const manifest = rollout('bg', { steps: [] }, status);
  const strategy = { blueGreen: { activeService: 'bg-active', previewService: 'bg-preview' } };
  return { ...manifest, spec: { ...(manifest['spec'] as Manifest), strategy } };
}

function twoPorts(http: number, admin: number): readonly Manifest[] {
  const { spec, ...rest } = service('two', { app: 'two' });
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'admin', port: 9090, targetPort: 9090 },
  ];
  const endpoints = {
    ...slice('two', { name: '0', port: http }),
    ports: [
      { name: 'http', port: http },
      { name: 'admin', port: admin },
    ],
  };
  return [{ ...rest, spec: { ...(spec as Manifest), ports } }, endpoints];
}
