import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, test, type TestContext } from 'node:test';
import { durationMs } from '../../src/base/index.js';
import { type ClusterLoad, decodeLoadReport } from '../../src/codec/index.js';
import { bootstrap } from '../../src/resources/index.js';
import { GrpcServer } from '../../src/xds/grpc/grpc-server.js';
import { loadReportMethods } from '../../src/xds/server/load-reports.js';
import { DEFAULT_LIMITS } from '../../src/xds/server/options.js';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { type Envoy, startEnvoy } from '../harness/envoy-process.js';
import { freePort } from '../harness/free-port.js';
import { until } from '../harness/poll.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import type { Json } from '../unit/resources/given.js';
import { ask } from './scene.js';

// What the load reports of a real Envoy hold: the facts in the comment of src/xds/server/load-reports.ts.

const INTERVAL = 400;
/** Clusters there are from the start; host `sN` is routed to the cluster of that number, there or not. */
const CLUSTERS = 20;
const HOSTS = 40;

/** A message as it came. */
interface Report {
  readonly bytes: number;
  readonly hasNode: boolean;
  readonly load: (name: string) => ClusterLoad | undefined;
  readonly clusters: readonly ClusterLoad[];
}

/** A server of load reports. Reports of `asked` are collected, and messages of all nodes are counted. */
interface Reports {
  readonly port: number;
  readonly all: readonly Report[];
  readonly messages: ReadonlyMap<string, number>;
  /** The next report that comes, or the next of which something is true; `since` counts those that came before. */
  readonly next: (what: string, isIt?: (report: Report) => boolean, since?: number) => Promise<Report>;
  readonly close: () => void;
}

/** Serves load reports; only the node `asked` is asked for any. */
async function serveReports(asked: string, port = 0): Promise<Reports> {
  const interval = durationMs(INTERVAL);
  assert.ok(interval !== undefined);
  const all: Report[] = [];
  const messages = new Map<string, number>();
  let last = { bytes: 0, hasNode: false };
  const reports = loadReportMethods({
    ...{ limits: DEFAULT_LIMITS, interval, isWanted: ({ id }) => id === asked, silent: () => undefined },
    reported: ({ node, clusters }) => {
      messages.set(node.id, (messages.get(node.id) ?? 0) + 1);
      if (node.id === asked)
        all.push({ ...last, clusters, load: (name) => clusters.find((load) => load.name === name) });
    },
    turnedAway: ({ message }) => assert.fail(message),
  });
  const server = new GrpcServer();
  for (const { path, serve } of reports.methods) {
    server.register(path, (call) => {
      const read = call.read.bind(call);
      call.read = (sink) => {
        read({
          message: (bytes) => {
            last = { bytes: bytes.length, hasNode: decodeLoadReport(bytes).node !== undefined };
            sink.message(bytes);
          },
          finished: () => sink.finished(),
        });
      };
      serve(call);
    });
  }
  const bound = await server.listen(`127.0.0.1:${port}`);
  const next: Reports['next'] = (what, isIt = () => true, since = all.length) =>
    until(`a report: ${what}`, () => all.slice(since).find(isIt));
  return { port: bound, all, messages, next, close: () => void server.stop(0) };
}

interface Stage {
  readonly envoy: Envoy;
  readonly outbound: number;
  readonly echo: EchoServer;
  readonly reports: () => Reports;
  /** Closes the server of reports, and serves again on the same port when `meanwhile` is over. */
  readonly restart: (meanwhile: () => Promise<void>) => Promise<void>;
  /** Changes the clusters: `connect` is the connect timeout of those that differ from the others. */
  readonly clusters: (list: readonly number[], changed?: readonly number[]) => Promise<void>;
  readonly startEnvoy: (nodeId: string) => Promise<Envoy>;
  readonly close: () => Promise<void>;
}

const NODE = 'sidecar~shop~caller';
const FIRST = Array.from({ length: CLUSTERS }, (_, index) => index);

let opening: Promise<Stage> | undefined;
after(async () => (await opening)?.close());

async function open(t: TestContext): Promise<Stage | undefined> {
  const found = usesRealEnvoy(t);
  if (found === undefined) return undefined;
  return (opening ??= openStage(found.path));
}

async function openStage(binary: string): Promise<Stage> {
  const endings: (() => Promise<unknown> | void)[] = [];
  const close = async (): Promise<void> => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-lrs-'));
    endings.push(() => rm(folder, { recursive: true, force: true }));
    const echo = await startEcho('v1');
    endings.push(() => echo.close());
    let reports = await serveReports(NODE);
    endings.push(() => reports.close());
    const file = join(folder, 'clusters.json');
    const clusters: Stage['clusters'] = async (list, changed = []) => {
      const resources = list.map((index) => cluster(index, echo.port, changed.includes(index) ? '2s' : '1s'));
      // Envoy looks for files that are moved to the place.
      await writeFile(`${file}.new`, JSON.stringify({ resources }));
      await rename(`${file}.new`, file);
    };
    await clusters(FIRST);
    const start = async (nodeId: string, outbound: number): Promise<Envoy> => {
      const envoy = await startEnvoy(binary, sidecar({ nodeId, outbound, reports: reports.port, clusters: file }));
      endings.push(() => envoy.stop());
      return envoy;
    };
    const outbound = await freePort();
    return {
      ...{ outbound, echo, clusters, close, reports: () => reports },
      envoy: await start(NODE, outbound),
      startEnvoy: async (nodeId) => start(nodeId, await freePort()),
      restart: async (meanwhile) => {
        reports.close();
        await meanwhile();
        reports = await serveReports(NODE, reports.port);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function nameOf(index: number): string {
  return `shop/service-${String(index).padStart(2, '0')}:80@5d4f7c9b8`;
}

function cluster(index: number, port: number, connectTimeout: string): object {
  const name = nameOf(index);
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  return {
    '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
    ...{ name, type: 'STATIC', connect_timeout: connectTimeout },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

/** Our own bootstrap, with clusters from a file and a static listener instead of a control plane. */
function sidecar(given: {
  readonly nodeId: string;
  readonly outbound: number;
  readonly reports: number;
  readonly clusters: string;
}): string {
  const address = (port: number) => ({ host: '127.0.0.1', port });
  const config: Json = bootstrap({
    ...{ nodeId: given.nodeId, namespace: 'shop', workload: 'caller', scope: 'lazy', api: 'delta', aggregated: true },
    ...{ xds: address(given.reports), outbound: address(given.outbound), admin: address(0) },
  });
  const extensions = 'type.googleapis.com/envoy.extensions.filters';
  const routes = Array.from({ length: HOSTS }, (_, index) => ({
    ...{ name: `s${index}`, domains: [`s${index}`] },
    routes: [{ match: { prefix: '/' }, route: { cluster: nameOf(index), timeout: '0s' } }],
  }));
  const manager = {
    '@type': `${extensions}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'outbound',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    route_config: { name: 'outbound', virtual_hosts: routes, validate_clusters: false },
    http_filters: [{ name: 'router', typed_config: { '@type': `${extensions}.http.router.v3.Router` } }],
  };
  return JSON.stringify({
    ...config,
    dynamic_resources: { cds_config: { path_config_source: { path: given.clusters }, resource_api_version: 'V3' } },
    static_resources: {
      ...config.static_resources,
      listeners: [
        {
          name: 'outbound',
          address: { socket_address: { address: '127.0.0.1', port_value: given.outbound } },
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
    },
  });
}

async function get({ outbound }: Stage, index: number, path = '/'): Promise<number> {
  return (await ask({ port: outbound, host: `s${index}`, path })).status;
}

/** Opens a WebSocket to a host; `echoes` sends some bytes and waits until they come back. */
async function openWebSocket(
  { outbound: port }: Stage,
  index: number,
): Promise<{ readonly echoes: () => Promise<void>; readonly close: () => void }> {
  const headers = {
    ...{ host: `s${index}`, connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
  };
  const socket = await new Promise<Duplex>((resolve, reject) => {
    const opened = request({ agent: false, host: '127.0.0.1', port, headers });
    opened.on('response', ({ statusCode = 0 }) => reject(new Error(`no upgrade but ${statusCode}`)));
    opened.on('error', reject).on('upgrade', (_, upgraded) => resolve(upgraded));
    opened.end();
  });
  let back = '';
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => (back += chunk.toString()));
  socket.on('close', () => (isClosed = true)).on('error', () => (isClosed = true));
  const echoes = async (): Promise<void> => {
    const wanted = `${back}hello`;
    socket.write('hello');
    await until('what was sent over the WebSocket to come back', () => back === wanted || isClosed || undefined);
    assert.equal(back, wanted);
  };
  return { echoes, close: () => socket.destroy() };
}

test('every cluster is in every report, used or not, with what it did since the one before', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const idle = await stage.reports().next('with all clusters', ({ clusters }) => clusters.length > 0);
  assert.deepEqual(idle.clusters.map(({ name }) => name).toSorted(), [...FIRST.map(nameOf), 'xds']);
  for (const index of FIRST) {
    const { issued, active, successes, errors } = idle.load(nameOf(index)) ?? assert.fail();
    assert.deepEqual([issued, active, successes, errors], [0, 0, 0, 0]);
  }
  const seen = stage.reports().all.length;
  for (const path of ['/', '/', '/status/404']) await get(stage, 1, path);
  await get(stage, 2, '/status/503');
  await stage.reports().next('after the requests');
  await stage.reports().next('after the requests, in any case');
  const sum = (index: number, of: 'issued' | 'active' | 'successes' | 'errors'): number =>
    stage
      .reports()
      .all.slice(seen)
      .reduce((total, report) => total + (report.load(nameOf(index))?.[of] ?? 0), 0);
  assert.deepEqual([sum(1, 'issued'), sum(1, 'active'), sum(1, 'successes'), sum(1, 'errors')], [3, 0, 3, 0]);
  assert.deepEqual([sum(2, 'issued'), sum(2, 'active'), sum(2, 'successes'), sum(2, 'errors')], [1, 0, 0, 1]);
  assert.equal(sum(3, 'issued'), 0);
  assert.ok(Math.abs((idle.load(nameOf(1))?.intervalMs ?? 0) - INTERVAL) < INTERVAL);
});

test('every message repeats the node, and the node is nearly all of it', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const [first] = stage.reports().all;
  const report = await stage.reports().next('with all clusters', ({ clusters }) => clusters.length > CLUSTERS);
  assert.deepEqual([first?.hasNode, first?.clusters.length, report.hasNode], [true, 0, true]);
  const forClusters = report.bytes - (first?.bytes ?? 0);
  t.diagnostic(`a report: ${first?.bytes ?? 0} bytes, and ${forClusters} for ${report.clusters.length} clusters`);
  assert.ok(forClusters > 0 && forClusters < 60 * report.clusters.length);
});

test('a request under way is active in every report, until its cluster changes', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const seen = stage.reports().all.length;
  const web = await openWebSocket(stage, 4);
  await stage.reports().next('with the handshake', (report) => report.load(nameOf(4))?.issued === 1, seen);
  for (const turn of ['first', 'second', 'third']) {
    const load = (await stage.reports().next(turn)).load(nameOf(4));
    assert.deepEqual([load?.issued, load?.active], [0, 1], turn);
  }
  await stage.clusters(FIRST, [4]);
  await stage.reports().next('without it', (report) => report.load(nameOf(4))?.active === 0);
  await web.echoes();
  await stage.clusters(FIRST.filter((index) => index !== 4));
  await stage.reports().next('without the cluster', (report) => report.load(nameOf(4)) === undefined);
  await web.echoes();
  web.close();
  await stage.clusters(FIRST);
});

test('what a new cluster does before the report after its coming is not told', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const reports = stage.reports();
  // On a machine that is busy a report may come in between; then it is tried with another.
  for (let index = CLUSTERS; index < HOSTS; index += 1) {
    await reports.next('to begin right behind it');
    const seen = reports.all.length;
    await stage.clusters([...FIRST, index]);
    await until(`cluster ${index} to answer`, async () => (await get(stage, index)) === 200 || undefined);
    if (reports.all.length > seen) continue;
    const known = await reports.next('with it', (report) => report.load(nameOf(index)) !== undefined);
    assert.equal(reports.all.indexOf(known), seen + 1, 'it is in the second report');
    assert.equal(known.load(nameOf(index))?.issued, 0);
    const before = reports.all.length;
    await get(stage, index);
    await reports.next('with a request', (report) => report.load(nameOf(index))?.issued === 1, before);
    await stage.clusters(FIRST);
    return;
  }
  assert.fail('a report came in between every time');
});

test('after a reconnect, the first message tells of all the time between', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const before = await stage.reports().next('before');
  assert.equal(before.load(nameOf(6))?.issued, 0);
  const startedAt = performance.now();
  await stage.restart(async () => {
    await get(stage, 6);
  });
  const first = await until('the stream to come back', () => stage.reports().all[0]);
  t.diagnostic(`Envoy came back after ${Math.round(performance.now() - startedAt)} ms`);
  assert.equal(first.load(nameOf(6))?.issued, 1);
  assert.ok((first.load(nameOf(6))?.intervalMs ?? 0) > INTERVAL);
  assert.equal((await stage.reports().next('in its turn')).load(nameOf(6))?.issued, 0);
});

test('an Envoy that is not asked says who it is, and nothing else', async (t) => {
  const stage = await open(t);
  if (stage === undefined) return;
  const reports = stage.reports();
  const unasked = 'sidecar~shop~unasked';
  await stage.startEnvoy(unasked);
  await until('its first message', () => reports.messages.get(unasked));
  for (const turn of ['first', 'second', 'third']) await reports.next(`the ${turn} of the other`);
  assert.equal(reports.messages.get(unasked), 1);
});
