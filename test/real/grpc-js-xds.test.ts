import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ControlPlane, startPlane } from '../harness/control-plane.js';
import type { Answered, Calls } from '../harness/grpc-client-process.js';
import { startGrpcVersion } from '../harness/grpc-version.js';
import { isPlausible } from '../harness/load.js';
import { type Manifest, pods, rollout, service } from '../harness/manifests.js';

// gRPC's own xDS client, without any proxy: the second opinion on our resources and on the state of the world over ADS.

const NODE = 'sidecar~shop~grpc-client';
const TARGET = 'web.shop.svc.cluster.local:80';
const CLIENT = fileURLToPath(new URL('../harness/grpc-client-process.js', import.meta.url));

interface Stage {
  readonly plane: ControlPlane;
  /** Applies objects and waits until the client has accepted all that follows. */
  readonly apply: (...objects: readonly Manifest[]) => Promise<void>;
  readonly calls: (count: number, metadata?: Calls['metadata']) => Promise<Answered>;
  readonly close: () => Promise<void>;
}

/** v1 and v2 as gRPC servers, `web` at a step, and a client that asks for it. */
async function raise(...objects: readonly Manifest[]): Promise<Stage> {
  const versions = { v1: await startGrpcVersion('v1'), v2: await startGrpcVersion('v2') };
  const running = Object.entries(versions).map(([hash, { port }]) => ({ hash, ports: [port] }));
  const plane = await startPlane({ objects: [service('web', { app: 'web' }), ...pods('web', running), ...objects] });
  const client = startClient(plane.port);
  return {
    plane,
    apply: async (...more) => {
      const sequence = plane.apply(...more);
      await plane.settled(NODE, sequence);
    },
    calls: (count, metadata = {}) => ask(client, { count, metadata }),
    close: async () => {
      const ended = once(client, 'exit');
      client.disconnect();
      await ended;
      await plane.stop();
      for (const { close } of Object.values(versions)) close();
    },
  };
}

function startClient(port: number): ChildProcess {
  const bootstrap = {
    xds_servers: [
      { server_uri: `127.0.0.1:${port}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
    ],
    // Without `locality` this client refuses its bootstrap, and says something else.
    node: { id: NODE, cluster: 'grpc-client', locality: {}, metadata: { NAMESPACE: 'shop' } },
  };
  return fork(CLIENT, [`xds:///${TARGET}`], {
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
    execArgv: [],
  });
}

async function ask(client: ChildProcess, calls: Calls): Promise<Answered> {
  client.send(calls);
  const [answer] = (await once(client, 'message')) as [Answered];
  const total = Object.values(answer).reduce((sum, count) => sum + count, 0);
  assert.equal(total, calls.count);
  return answer;
}

const HEADER = { name: 'me', match: [{ headerName: 'x-me', headerValue: { exact: 'yes' } }] };

/** `web` at a weight of v2, with or without a header route to it. */
function web(weight: number, step: number): Manifest {
  const steps = [{ setWeight: 30 }, { pause: {} }, { setHeaderRoute: HEADER }, { setWeight: 80 }, { pause: {} }];
  const trafficRouting = { plugins: { 'penstock/xds': {} }, managedRoutes: [{ name: 'me' }] };
  const weights = {
    canary: { podTemplateHash: 'v2', weight },
    stable: { podTemplateHash: 'v1', weight: 100 - weight },
  };
  const status = { stableRS: 'v1', currentPodHash: 'v2', currentStepIndex: step, canary: { weights } };
  return rollout('web', { steps, trafficRouting }, status);
}

function assertShare(answered: Answered, total: number, share: number): void {
  const { v1 = 0, v2 = 0, ...failures } = answered;
  assert.deepEqual(failures, {});
  assert.equal(v1 + v2, total);
  assert.ok(isPlausible(v2, total, share), `${v2} of ${total} calls reached v2, ${share * 100} % expected`);
}

test('a gRPC client without a proxy follows a Rollout: split, header route, another split, promotion', async () => {
  const { plane, apply, calls, close } = await raise(web(30, 1));
  try {
    assertShare(await calls(1000), 1000, 0.3);

    await apply(web(30, 3));
    assert.deepEqual(await calls(200, { 'x-me': 'yes' }), { v2: 200 });
    assertShare(await calls(1000, { 'x-me': 'no' }), 1000, 0.3);

    await apply(web(80, 4));
    assertShare(await calls(1000), 1000, 0.8);
    assert.deepEqual(await calls(200, { 'x-me': 'yes' }), { v2: 200 });

    await apply(rollout('web', { steps: [] }, { stableRS: 'v2', currentPodHash: 'v2' }));
    assert.deepEqual(await calls(300), { v2: 300 });

    const refused = plane.facts.filter((fact) => fact.what === 'rejected' && fact.proxy === NODE);
    assert.deepEqual(refused, []);
    assert.ok(plane.facts.some((fact) => fact.what === 'acked' && fact.kind === 'listener' && fact.proxy === NODE));
  } finally {
    await close();
  }
});

test('a gRPC client without a proxy loses no call while weights move under it', async () => {
  const { plane, calls, close } = await raise(web(0, 0));
  try {
    assert.deepEqual(await calls(100), { v1: 100 });
    const load = calls(3000);
    for (const weight of [10, 30, 50, 70, 90, 100, 50, 0]) {
      plane.apply(web(weight, 1));
      await plane.settled(NODE);
    }
    const answered = await load;
    assert.deepEqual(failuresIn(answered), {});
    assert.ok((answered['v2'] ?? 0) > 0, 'the weights moved while calls were under way');
    assert.deepEqual(await calls(100), { v1: 100 });
  } finally {
    await close();
  }
});

function failuresIn({ v1: _v1, v2: _v2, ...failures }: Answered): Answered {
  return failures;
}
