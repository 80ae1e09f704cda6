import type { Context } from '../bench.js';
import { msBetween } from '../clock.js';
import { type ControlPlane, startInProcess } from '../control-planes.js';
import { Weights } from '../rounds.js';
import { Sidecars, TYPE_URL } from '../sidecars.js';
import { type Spread, spreadOf } from '../statistics.js';
import { virtualHostName } from '../wants.js';
import { NAMESPACE } from '../world.js';

/** Some sidecars stop reading while changes go on. */
export interface StuckCase {
  readonly storm: 'stuck readers';
  readonly sidecars: number;
  readonly services: number;
  readonly stuck: number;
  /** From a change to the last receipt while all read, and at all others while some do not. */
  readonly beforeMs: Spread;
  readonly meanwhileMs: Spread;
  /** Memory of the server before and after. */
  readonly beforeMb: number;
  readonly meanwhileMb: number;
  /** At one that reads again: how many responses it gets for all that it missed. */
  readonly changes: number;
  readonly responses: number;
  readonly messageBytes: number;
  /** What a reconnect of all sends: 0 shows that everybody has the newest state. */
  readonly missingBytes: number;
}

const SHARE = 20;
/** So many services change in turns. */
const CHANGING = 10;
const WARM_UP = 5;

/** Every sidecar subscribes to all services; one in twenty stops reading. */
export async function measureStuck(
  context: Context,
  { sidecars, services }: Pick<StuckCase, 'sidecars' | 'services'>,
): Promise<StuckCase> {
  const server = await startInProcess({ services });
  const fleet = new Sidecars(context.go.sidecars);
  try {
    const names = Array.from({ length: services }, (_, service) => virtualHostName(service));
    const wants = [{ type: TYPE_URL.route, names }];
    await fleet.connect(server.address, [
      { count: sidecars, namespace: NAMESPACE, workload: 'caller', metadata: { SCOPE: 'full' }, wants },
    ]);
    await fleet.settle({ quietMs: 500 });
    const stuck = Array.from({ length: Math.ceil(sidecars / SHARE) }, (_, index) => index * SHARE);
    const running = { server, fleet, weights: new Weights(), rounds: context.rounds };
    const beforeMs = await change(running, sidecars);
    const beforeMb = Math.round(server.usage().rssMb);
    await fleet.deaf(stuck, true);
    const meanwhileMs = await change(running, sidecars - stuck.length);
    const meanwhileMb = Math.round(server.usage().rssMb);
    await fleet.counters();
    await fleet.deaf(stuck, false);
    await fleet.settle({ quietMs: 500 });
    const { responses, messageBytes } = await fleet.counters();
    await fleet.drop();
    await fleet.reconnect({});
    await fleet.settle({ quietMs: 1000 });
    const missing = await fleet.counters();
    const result: StuckCase = {
      storm: 'stuck readers',
      ...{ sidecars, services, beforeMs, meanwhileMs, beforeMb, meanwhileMb },
      stuck: stuck.length,
      changes: context.rounds + WARM_UP,
      responses: responses.max,
      messageBytes: messageBytes.max,
      missingBytes: missing.messageBytes.total,
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
  readonly weights: Weights;
  readonly rounds: number;
}

async function change({ server, fleet, weights, rounds }: Running, readers: number): Promise<Spread> {
  const last: number[] = [];
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const service = (round + WARM_UP) % CHANGING;
    await fleet.expect(TYPE_URL.route, virtualHostName(service), readers);
    const at = await server.change(service, weights.next(service));
    const receipts = await fleet.arrived({ quietMs: 10 });
    if (round >= 0) last.push(msBetween(at, receipts.last));
  }
  return spreadOf(last);
}

function line(found: StuckCase): string {
  const { storm, sidecars, services, stuck, beforeMs, meanwhileMs, beforeMb, meanwhileMb } = found;
  const both = ({ p50, p99 }: Spread): string => `${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`;
  return [
    `  ${storm.padEnd(20)} ${stuck} of ${`${sidecars}x${services}`.padEnd(10)}`,
    `others ${both(meanwhileMs)} (before ${both(beforeMs)})`,
    `rss ${meanwhileMb} MB (before ${beforeMb})`,
    `${found.responses} responses, ${found.messageBytes} B for ${found.changes} changes, then ${found.missingBytes} B missing`,
  ].join('  ');
}
