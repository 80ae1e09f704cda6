import type { Bench, Context } from '../bench.js';
import { startBlaster } from '../blaster.js';
import { msBetween } from '../clock.js';
import { type ControlPlane, type PeerConfiguration, startInProcess, startPeer } from '../control-planes.js';
import { round1, Weights } from '../rounds.js';
import { startServe } from '../serve.js';
import { type Group, type Receipts, Sidecars, TYPE_URL } from '../sidecars.js';
import { type Spread, spreadOf } from '../statistics.js';
import { hostName, NAMESPACE } from '../world.js';

/** One control plane, in one way of serving, with so many sidecars and services. */
export interface FanOutCase {
  readonly server: string;
  readonly sidecars: number;
  readonly services: number;
  /** From the change to the receipt at the last sidecar, and at the median one; milliseconds over the rounds. */
  readonly lastMs: Spread;
  readonly medianMs: Spread;
  /** A sidecar and change: of gRPC messages, and of all that came on the socket. */
  readonly messageBytes: number;
  readonly wireBytes: number;
  /** Microseconds of the server's processor time a sidecar and change, ACKs included. */
  readonly cpuMicros: number;
  /** The same of the load client. */
  readonly clientCpuMicros: number;
  /** Of the server with all sidecars connected and everything sent. */
  readonly rssMb: number;
  readonly peakRssMb: number;
  /** Until all sidecars had everything for the first time. */
  readonly connectMs: number;
}

interface Size {
  readonly sidecars: number;
  readonly services: number;
}

interface Contender {
  readonly name: string;
  /** In what sidecars find the routes of a service: one table, or a resource for it alone. */
  readonly routes: 'table' | 'service';
  /** How many services a sidecar subscribes to; all unless given. */
  readonly subscribed?: number;
  /** Sidecars times services beyond which a change would take many seconds, and is not measured; no limit unless given. */
  readonly most?: number;
  start(size: Size): Promise<ControlPlane>;
}

/** A sidecar that names only a few services is what a LinearCache likes best: its work grows with the names of a stream. */
const FEW = 10;
const QUIET_MS = 10;
const WARM_UP = 5;
/** No case goes on longer, once it has ten rounds; a slow one has fewer then, and says how many. */
const CASE_MS = 12_000;
const ROUNDS_AT_LEAST = 10;
const MILLION = 1_000_000;

/** `SIDECARSxSERVICES`, for example `1000x1000`. */
const FULL = ['100x1000', '1000x1000', '2000x1000', '1000x10', '1000x10000'];
const QUICK = ['100x100', '1000x1000'];

/** Bench 1: every sidecar subscribes to every service, and one service changes. */
export const fanOut: Bench = {
  name: 'fan-out',
  needs: ['go'],
  about: 'a change to its receipt at the last of N sidecars that all subscribe to all S services; peer in the same run',
  sizes: { full: FULL, quick: QUICK },
  run: async (context) => {
    const cases: FanOutCase[] = [];
    for (const text of context.sizes) {
      const size = sizeOf(text);
      const able = contenders(context).filter(({ most = Infinity }) => size.sidecars * size.services <= most);
      for (const contender of able) cases.push(await measure(context, contender, size));
    }
    return cases;
  },
};

function sizeOf(text: string): Size {
  const [sidecars = 0, services = 0] = text.split('x').map(Number);
  if (!(sidecars > 0 && services > 0)) throw new Error(`--sizes ${text}: expected SIDECARSxSERVICES, as in 1000x1000`);
  return { sidecars, services };
}

function contenders({ go, only }: Context): readonly Contender[] {
  const peer = (configuration: PeerConfiguration, limits: Pick<Contender, 'subscribed' | 'most'>): Contender => ({
    name: limits.subscribed === undefined ? configuration : `${configuration}-${limits.subscribed}`,
    routes: configuration.endsWith('-table') ? 'table' : 'service',
    ...limits,
    start: ({ services }) => startPeer(go.peer, configuration, { services }),
  });
  const all: readonly Contender[] = [
    { name: 'floor', routes: 'table', start: () => startBlaster(go.blaster, 'outbound') },
    { name: 'penstock', routes: 'service', start: ({ services }) => startInProcess({ services }) },
    {
      ...{ name: 'penstock serve', routes: 'service', most: 2 * MILLION },
      start: ({ services }) => startServe({ services }),
    },
    peer('linear-service', { most: MILLION }),
    peer('linear-service', { subscribed: FEW }),
    peer('snapshot-service', { most: MILLION }),
    peer('linear-table', { most: 2 * MILLION }),
    peer('snapshot-table', { most: MILLION }),
  ];
  return only === undefined ? all : all.filter(({ name }) => only.includes(name));
}

function routeName({ routes }: Contender, service: number): string {
  return routes === 'table' ? 'outbound' : `outbound/${hostName(service)}`;
}

/** How many services are subscribed to, and so may change. */
function changing({ subscribed }: Contender, { services }: Size): number {
  return Math.min(subscribed ?? services, services);
}

function group(contender: Contender, size: Size): Group {
  const services = Array.from({ length: changing(contender, size) }, (_, service) => service);
  const names = [...new Set(services.map((service) => routeName(contender, service)))];
  return {
    count: size.sidecars,
    namespace: NAMESPACE,
    workload: 'caller',
    metadata: { SCOPE: 'full' },
    wants: [{ type: TYPE_URL.route, names }],
  };
}

async function measure(context: Context, contender: Contender, size: Size): Promise<FanOutCase> {
  const server = await contender.start(size);
  const sidecars = new Sidecars(context.go.sidecars);
  try {
    const { started } = await sidecars.connect(server.address, [group(contender, size)]);
    const { lastReceipt } = await sidecars.settle({ quietMs: 300 });
    const { rssMb } = server.usage();
    const rounds = await change({ context, server, sidecars, contender, size });
    const result: FanOutCase = {
      server: contender.name,
      ...size,
      ...rounds,
      rssMb: Math.round(rssMb),
      peakRssMb: Math.round(server.usage().peakRssMb),
      connectMs: Math.round(msBetween(started, lastReceipt)),
    };
    context.tell(line(result));
    return result;
  } finally {
    await sidecars.stop();
    await server.stop();
  }
}

interface Rounds {
  readonly context: Context;
  readonly server: ControlPlane;
  readonly sidecars: Sidecars;
  readonly contender: Contender;
  readonly size: Size;
}

type Measured = Omit<FanOutCase, 'server' | 'sidecars' | 'services' | 'rssMb' | 'peakRssMb' | 'connectMs'>;

async function change({ context, server, sidecars, contender, size }: Rounds): Promise<Measured> {
  const last: number[] = [];
  const median: number[] = [];
  const weights = new Weights();
  let receipts: Receipts | undefined;
  const until = performance.now() + CASE_MS;
  let before = { server: server.usage().cpuMs, client: sidecars.usage().cpuMs };
  for (let round = -WARM_UP; round < context.rounds; round += 1) {
    if (round >= ROUNDS_AT_LEAST && performance.now() > until) break;
    if (round === 0) before = { server: server.usage().cpuMs, client: sidecars.usage().cpuMs };
    const service = (round + WARM_UP) % changing(contender, size);
    await sidecars.expect(TYPE_URL.route, routeName(contender, service), size.sidecars);
    const at = await server.change(service, weights.next(service));
    receipts = await sidecars.arrived({ quietMs: QUIET_MS });
    if (round < 0) continue;
    last.push(msBetween(at, receipts.last));
    median.push(msBetween(at, receipts.p50));
  }
  const pushes = last.length * size.sidecars;
  return {
    lastMs: spreadOf(last),
    medianMs: spreadOf(median),
    messageBytes: receipts?.messageBytes.p50 ?? 0,
    wireBytes: receipts?.wireBytes.p50 ?? 0,
    cpuMicros: round1(((server.usage().cpuMs - before.server) * 1000) / pushes),
    clientCpuMicros: round1(((sidecars.usage().cpuMs - before.client) * 1000) / pushes),
  };
}

function line(found: FanOutCase): string {
  const { server, sidecars, services, lastMs, messageBytes, cpuMicros, clientCpuMicros, rssMb, connectMs } = found;
  return [
    `  ${server.padEnd(24)} ${`${sidecars}x${services}`.padEnd(11)}`,
    `last ${lastMs.p50.toFixed(1).padStart(7)} p99 ${lastMs.p99.toFixed(1).padStart(7)} ms (${lastMs.count})`,
    `${String(messageBytes).padStart(8)} B`,
    `cpu ${cpuMicros.toFixed(1).padStart(6)} client ${clientCpuMicros.toFixed(1).padStart(6)} us`,
    `rss ${String(rssMb).padStart(5)} MB connect ${connectMs} ms`,
  ].join('  ');
}
