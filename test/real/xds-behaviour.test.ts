import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { startEnvoy } from '../harness/envoy-process.js';
import { burst, failed, steadyLoad } from '../harness/load.js';
import { type Manifest, pods, put, rollout, service, slice } from '../harness/manifests.js';
import { until } from '../harness/poll.js';
import { penstock, type Serving, type Sidecar, type SidecarOptions } from '../harness/product.js';
import {
  ask,
  assertShare,
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

// What the protocol comes to when Envoy itself is at the other end: xDS protocol, "Eventual consistency considerations" and
// "ACK and NACK", and the facts about Envoy 1.40 in the comments of src/xds/protocol.

/** The ways in which Envoy can ask, all in one scene, so that a change counts only when all of them have it. */
const WIRES: readonly (SidecarOptions & { readonly nodeId: string })[] = [
  { nodeId: 'sidecar~shop~caller' },
  { nodeId: 'sidecar~shop~full', args: ['--scope', 'full'] },
  { nodeId: 'sidecar~shop~sotw', args: ['--api', 'sotw'] },
  { nodeId: 'sidecar~shop~delta-streams', edit: onSeparateStreams },
  { nodeId: 'sidecar~shop~sotw-streams', args: ['--api', 'sotw'], edit: onSeparateStreams },
];

/** Milliseconds within which a changed cluster is acknowledged; a server that lets it stall makes Envoy wait for 15,000. */
const NO_STALL = 1_000;

/** Requests that a change may take at most to be followed; each takes a millisecond or so. */
const MOST_TRIES = 5_000;

/** Where tests begin. */
const FIRST: Web = { hashes: ['v1', 'v2'], status: recorded('v1', 'v2', 30) };

interface Stage extends Scene {
  /** One for each of `WIRES`. */
  readonly envoys: readonly Sidecar[];
  readonly servers: readonly [EchoServer, EchoServer, EchoServer];
  /** Writes the Rollout and its pods in one file and waits until the usual Envoy has them. */
  readonly web: (state: Web) => Promise<void>;
}

/** What the Rollout `web` says: the pods that are there, the status, the options. */
interface Web {
  readonly hashes: readonly string[];
  readonly status: Manifest;
  readonly options?: Manifest;
  readonly steps?: readonly Manifest[];
  readonly ready?: boolean;
}

const open = sharedStage(openStage);

test('a cluster that changes does not stand still in warming, and requests go on', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await underLoad(stage, async () => {
    for (const consecutiveErrors of [7, 8, 9]) {
      const options = { outlierDetection: { consecutiveErrors } };
      const logged = /options of port 80 changed/;
      const line = await stage.change('web.yaml', webObjects(stage, { ...FIRST, options }), logged);
      const { ms } = JSON.parse(line) as { readonly ms: number };
      t.diagnostic(`changed clusters acknowledged on all wires after ${ms} ms`);
      assert.ok(ms < NO_STALL, `acknowledged after ${ms} ms`);
      for (const envoy of stage.envoys) {
        assert.equal(await envoy.stat('cluster_manager.warming_clusters'), 0);
        assert.ok(
          (await envoy.admin('/config_dump?resource=dynamic_active_clusters')).includes(
            `"consecutive_5xx": ${consecutiveErrors}`,
          ),
        );
      }
    }
  });
});

test('a new version has its cluster before any route leads there; an old one keeps it until it has drained', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await underLoad(stage, async () => {
    await stage.web({ hashes: ['v1', 'v2', 'v3'], status: recorded('v1', 'v3', 100) });
    for (const { outboundPort: port } of stage.envoys) await assertShare({ port, host: 'web' }, 'v3', 1, 100);
    for (const envoy of stage.envoys) {
      await until('the cluster of v2 to go', async () =>
        (await envoy.admin('/clusters')).includes('shop/web:80@v2::') ? undefined : true,
      );
    }
    await stage.web(FIRST);
    for (const { outboundPort: port } of stage.envoys) await assertShare({ port, host: 'web' }, 'v2', 0.3, 300);
  });
  for (const envoy of stage.envoys) assert.equal(await envoy.stat('http.outbound.no_cluster'), 0);
});

test('a version whose pods all stop being ready at once hands its share over without a failure', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await stage.web(FIRST);
  await underLoad(stage, async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      await stage.change('web.yaml', webObjects(stage, { ...FIRST, ready: false }), /weight 30 → 0/);
      await stage.change('web.yaml', webObjects(stage, FIRST), /weight 0 → 30/);
    }
  });
});

test('an Envoy that starts again gets everything again', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await stage.web(FIRST);
  const nodeId = 'sidecar~shop~again';
  const first = await stage.sidecar({ nodeId });
  await assertShare({ port: first.outboundPort, host: 'web' }, 'v2', 0.3, 300);
  await first.stop();
  const second = await stage.sidecar({ nodeId, outboundPort: first.outboundPort });
  await assertShare({ port: second.outboundPort, host: 'web' }, 'v2', 0.3, 300);
  await second.stop();
});

test('how long a change takes from its file to requests that follow it', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const target = { port: stage.envoy.outboundPort, host: 'web' };
  const times: number[] = [];
  const acknowledged: number[] = [];
  let weight = 0;
  await stage.web({ ...FIRST, status: recorded('v1', 'v2', weight) });
  for (let turn = 0; turn < 10; turn += 1) {
    const next = 100 - weight;
    const served = nextLine(stage.serving, new RegExp(`weight ${weight} → ${next}`));
    const startedAt = performance.now();
    await put(stage.folder, 'web.yaml', webObjects(stage, { ...FIRST, status: recorded('v1', 'v2', next) }));
    const wanted = next === 100 ? 'v2' : 'v1';
    // One after the other without a pause: a poll would measure itself.
    let version = '';
    for (let tries = 0; tries < MOST_TRIES && version !== wanted; tries += 1) ({ version } = await ask(target));
    assert.equal(version, wanted);
    times.push(performance.now() - startedAt);
    acknowledged.push((JSON.parse(await served) as { readonly ms: number }).ms);
    weight = next;
  }
  t.diagnostic(`from the file to a request that follows it: ${spread(times)}`);
  t.diagnostic(`from the event to the last acknowledgement on all wires: ${spread(acknowledged)}`);
});

test('a control plane that is killed is not missed; what Envoy holds is not sent again when it is back', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  await stage.web(FIRST);
  await underLoad(stage, async () => {
    await stage.restart(() => servesAlone(stage), '--log-level', 'debug');
    for (const { nodeId } of WIRES) await connectedAgain(stage.serving, nodeId);
  });
  for (const { nodeId } of WIRES.filter(isDelta)) assert.deepEqual(pushes(stage.serving, nodeId), [], nodeId);
});

test('after all that, no Envoy has refused anything, missed a cluster or waited for an update', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  for (const [index, envoy] of stage.envoys.entries()) {
    assert.deepEqual(await troubles(envoy), new Map(), WIRES[index]?.nodeId);
  }
});

test('what changes while the control plane is away arrives when it is back', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  // The order is kept for who comes back on one stream and says what it holds. In the state of the world nobody can say that: a
  // cluster that is gone meanwhile is taken away before the new server has seen that a route leads there.
  await underLoad({ envoys: [stage.envoy] }, async () => {
    await stage.restart(async () => {
      await put(
        stage.folder,
        'web.yaml',
        webObjects(stage, { hashes: ['v1', 'v3'], status: recorded('v1', 'v3', 100) }),
      );
    });
    for (const { nodeId } of WIRES) await connectedAgain(stage.serving, nodeId);
    for (const { outboundPort: port } of stage.envoys) await assertShare({ port, host: 'web' }, 'v3', 1, 100);
    for (const envoy of stage.envoys) {
      await until('the cluster of v2 to go', async () =>
        (await envoy.admin('/clusters')).includes('shop/web:80@v2::') ? undefined : true,
      );
    }
  });
  assert.deepEqual(await troubles(stage.envoy), new Map());
});

// Last, because these Envoys refuse what the others take.

test('refused routes are told, kept for all to see, not sent again, and a good one heals it', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const nodeId = 'sidecar~shop~strict';
  const strict = await stage.sidecar({
    nodeId,
    edit: (text) => text.replaceAll(/error_level: \d+/g, 'error_level: 50'),
  });
  const port = strict.outboundPort;
  const steps = [
    { setHeaderRoute: { name: 'testers', match: [{ headerName: 'x-team', headerValue: { regex: LARGE_REGEX } }] } },
  ];
  const state = { ...FIRST, steps };
  await stage.web({ ...state, steps: [] });
  await assertShare({ port, host: 'web' }, 'v2', 0.3, 300);
  await assertShare({ port, host: 'other' }, 'v1', 1, 1);
  const logged = nextLine(stage.serving, /rejected by a proxy/);
  await stage.web(state);
  const line = JSON.parse(await logged) as { readonly proxy: string; readonly message: string };
  assert.equal(line.proxy, nodeId);
  assert.match(line.message, /program size/);
  // The other proxies have taken it, this one goes on with what it had, and with other hosts.
  const testers = { host: 'web', headers: { 'x-team': 'team-7-north' } };
  await assertShare({ ...testers, port: stage.envoy.outboundPort }, 'v2', 1, 100);
  await assertShare({ ...testers, port }, 'v2', 0.3, 300);
  assert.match(await refusal(stage.serving, nodeId, 'virtualHost'), /program size/);
  const [v1, v2] = stage.servers;
  await stage.change('other.yaml', other(v1.port, v2.port), /endpoints of shop\/other:80 1 → 2/);
  assert.equal(await strict.stat('cluster.shop/other_80.membership_total'), 2);
  assert.equal(await total(strict, 'update_rejected'), 1);
  await stage.change(
    'web.yaml',
    webObjects(stage, { ...FIRST, status: recorded('v1', 'v2', 100) }),
    /header route testers removed/,
  );
  await assertShare({ port, host: 'web' }, 'v2', 1, 100);
  assert.equal(await refusal(stage.serving, nodeId, 'virtualHost'), '');
  await strict.stop();
});

test('a listener that Envoy can not open is told with its words, once', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
  t.after(() => occupant.close());
  const nodeId = 'sidecar~shop~blocked';
  const text = await penstock(
    ...['bootstrap', '--node-id', nodeId, '--namespace', 'shop', '--admin-address', '127.0.0.1:0'],
    ...['--xds-address', `127.0.0.1:${stage.serving.xdsPort}`],
    ...['--outbound-address', `127.0.0.1:${(occupant.address() as AddressInfo).port}`],
  );
  const logged = nextLine(stage.serving, /rejected by a proxy/);
  const envoy = await startEnvoy(stage.binary, text, false);
  t.after(() => envoy.stop());
  assert.match(await logged, /cannot bind/);
  assert.match(await refusal(stage.serving, nodeId, 'listener'), /cannot bind/);
  await stage.change('other.yaml', other(stage.servers[0].port), /endpoints of shop\/other:80 2 → 1/);
  assert.equal(await envoy.stat('listener_manager.lds.update_rejected'), 1);
});

async function openStage(binary: string): Promise<Stage> {
  const servers = await Promise.all([startEcho('v1'), startEcho('v2'), startEcho('v3')] as const);
  const scene = await openScene(
    binary,
    { 'web.yaml': webObjects({ servers }, FIRST), 'other.yaml': other(servers[0].port) },
    WIRES[0],
  );
  const others = await Promise.all(WIRES.slice(1).map((wire) => scene.sidecar(wire)));
  return {
    ...scene,
    // Spread would keep the server that a restart replaces.
    get serving() {
      return scene.serving;
    },
    envoys: [scene.envoy, ...others],
    servers,
    web: async (state) => {
      await put(scene.folder, 'web.yaml', webObjects({ servers }, state));
      await scene.settled();
    },
    close: async () => {
      await scene.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** Requests through all Envoys while something happens, and none of them fails. */
async function underLoad({ envoys }: Pick<Stage, 'envoys'>, work: () => Promise<void>): Promise<void> {
  const load = steadyLoad(
    envoys.map(({ outboundPort: port }) => ({ port, host: 'web' })),
    400,
  );
  try {
    await work();
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.tally.failures, new Map());
  assert.ok(load.tally.total > 0);
}

/** Only in the delta form a client says what it holds when it comes back. */
function isDelta(wire: SidecarOptions | undefined): boolean {
  return wire?.args?.includes('sotw') !== true;
}

/** Envoys know that nobody is there, and serve. */
async function servesAlone({ envoys }: Stage): Promise<void> {
  for (const envoy of envoys) {
    await until('Envoy to miss its control plane', async () =>
      (await envoy.stat('control_plane.connected_state')) === 0 ? true : undefined,
    );
    assert.equal(failed(await burst({ port: envoy.outboundPort, host: 'web' }, 50)), 0);
  }
}

async function connectedAgain(serving: Serving, nodeId: string): Promise<void> {
  await until(`${nodeId} to come back and acknowledge`, async () => {
    const { types, sequence, acknowledged } = await proxyOf(serving, nodeId);
    const hasRoutes = types.some(({ kind }) => kind === 'route');
    return hasRoutes && acknowledged === sequence ? true : undefined;
  });
}

/** What the admin API says of a refusal that is in force; empty for none. */
async function refusal(serving: Serving, nodeId: string, kind: string): Promise<string> {
  const { types } = await proxyOf(serving, nodeId);
  return (
    types
      .find((type) => type.kind === kind)
      ?.rejections.map(({ message }) => message)
      .join() ?? ''
  );
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const [best, median, worst] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((ms) => ms?.toFixed(1));
  return `${best} ms at best, ${median} ms in the middle, ${worst} ms at worst`;
}

/** As a program it is larger than the limit of the strict Envoy, and than Envoy's own default. */
const LARGE_REGEX = Array.from({ length: 40 }, (_, index) => `team-${index}(-[a-z]+)?`).join('|');

function webObjects({ servers }: Pick<Stage, 'servers'>, state: Web): readonly Manifest[] {
  const { hashes, status, options = {}, steps = [], ready = true } = state;
  const trafficRouting = { plugins: { 'penstock/xds': options }, managedRoutes: [{ name: 'testers' }] };
  const versions = servers
    .filter(({ version }) => hashes.includes(version))
    .map((server) => versionPods(server.version, [server], ready || server.version === 'v1'));
  return [service('web', { app: 'web' }), ...pods('web', versions), rollout('web', { steps, trafficRouting }, status)];
}

/** A Service that no Rollout shapes. */
function other(...ports: readonly number[]): readonly Manifest[] {
  return [
    service('other', { app: 'other' }),
    ...ports.map((port, index) => slice('other', { name: `${index}`, port })),
  ];
}

/** Listeners and clusters on streams of their own; what is inside resources keeps to the aggregated one. */
function onSeparateStreams(text: string): string {
  const bootstrap = parse(text) as { dynamic_resources: Record<string, Manifest> };
  const { ads_config: own, cds_config: clusters, lds_config: listeners } = bootstrap.dynamic_resources;
  for (const source of [clusters, listeners]) {
    if (source === undefined) throw new Error('the bootstrap names no source of clusters or listeners');
    Object.assign(source, { ads: undefined, api_config_source: own });
  }
  return JSON.stringify(bootstrap);
}
