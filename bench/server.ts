import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { durationMs, invariant } from '../src/base/index.js';
import { parseObject, type WorldEvent } from '../src/model/index.js';
import { Pipeline } from '../src/pipeline/index.js';
import { onDemandTable, outboundListener, placeholder, routeTable } from '../src/resources/index.js';
import { viewsWith } from '../src/snapshot/index.js';
import { type XdsFacts, XdsServer } from '../src/xds/index.js';
import { nowNs } from './clock.js';
import { Weights } from './rounds.js';
import { FIRST_WEIGHT, type KubernetesObject, partsOf, rolloutOf } from './world.js';

// Penstock without its source, for comparison with a peer that has none: a change is a call within the process, at both.
// Driven by lines of JSON, as the Go programs are. Facts are dropped: what log and metrics cost shows with `penstock serve`.

const SetUp = z.object({
  services: z.number(),
  stablePort: z.number().optional(),
  canaryPort: z.number().optional(),
});
const Change = z.object({ service: z.number(), weight: z.number() });
const Measure = z.object({
  what: z.enum(['weight', 'endpoint', 'service']),
  among: z.number(),
  stride: z.number(),
  rounds: z.number(),
});
const Stats = z.object({ collect: z.boolean().optional() });
const Order = z.object({ id: z.number(), do: z.string() });

function nothing(): void {
  // A fact that nobody wants to know.
}

const facts: XdsFacts = {
  connected: nothing,
  disconnected: nothing,
  awaited: nothing,
  pushed: nothing,
  acked: nothing,
  rejected: nothing,
  settled: nothing,
  learned: nothing,
  forgot: nothing,
  unserved: nothing,
  turnedAway: nothing,
};

const drainDelay = durationMs(1000);
invariant(drainDelay !== undefined, 'a second is a duration');
const server = new XdsServer(
  { address: '127.0.0.1:0', drainDelay, scope: 'lazy', forgetAfter: undefined },
  viewsWith({ routeTable, outboundListener, onDemandTable, placeholder }),
  facts,
);
const pipeline = new Pipeline({
  now: () => performance.now(),
  publish: (publication) => server.publish(publication),
  problems: nothing,
  locate: () => undefined,
  failed: ({ name }, error) => {
    throw new Error(`${name} could not be derived`, { cause: error });
  },
});

function applied(object: KubernetesObject): WorldEvent {
  const event = parseObject(object);
  invariant(event !== undefined, 'the objects of a benchmark are of kinds that are served');
  return event;
}

async function setUp(order: unknown): Promise<object> {
  const { services, stablePort, canaryPort } = SetUp.parse(order);
  const pods = {
    ...(stablePort === undefined ? {} : { stablePort }),
    ...(canaryPort === undefined ? {} : { canaryPort }),
  };
  const indexes = Array.from({ length: services }, (_, index) => index);
  pipeline.apply(indexes.flatMap((index) => [...partsOf(index, pods), rolloutOf(index, FIRST_WEIGHT)]).map(applied));
  const { port } = await server.start();
  return { address: `127.0.0.1:${port}`, pid: process.pid };
}

function change(order: unknown): object {
  const { service, weight } = Change.parse(order);
  const rollout = rolloutOf(service, weight);
  const at = nowNs();
  pipeline.apply([applied(rollout)]);
  return { at, done: nowNs() };
}

/** Two turns of the loop and a pause: what the change has set off is over, and the next one finds everything quiet. */
const BETWEEN_MS = 2;

/** Times changes from within, one at a time. */
async function measure(order: unknown): Promise<object> {
  const { what, rounds, ...where } = Measure.parse(order);
  globalThis.gc?.();
  const micros: number[] = [];
  const cpu = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    const { events, undo = [] } = CHANGES[what](round, where);
    const at = nowNs();
    pipeline.apply(events);
    micros.push((nowNs() - at) / 1000);
    if (undo.length > 0) pipeline.apply(undo);
    await pause(BETWEEN_MS);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { micros, cpuMicros: (user + system) / rounds };
}

interface Changed {
  readonly events: readonly WorldEvent[];
  /** What makes it as it was before. */
  readonly undo?: readonly WorldEvent[];
}

/** Others than the runner asks for: every change has to be one. */
const weights = new Weights(60, 70);

/** Which services change: so many at every size, spread over all, and neighbours not one after the other. */
function serviceOf(round: number, { among, stride }: Where): number {
  return ((round * 37) % among) * stride;
}

type Where = Pick<z.infer<typeof Measure>, 'among' | 'stride'>;

const CHANGES: Readonly<Record<z.infer<typeof Measure>['what'], (round: number, where: Where) => Changed>> = {
  weight: (round, where) => {
    const service = serviceOf(round, where);
    return { events: [applied(rolloutOf(service, weights.next(service)))] };
  },
  endpoint: (round, where) => {
    const parts = partsOf(serviceOf(round, where), { stablePort: 9000 + (round % 7) });
    return { events: parts.filter(({ kind }) => kind === 'EndpointSlice').map(applied) };
  },
  service: (_, { among, stride }) => {
    const index = among * stride;
    const events = [...partsOf(index, {}), rolloutOf(index, FIRST_WEIGHT)].map(applied);
    return { events, undo: events.map(deleted) };
  },
};

function deleted(event: WorldEvent): WorldEvent {
  if (event.kind !== 'applied') return event;
  const { kind, namespace, name } = event.object;
  return { kind: 'deleted', ref: { kind, namespace, name } };
}

function stats(order: unknown): object {
  const { collect = false } = Stats.parse(order);
  if (collect) globalThis.gc?.();
  return { heapBytes: process.memoryUsage().heapUsed };
}

async function carryOut(line: string): Promise<void> {
  const order: unknown = JSON.parse(line);
  const { id, do: what } = Order.parse(order);
  const answer = await orders[what]?.(order);
  process.stdout.write(`${JSON.stringify({ id, answer })}\n`);
}

const orders: Readonly<Record<string, (order: unknown) => object | Promise<object>>> = {
  setUp,
  change,
  measure,
  stats,
};

const input = createInterface(process.stdin);
input.on('line', (line) => {
  carryOut(line).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
input.on('close', () => process.exit(0));
