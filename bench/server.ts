import { createInterface } from 'node:readline';
import { z } from 'zod';
import { durationMs, invariant } from '../src/base/index.js';
import { parseObject, type WorldEvent } from '../src/model/index.js';
import { Pipeline } from '../src/pipeline/index.js';
import { onDemandTable, outboundListener, placeholder, routeTable } from '../src/resources/index.js';
import { viewsWith } from '../src/snapshot/index.js';
import { type XdsFacts, XdsServer } from '../src/xds/index.js';
import { nowNs } from './clock.js';
import { FIRST_WEIGHT, type KubernetesObject, partsOf, rolloutOf } from './world.js';

// Penstock without its source, for comparison with a peer that has none: a change is a call within the process, at both.
// Driven by lines of JSON, as the Go programs are. Facts are dropped: what log and metrics cost shows with `penstock serve`.

const SetUp = z.object({
  services: z.number(),
  stablePort: z.number().optional(),
  canaryPort: z.number().optional(),
});
const Change = z.object({ service: z.number(), weight: z.number() });
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

const orders: Readonly<Record<string, (order: unknown) => object | Promise<object>>> = { setUp, change, stats };

const input = createInterface(process.stdin);
input.on('line', (line) => {
  carryOut(line).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
input.on('close', () => process.exit(0));
