import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import type { Target } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service } from '../harness/manifests.js';
import { until, within } from '../harness/poll.js';
import type { Serving, Sidecar, SidecarOptions } from '../harness/product.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { ask, assertShare, nextLine, openScene, proxyOf, recorded, type Scene, versionPods } from './scene.js';

// ADR 13: one host whose routes Envoy refuses costs that host its news, and nobody else theirs, however proxies get their routes.

type Servers = readonly [EchoServer, EchoServer];

/** Arguments of `penstock bootstrap`, by the way in which routes come then. */
const WAYS = {
  'in a table of all hosts': ['--api', 'sotw'],
  'for each host in full scope': ['--scope', 'full'],
  'for each host that is called': [],
} as const;

type Way = keyof typeof WAYS;

const ALL = ['in a table of all hosts', 'for each host in full scope', 'for each host that is called'] as const;

interface Stage extends Scene {
  readonly servers: Servers;
}

/** Takes no regular expression but the smallest. */
function strict(name: string, way: Way): SidecarOptions {
  return { ...usual(name, way), edit: (text) => text.replaceAll(/error_level: \d+/g, 'error_level: 50') };
}

function usual(name: string, way: Way): SidecarOptions {
  return { nodeId: `sidecar~shop~${name}`, args: WAYS[way] };
}

/** As a program it is larger than a strict Envoy takes, and far below what ours refuse. */
const LARGE_REGEX = Array.from({ length: 40 }, (_, index) => `team-${index}(-[a-z]+)?`).join('|');
const TESTERS = { headers: { 'x-team': 'team-7-north' } };

for (const way of ALL) {
  test(`routes ${way} that every Envoy refuses hold back their own host only, and a correction heals`, async (t) => {
    const stage = await openStage(t, way);
    if (stage === undefined) return;
    const { serving, servers, folder } = stage;
    const second = await stage.sidecar(strict('second', way));
    await served(stage.envoy, second);
    const held = nextLine(serving, /ROUTES_REFUSED/);
    await put(folder, 'web.yaml', canary('web', servers, 50, LARGE_REGEX));
    const { problem } = JSON.parse(await held) as { readonly problem: string };
    assert.match(problem, /Rollout shop\/web: spec\.strategy is "regex 'team-0/);

    // Its routes are the former ones, for everybody; others move on, for everybody, those who come later too.
    await stage.change('api.yaml', canary('api', servers, 100), /weight 0 → 100.*change served"/);
    const third = await stage.sidecar(strict('third', way));
    const everybody = [stage.envoy, second, third];
    for (const { outboundPort: port } of everybody) {
      await assertShare({ port, host: 'api' }, 'v2', 1, 100);
      await assertShare({ port, host: 'web', ...TESTERS }, 'v1', 1, 100);
    }
    assert.deepEqual(await codesOf(serving, 'web'), ['ROUTES_REFUSED']);
    assert.deepEqual(await codesOf(serving, 'api'), []);
    assert.equal(lines(serving, /"msg":"problem: .*ROUTES_REFUSED|ROUTES_REFUSED.*"msg":"problem: /).length, 1);

    const solved = nextLine(serving, /ROUTES_REFUSED.*problem solved|problem solved.*ROUTES_REFUSED/);
    await put(folder, 'web.yaml', canary('web', servers, 100));
    await solved;
    for (const envoy of everybody) await answered(envoy, 'web', 'v2');
    assert.deepEqual(await codesOf(serving, 'web'), []);
  });

  test(`a request to a new host is answered where its routes ${way} are refused`, async (t) => {
    const stage = await openStage(t, way);
    if (stage === undefined) return;
    const { serving, servers, folder, envoy } = stage;
    await served(envoy);
    const refused = nextLine(serving, /ROUTES_REFUSED/);
    await stage.change(
      'late.yaml',
      canary('late', servers, 0, LARGE_REGEX),
      /Service shop\/late: served.*"change served/,
    );
    const first = await within('an answer', ask({ port: envoy.outboundPort, host: 'late' }), serving.process.stderr);
    assert.equal(first.status, 404);
    await refused;
    assert.equal((await ask({ port: envoy.outboundPort, host: 'late' })).status, 404);
    await assertShare({ port: envoy.outboundPort, host: 'web' }, 'v1', 1, 100);
    assert.deepEqual(await codesOf(serving, 'late'), ['ROUTES_REFUSED']);
    await put(folder, 'late.yaml', canary('late', servers, 100));
    await answered(envoy, 'late', 'v2');
  });
}

for (const [odd, others] of [
  ...ALL.map((way) => [way, way] as const),
  ['in a table of all hosts', 'for each host that is called'] as const,
  ['for each host that is called', 'in a table of all hosts'] as const,
]) {
  test(`routes that one odd Envoy refuses ${odd} are in force for others, who get them ${others}`, async (t) => {
    const stage = await openStage(t, odd);
    if (stage === undefined) return;
    const { serving, servers, envoy } = stage;
    const another = await stage.sidecar(usual('usual', others));
    await served(envoy, another);
    const refused = nextLine(serving, /rejected by a proxy/);
    await put(stage.folder, 'web.yaml', canary('web', servers, 0, LARGE_REGEX));
    await refused;
    await answered(another, 'web', 'v2', TESTERS);
    // A later change passes by at most what the odd one gets in one piece with what it refused, and holds nobody up.
    const isPassedBy = odd === 'in a table of all hosts';
    const passedBy = isPassedBy ? /weight 0 → 100.*rejectedBy.*caller/ : /weight 0 → 100.*change served"/;
    await stage.change('api.yaml', canary('api', servers, 100), passedBy);
    await assertShare({ port: envoy.outboundPort, host: 'api' }, isPassedBy ? 'v1' : 'v2', 1, 100);
    await assertShare({ port: envoy.outboundPort, host: 'web', ...TESTERS }, 'v1', 1, 100);
    await assertShare({ port: another.outboundPort, host: 'api' }, 'v2', 1, 100);
    await assertShare({ port: another.outboundPort, host: 'web', ...TESTERS }, 'v2', 1, 100);
    assert.deepEqual(await codesOf(serving, 'web'), []);
    assert.deepEqual(lines(serving, /ROUTES_REFUSED/), []);
  });
}

for (const way of ['for each host in full scope', 'for each host that is called'] as const) {
  test(`routes that a proxy kept ${way} over a restart of the server are good ones`, async (t) => {
    const stage = await openStage(t, way);
    if (stage === undefined) return;
    const { servers, folder, envoy } = stage;
    await served(envoy);
    await stage.restart(() => Promise.resolve());
    const { serving } = stage;
    const kind = way === 'for each host that is called' ? 'virtualHost' : 'route';
    await until('the proxy to be back', async () => {
      const { types } = await proxyOf(serving);
      return types.some((type) => type.kind === kind) ? true : undefined;
    });
    const held = nextLine(serving, /back to its last good routes/);
    await put(folder, 'web.yaml', canary('web', servers, 0, LARGE_REGEX));
    await held;
    const late = await stage.sidecar(strict('late', way));
    await assertShare({ port: late.outboundPort, host: 'web', ...TESTERS }, 'v1', 1, 100);
  });
}

/** A scene of its own whose usual Envoy is strict; it ends with the test. */
async function openStage(t: TestContext, way: Way): Promise<Stage | undefined> {
  const binary = usesRealEnvoy(t);
  if (binary === undefined) return undefined;
  const servers = await Promise.all([startEcho('v1'), startEcho('v2')] as const);
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const files = { 'web.yaml': canary('web', servers, 0), 'api.yaml': canary('api', servers, 0) };
  const scene = await openScene(binary.path, files, strict('caller', way));
  t.after(scene.close);
  // The scene tells of its `serve` by a property that changes.
  return Object.assign(scene, { servers });
}

/** Both hosts answer, and are called by now. */
async function served(...envoys: readonly Sidecar[]): Promise<void> {
  for (const { outboundPort: port } of envoys) {
    for (const host of ['web', 'api']) await assertShare({ port, host }, 'v1', 1, 10);
  }
}

/** Waits until a version answers. */
async function answered(envoy: Sidecar, host: string, version: string, how: Partial<Target> = {}): Promise<void> {
  const target = { port: envoy.outboundPort, host, ...how };
  await until(`${version} of ${host}`, async () => ((await ask(target)).version === version ? true : undefined));
}

/** A host with two versions, and a header route for testers where a regex is given. */
function canary(name: string, servers: Servers, weight: number, regex?: string): readonly Manifest[] {
  const steps =
    regex === undefined
      ? []
      : [{ setHeaderRoute: { name: 'testers', match: [{ headerName: 'x-team', headerValue: { regex } }] } }];
  const trafficRouting = { plugins: { 'penstock/xds': {} }, managedRoutes: [{ name: 'testers' }] };
  const versions = servers.map((server) => versionPods(server.version, [server]));
  return [
    service(name, { app: name }),
    ...pods(name, versions),
    rollout(name, { steps, trafficRouting }, recorded('v1', 'v2', weight)),
  ];
}

/** Codes of the problems of a Rollout, as the admin API tells them. */
async function codesOf({ adminPort }: Serving, name: string): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/v1/rollouts/shop/${name}`);
  const { problems } = (await response.json()) as { readonly problems: readonly { readonly code: string }[] };
  return problems.map(({ code }) => code);
}

function lines({ process }: Serving, pattern: RegExp): readonly string[] {
  return process
    .stderr()
    .split('\n')
    .filter((line) => pattern.test(line));
}
