import type { Bench, Context } from '../bench.js';
import { msBetween } from '../clock.js';
import { type ControlPlane, startInProcess } from '../control-planes.js';
import { round1, Weights } from '../rounds.js';
import { startServe } from '../serve.js';
import { Sidecars, TYPE_URL } from '../sidecars.js';
import { type Spread, spreadOf } from '../statistics.js';
import { lazyGroups, virtualHostName } from '../wants.js';

/** What a change costs when few of many sidecars call the service. */
export interface ScopedCase {
  readonly server: string;
  readonly sidecars: number;
  readonly services: number;
  /** Sidecars that call the service that changes. */
  readonly interested: number;
  /** From the change to the receipt at the last of those; milliseconds. */
  readonly lastMs: Spread;
  /** Of gRPC messages, at one of those, by change. */
  readonly messageBytes: number;
  /** At all others together, over all rounds; also at all sidecars over as many changes of services that nobody calls. */
  readonly otherBytes: number;
  readonly uncalledBytes: number;
  /** The server's processor time a change, in microseconds. */
  readonly cpuMicros: number;
  readonly cpuMicrosUncalled: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
  readonly connectMs: number;
}

const EACH = 10;
const CALLED = 10;
const WARM_UP = 10;

/** Bench 2: what only few sidecars call costs only them. */
export const scoped: Bench = {
  name: 'scoped',
  needs: ['go'],
  about:
    'lazy sidecars of which 20 call a service: its change to the last of them, and what all others are sent (nothing)',
  sizes: { full: ['1000x1000', '1000x10000'], quick: ['1000x1000'] },
  run: async (context) => {
    const cases: ScopedCase[] = [];
    for (const size of context.sizes) {
      const [sidecars = 0, services = 0] = size.split('x').map(Number);
      for (const contender of CONTENDERS) {
        const { name } = contender;
        if (context.only?.includes(name) === false) continue;
        cases.push(await measure(context, await contender.start(services), { server: name, sidecars, services }));
      }
    }
    return cases;
  },
};

interface Contender {
  readonly name: string;
  start(services: number): Promise<ControlPlane>;
}

const CONTENDERS: readonly Contender[] = [
  { name: 'penstock', start: (services) => startInProcess({ services }) },
  { name: 'penstock serve', start: (services) => startServe({ services }) },
];

type Size = Pick<ScopedCase, 'server' | 'sidecars' | 'services'>;

/** Every workload calls ten services, half of them with the workload before it: so each is called by two, and half are by none. */
function calledBy(workload: number, workloads: number): readonly number[] {
  const called = (workloads * CALLED) / 2;
  return Array.from({ length: CALLED }, (_, index) => ((workload * CALLED) / 2 + index) % called);
}

async function measure(context: Context, server: ControlPlane, size: Size): Promise<ScopedCase> {
  const fleet = new Sidecars(context.go.sidecars);
  try {
    const workloads = size.sidecars / EACH;
    const groups = lazyGroups(workloads, EACH, (workload) => calledBy(workload, workloads));
    const { started } = await fleet.connect(server.address, groups);
    const { lastReceipt } = await fleet.settle({ quietMs: 500 });
    const { rssMb } = server.usage();
    const called = (workloads * CALLED) / 2;
    const found = await change(context, { server, fleet, called });
    const uncalled = await changeUncalled(context, { server, fleet, called });
    const result: ScopedCase = {
      ...size,
      interested: 2 * EACH,
      ...found,
      ...uncalled,
      rssMb: Math.round(rssMb),
      peakRssMb: Math.round(server.usage().peakRssMb),
      connectMs: Math.round(msBetween(started, lastReceipt)),
    };
    context.tell(line(result));
    return result;
  } finally {
    await fleet.stop();
    await server.stop();
  }
}

interface Running {
  readonly server: ControlPlane;
  readonly fleet: Sidecars;
  /** The first so many services are called. */
  readonly called: number;
}

type Changed = Pick<ScopedCase, 'lastMs' | 'messageBytes' | 'otherBytes' | 'cpuMicros'>;

async function change({ rounds }: Context, { server, fleet, called }: Running): Promise<Changed> {
  const last: number[] = [];
  const weights = new Weights();
  let otherBytes = 0;
  let messageBytes = 0;
  let cpu = 0;
  for (let round = -WARM_UP; round < rounds; round += 1) {
    if (round === 0) cpu = server.usage().cpuMs;
    // Far apart, so that no workload is touched twice in a row.
    const service = ((round + WARM_UP) * 37) % called;
    await fleet.expect(TYPE_URL.host, virtualHostName(service), 2 * EACH);
    const at = await server.change(service, weights.next(service));
    const receipts = await fleet.arrived({ quietMs: 15 });
    if (round < 0) continue;
    last.push(msBetween(at, receipts.last));
    ({ p50: messageBytes } = receipts.messageBytes);
    otherBytes += receipts.otherMessageBytes;
  }
  const cpuMicros = round1(((server.usage().cpuMs - cpu) * 1000) / last.length);
  return { lastMs: spreadOf(last), messageBytes, otherBytes, cpuMicros };
}

/** A service that somebody calls changes at the end: when that is there, what came before has been seen too. */
async function changeUncalled(
  { rounds }: Context,
  { server, fleet, called }: Running,
): Promise<Pick<ScopedCase, 'uncalledBytes' | 'cpuMicrosUncalled'>> {
  const weights = new Weights();
  await fleet.counters();
  const cpu = server.usage().cpuMs;
  for (let round = 0; round < rounds; round += 1) {
    const service = called + (round % called);
    await server.change(service, weights.next(service));
  }
  await fleet.settle({ quietMs: 500 });
  const { messageBytes } = await fleet.counters();
  return {
    uncalledBytes: messageBytes.total,
    cpuMicrosUncalled: round1(((server.usage().cpuMs - cpu) * 1000) / rounds),
  };
}

function line(found: ScopedCase): string {
  const { server, sidecars, services, interested, lastMs, messageBytes, otherBytes, uncalledBytes } = found;
  return [
    `  ${server.padEnd(16)} ${`${sidecars}x${services}`.padEnd(11)}`,
    `last of ${interested}: ${lastMs.p50.toFixed(2)} p99 ${lastMs.p99.toFixed(2)} ms (${lastMs.count})`,
    `${messageBytes} B, others ${otherBytes} and ${uncalledBytes} B`,
    `cpu ${found.cpuMicros} us a change (nobody calls: ${found.cpuMicrosUncalled})`,
    `rss ${found.rssMb} MB connect ${found.connectMs} ms`,
  ].join('  ');
}
