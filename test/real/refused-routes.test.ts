import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { type Manifest, pods, put, rollout, service } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import type { Serving, SidecarOptions } from '../harness/product.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { assertShare, nextLine, openScene, recorded, type Scene, versionPods } from './scene.js';

// ADR 13: one host whose routes Envoy refuses costs that host its news, and nobody else theirs.

type Servers = readonly [EchoServer, EchoServer];

interface Stage extends Scene {
  readonly servers: Servers;
}

/** Takes no regular expression but the smallest. */
function strict(name: string): SidecarOptions & { readonly nodeId: string } {
  return {
    nodeId: `sidecar~shop~${name}`,
    edit: (text) => text.replaceAll(/error_level: \d+/g, 'error_level: 50'),
  };
}

/** As a program it is larger than a strict Envoy takes, and far below what ours refuse. */
const LARGE_REGEX = Array.from({ length: 40 }, (_, index) => `team-${index}(-[a-z]+)?`).join('|');
const TESTERS = { headers: { 'x-team': 'team-7-north' } };

let opening: Promise<Stage> | undefined;
after(async () => (await opening)?.close());

test('routes that every Envoy refuses hold back their own host only, and a correction heals', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const { serving, servers, folder } = stage;
  const second = await stage.sidecar(strict('second'));
  const held = nextLine(serving, /ROUTES_REFUSED/);
  await put(folder, 'web.yaml', canary('web', servers, 50, LARGE_REGEX));
  const { problem } = JSON.parse(await held) as { readonly problem: string };
  assert.match(problem, /Rollout shop\/web: spec\.strategy is "regex 'team-0/);

  // Its routes are the former ones, for everybody; others move on, for everybody, those who come later too.
  await stage.change('api.yaml', canary('api', servers, 100), /weight 0 → 100.*change served"/);
  const third = await stage.sidecar(strict('third'));
  for (const { outboundPort: port } of [stage.envoy, second, third]) {
    await assertShare({ port, host: 'api' }, 'v2', 1, 100);
    await assertShare({ port, host: 'web', ...TESTERS }, 'v1', 1, 100);
  }
  assert.deepEqual(await codesOf(serving, 'web'), ['ROUTES_REFUSED']);
  assert.deepEqual(await codesOf(serving, 'api'), []);
  assert.equal(lines(serving, /"msg":"problem: .*ROUTES_REFUSED|ROUTES_REFUSED.*"msg":"problem: /).length, 1);

  const solved = nextLine(serving, /ROUTES_REFUSED.*problem solved|problem solved.*ROUTES_REFUSED/);
  await put(folder, 'web.yaml', canary('web', servers, 100));
  await solved;
  await stage.settled('healed');
  for (const { outboundPort: port } of [stage.envoy, second, third]) {
    await assertShare({ port, host: 'web' }, 'v2', 1, 100);
  }
  assert.deepEqual(await codesOf(serving, 'web'), []);
  await Promise.all([second.stop(), third.stop()]);
});

test('routes that one odd Envoy refuses are in force for the others', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const { serving, servers } = stage;
  // Of those who are left the first one is strict.
  const usual = await stage.sidecar({ nodeId: 'sidecar~shop~usual' });
  const before = lines(serving, /ROUTES_REFUSED/).length;
  const refused = nextLine(serving, /rejected by a proxy/);
  await put(stage.folder, 'web.yaml', canary('web', servers, 0, LARGE_REGEX));
  await refused;
  const { outboundPort: port } = usual;
  await until('the header route', async () => {
    const answers = assertShare({ port, host: 'web', ...TESTERS }, 'v2', 1, 20);
    return answers.then(
      () => true as const,
      () => undefined,
    );
  });
  // A later change passes the strict one by, and holds nobody up.
  await stage.change('api.yaml', canary('api', servers, 0), /weight 100 → 0.*rejectedBy.*caller/);
  await assertShare({ port, host: 'api' }, 'v1', 1, 100);
  await assertShare({ port, host: 'web', ...TESTERS }, 'v2', 1, 100);
  assert.deepEqual(await codesOf(serving, 'web'), []);
  assert.equal(lines(serving, /ROUTES_REFUSED/).length, before);
});

async function open(t: TestContext): Promise<Stage | undefined> {
  const binary = usesRealEnvoy(t);
  return binary === undefined ? undefined : (opening ??= openStage(binary.path));
}

async function openStage(binary: string): Promise<Stage> {
  const servers = await Promise.all([startEcho('v1'), startEcho('v2')] as const);
  const files = { 'web.yaml': canary('web', servers, 0), 'api.yaml': canary('api', servers, 0) };
  const scene = await openScene(binary, files, strict('caller'));
  return {
    ...scene,
    servers,
    close: async () => {
      await scene.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
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
