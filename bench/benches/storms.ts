import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Context } from '../bench.js';
import { msBetween, nowNs } from '../clock.js';
import { type Serve, startServe } from '../serve.js';
import { type Group, Sidecars, TYPE_URL } from '../sidecars.js';
import { fullWants, lazyGroups, virtualHostName } from '../wants.js';
import { NAMESPACE } from '../world.js';
import { measureStuck, type StuckCase } from './stuck.js';

/** Many sidecars come at once. */
export interface ConnectCase {
  readonly storm: 'connect' | 'restart' | 'restart, one change';
  readonly scope: Scope;
  readonly sidecars: number;
  readonly services: number;
  /** Until the server said that it was ready; 0 where it was before. */
  readonly readyMs: number;
  /** From the first connection until all sidecars had everything. */
  readonly servedMs: number;
  /** Of gRPC messages, a sidecar in the middle, and all together. */
  readonly messageBytes: number;
  readonly totalBytes: number;
  /** Resources that were sent although the sidecar had said that it holds them. */
  readonly repeated: number;
  /** The server's processor time a sidecar, in milliseconds. */
  readonly cpuMs: number;
  /** Of the server: when all is quiet again, and the most on the way. */
  readonly steadyMb: number;
  readonly peakMb: number;
}

type Scope = 'lazy' | 'full';

interface Size {
  readonly sidecars: number;
  readonly services: number;
}

const EACH = 10;
const CALLED = 10;

/** Bench 5: many come at once, come back at once, or stop reading. */
export const storms: Bench = {
  name: 'storms',
  needs: ['go'],
  about: 'all sidecars connect at once, come back after the server crashed, and some of them stop reading',
  sizes: { full: ['1000x1000'], quick: ['200x1000'] },
  run: async (context) => {
    const cases: (ConnectCase | StuckCase)[] = [];
    for (const text of context.sizes) {
      const [sidecars = 0, services = 0] = text.split('x').map(Number);
      const size = { sidecars, services };
      for (const scope of ['lazy', 'full'] as const) {
        if (context.only?.includes(scope) === false) continue;
        cases.push(...(await connectAndComeBack(context, scope, size)));
      }
      if (context.only?.includes('stuck') !== false) cases.push(await measureStuck(context, size));
    }
    return cases;
  },
};

async function connectAndComeBack(context: Context, scope: Scope, size: Size): Promise<readonly ConnectCase[]> {
  const server = await startServe({ services: size.services });
  const fleet = new Sidecars(context.go.sidecars);
  const cases: ConnectCase[] = [];
  const keep = (found: Omit<ConnectCase, 'scope' | keyof Size>): void => {
    const result = { ...found, scope, ...size };
    context.tell(line(result));
    cases.push(result);
  };
  try {
    keep(await connect({ server, fleet, scope, size }));
    keep(await comeBack({ server, fleet, scope, size }, false));
    keep(await comeBack({ server, fleet, scope, size }, true));
    return cases;
  } finally {
    await fleet.stop();
    await server.stop();
  }
}

interface Storm {
  readonly server: Serve;
  readonly fleet: Sidecars;
  readonly scope: Scope;
  readonly size: Size;
}

/** Every workload calls the first service, and nine others. */
function groups({ scope, size: { sidecars, services } }: Storm): readonly Group[] {
  const others = (workload: number): readonly number[] =>
    Array.from({ length: CALLED - 1 }, (_, index) => 1 + ((workload * (CALLED - 1) + index) % (services - 1)));
  if (scope === 'lazy') return lazyGroups(sidecars / EACH, EACH, (workload) => [0, ...others(workload)]);
  const metadata = { SCOPE: 'full' };
  return [{ count: sidecars, namespace: NAMESPACE, workload: 'caller', metadata, wants: fullWants() }];
}

type Found = Omit<ConnectCase, 'scope' | keyof Size>;

async function connect(storm: Storm): Promise<Found> {
  const { server, fleet } = storm;
  const cpu = server.usage().cpuMs;
  const { started } = await fleet.connect(server.address, groups(storm));
  const { lastReceipt, repeated } = await fleet.settle({ quietMs: 500 });
  await idle(server);
  return {
    storm: 'connect',
    readyMs: 0,
    servedMs: Math.round(msBetween(started, lastReceipt)),
    repeated,
    ...(await used(storm, cpu)),
  };
}

/**
 * The server dies and comes back with the same files. With `isChanged` one of them was replaced meanwhile: everybody has to
 * receive that, and when the last one has, all are served. Without, all are when the server has nothing to do any more.
 */
async function comeBack(storm: Storm, isChanged: boolean): Promise<Found> {
  const { server, fleet, scope, size } = storm;
  await server.crash();
  // Streams end when the kernel says so.
  await fleet.settle({ quietMs: 300, done: false });
  const before = await fleet.state();
  if (isChanged) await server.change(0, 20);
  const restartedAt = nowNs();
  const ready = await server.restart();
  const cpu = server.usage().cpuMs;
  await fleet.expect(scope === 'lazy' ? TYPE_URL.host : TYPE_URL.route, virtualHostName(0), size.sidecars);
  const { started } = await fleet.reconnect({ patienceMillis: 10_000 });
  const receipts = isChanged ? await fleet.arrived({ quietMs: 300 }) : undefined;
  const idleAt = await idle(server);
  const { repeated, connected, losses } = await fleet.state();
  if (connected !== size.sidecars) throw new Error(`only ${connected} came back: ${JSON.stringify(losses)}`);
  return {
    storm: isChanged ? 'restart, one change' : 'restart',
    readyMs: Math.round(msBetween(restartedAt, ready)),
    servedMs: Math.round(msBetween(started, receipts?.last ?? idleAt)),
    repeated: repeated - before.repeated,
    ...(await used(storm, cpu)),
  };
}

async function used(
  { server, fleet, size }: Storm,
  cpu: number,
): Promise<Pick<Found, 'messageBytes' | 'totalBytes' | 'cpuMs' | 'steadyMb' | 'peakMb'>> {
  const { messageBytes } = await fleet.counters();
  const { cpuMs, rssMb, peakRssMb } = server.usage();
  return {
    messageBytes: messageBytes.p50,
    totalBytes: messageBytes.total,
    cpuMs: Math.round(((cpuMs - cpu) / size.sidecars) * 100) / 100,
    steadyMb: Math.round(rssMb),
    peakMb: Math.round(peakRssMb),
  };
}

const LOOK_MS = 100;
/** Idle is less than a tenth of a processor for half a second. */
const IDLE_CPU_MS = 10;
const IDLE_LOOKS = 5;
const IDLE_AT_MOST_MS = 120_000;

/** Waits until the server has nothing to do any more; gives when that began, to a tenth of a second. */
async function idle(server: Serve): Promise<number> {
  const until = performance.now() + IDLE_AT_MOST_MS;
  let since = nowNs();
  let looks = 0;
  let cpu = server.usage().cpuMs;
  while (looks < IDLE_LOOKS) {
    if (performance.now() > until) throw new Error(`the server was not idle within ${IDLE_AT_MOST_MS} ms`);
    await pause(LOOK_MS);
    const now = server.usage().cpuMs;
    looks = now - cpu <= IDLE_CPU_MS ? looks + 1 : 0;
    cpu = now;
    if (looks === 0) since = nowNs();
  }
  return since;
}

function line(found: ConnectCase): string {
  const { storm, scope, sidecars, services, readyMs, servedMs, messageBytes, totalBytes, repeated } = found;
  return [
    `  ${storm.padEnd(20)} ${scope} ${`${sidecars}x${services}`.padEnd(10)}`,
    `ready ${readyMs} ms, all served ${servedMs} ms`,
    `${messageBytes} B a sidecar, ${totalBytes} in all, ${repeated} resources again`,
    `cpu ${found.cpuMs} ms a sidecar  rss ${found.steadyMb} MB, at most ${found.peakMb}`,
  ].join('  ');
}
