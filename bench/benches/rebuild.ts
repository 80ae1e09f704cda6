import { z } from 'zod';
import type { Bench, Context } from '../bench.js';
import { msBetween } from '../clock.js';
import { type InProcess, startInProcess } from '../control-planes.js';
import { round1, Weights } from '../rounds.js';
import { Sidecars, TYPE_URL } from '../sidecars.js';
import { type Spread, spreadOf } from '../statistics.js';
import { lazyGroups, virtualHostName } from '../wants.js';

/** What one change costs in a mesh of a size. Times in microseconds unless they say otherwise. */
export interface RebuildCase {
  readonly services: number;
  /** `Pipeline.apply` with nobody connected, by what changes: a Rollout's status, an endpoint, a Service that is new. */
  readonly weight: Spread;
  readonly endpoint: Spread;
  readonly service: Spread;
  /** The same of a weight with a lazy sidecar connected that calls the service: publication included. */
  readonly publish: Spread;
  /** The server's processor time a change with it, acknowledgement included. */
  readonly cpuMicros: number;
  /** From the change to that sidecar's receipt, in milliseconds. */
  readonly receiptMs: Spread;
}

const CALLED = 10;
/** So many services change in turns, whatever the size. */
const CHANGING = 100;
const WARM_UP = 300;

/** Bench 6: the cost of a change does not depend on the size of the mesh. */
export const rebuild: Bench = {
  name: 'rebuild',
  needs: ['go'],
  about: 'one change through the pipeline, and on to one lazy sidecar, at several sizes of the mesh',
  sizes: { full: ['100', '1000', '10000'], quick: ['100', '1000', '10000'] },
  run: async (context) => {
    const cases: RebuildCase[] = [];
    for (const services of context.sizes.map(Number)) {
      const found = await measure(context, services);
      context.tell(line(found, cases[0] ?? found));
      cases.push(found);
    }
    return cases;
  },
};

async function measure(context: Context, services: number): Promise<RebuildCase> {
  const server = await startInProcess({ services });
  const fleet = new Sidecars(context.go.sidecars);
  const rounds = context.rounds * 2;
  try {
    const among = { among: CHANGING, stride: services / CHANGING };
    for (const what of ['weight', 'endpoint', 'service'] as const) {
      await measureIn(server, { what, ...among, rounds: WARM_UP });
    }
    const weight = await measureIn(server, { what: 'weight', ...among, rounds });
    const endpoint = await measureIn(server, { what: 'endpoint', ...among, rounds });
    const service = await measureIn(server, { what: 'service', ...among, rounds });
    const called = Array.from({ length: CALLED }, (_, index) => index);
    await fleet.connect(
      server.address,
      lazyGroups(1, 1, () => called),
    );
    await fleet.settle({ quietMs: 300 });
    const calledOnes = { among: CALLED, stride: 1 };
    await measureIn(server, { what: 'weight', ...calledOnes, rounds: WARM_UP });
    const publish = await measureIn(server, { what: 'weight', ...calledOnes, rounds });
    const receiptMs = await receipts(context, server, fleet);
    return {
      services,
      weight: spreadOf(weight.micros),
      endpoint: spreadOf(endpoint.micros),
      service: spreadOf(service.micros),
      publish: spreadOf(publish.micros),
      cpuMicros: round1(publish.cpuMicros),
      receiptMs,
    };
  } finally {
    await fleet.stop();
    await server.stop();
  }
}

const Measured = z.object({ micros: z.array(z.number()), cpuMicros: z.number() });

interface What {
  readonly what: 'weight' | 'endpoint' | 'service';
  readonly among: number;
  readonly stride: number;
  readonly rounds: number;
}

function measureIn(server: InProcess, what: What): Promise<z.infer<typeof Measured>> {
  return server.order('measure', Measured, what);
}

async function receipts({ rounds }: Context, server: InProcess, fleet: Sidecars): Promise<Spread> {
  const weights = new Weights();
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const service = round % CALLED;
    await fleet.expect(TYPE_URL.host, virtualHostName(service), 1);
    const at = await server.change(service, weights.next(service));
    const { last } = await fleet.arrived({ quietMs: 2 });
    times.push(msBetween(at, last));
  }
  return spreadOf(times);
}

function line(found: RebuildCase, first: RebuildCase): string {
  const part = (name: 'weight' | 'endpoint' | 'service' | 'publish'): string => {
    const { p50 } = found[name];
    return `${name} ${p50.toFixed(0)} us (${(p50 / first[name].p50).toFixed(2)})`;
  };
  return [
    `  ${String(found.services).padEnd(6)}`,
    ...(['weight', 'endpoint', 'service', 'publish'] as const).map(part),
    `cpu ${found.cpuMicros} us (${(found.cpuMicros / first.cpuMicros).toFixed(2)})`,
    `receipt ${found.receiptMs.p50.toFixed(2)} ms (${(found.receiptMs.p50 / first.receiptMs.p50).toFixed(2)})`,
  ].join('  ');
}
