import { z } from 'zod';
import { Program } from './program.js';
import { type Usage, usageOf } from './usage.js';

/** Resource types by a short word. */
export const TYPE_URL = {
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  endpoint: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  scope: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
  route: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  host: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
} as const;

/** One type that a sidecar subscribes to: by names, by names that another type tells, or without both as a wildcard. */
export interface Want {
  readonly type: string;
  readonly names?: readonly string[];
  readonly learn?: string;
}

/** Some sidecars that subscribe alike. */
export interface Group {
  readonly count: number;
  readonly namespace: string;
  readonly workload: string;
  readonly wants: readonly Want[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How a number is spread over the sidecars. */
export interface Numbers {
  readonly min: number;
  readonly p50: number;
  readonly max: number;
  readonly total: number;
}

/** What came since the counters were read last: bytes of gRPC messages and of all on the socket. */
export interface Counters {
  readonly messageBytes: Numbers;
  readonly wireBytes: Numbers;
  readonly responses: Numbers;
}

/** What came since something was expected, at those who got it; times in nanoseconds of the shared clock. */
export interface Receipts extends Counters {
  readonly count: number;
  readonly first: number;
  readonly p50: number;
  readonly p99: number;
  readonly last: number;
  /** At those who did not get it. */
  readonly otherMessageBytes: number;
  readonly otherResponses: number;
}

/** How the sidecars stand. */
export interface FleetState {
  readonly sidecars: number;
  readonly connected: number;
  /** How many have all that they asked for. */
  readonly done: number;
  readonly lastReceipt: number;
  /** Resources that came again although they were held. */
  readonly repeated: number;
  /** Why streams ended, and how often. */
  readonly losses: Readonly<Record<string, number>>;
}

/** When something began and ended, in nanoseconds of the shared clock. */
export interface Times {
  readonly started: number;
  readonly ended: number;
}

const Numbers = z.object({ min: z.number(), p50: z.number(), max: z.number(), total: z.number() });
const counters = { messageBytes: Numbers, wireBytes: Numbers, responses: Numbers };
const Counters: z.ZodType<Counters> = z.object(counters);
const Receipts: z.ZodType<Receipts> = z.object({
  ...counters,
  count: z.number(),
  first: z.number(),
  p50: z.number(),
  p99: z.number(),
  last: z.number(),
  otherMessageBytes: z.number(),
  otherResponses: z.number(),
});
const State: z.ZodType<FleetState> = z.object({
  sidecars: z.number(),
  connected: z.number(),
  done: z.number(),
  lastReceipt: z.number(),
  repeated: z.number(),
  losses: z.record(z.string(), z.number()),
});
const Times: z.ZodType<Times> = z.object({ started: z.number(), ended: z.number() });

/** A large subscription takes its time on two cores. */
const LONG_MS = 180_000;

/** The load client: a process with any number of sidecars. */
export class Sidecars {
  readonly #program: Program;

  constructor(path: string) {
    this.#program = new Program('load client', path);
  }

  /** Opens a stream for each; waits for none of them to be served. */
  connect(address: string, groups: readonly Group[], parallel?: number): Promise<Times> {
    return this.#program.order('connect', Times, { address, groups, parallel }, LONG_MS);
  }

  /** Opens the streams anew where they are closed, as Envoy does: all types at once, with what it holds. */
  reconnect(options: { address?: string; parallel?: number; patienceMillis?: number }): Promise<Times> {
    return this.#program.order('reconnect', Times, options, LONG_MS);
  }

  /** Closes all streams; what the sidecars hold they keep. */
  async drop(): Promise<void> {
    await this.#program.order('drop', z.unknown());
  }

  /** Waits until nothing has come for `quietMs`; with `done`, until all have what they asked for as well. */
  settle({ quietMs, done = true, timeoutMs = LONG_MS }: SettleOptions): Promise<FleetState> {
    const order = { quietMillis: quietMs, done, timeoutMillis: timeoutMs };
    return this.#program.order('settle', State, order, timeoutMs + 5000);
  }

  state(): Promise<FleetState> {
    return this.#program.order('state', State);
  }

  /** Has to come before the change: from now on receipts of a new version of that resource are noted, and all is counted. */
  async expect(type: string, name: string, count: number): Promise<void> {
    await this.#program.order('expect', z.unknown(), { type, name, count });
  }

  /** Waits for it, and then `quietMs` for what ought not to come. */
  arrived({ timeoutMs = 60_000, quietMs = 5 }: { timeoutMs?: number; quietMs?: number } = {}): Promise<Receipts> {
    const order = { timeoutMillis: timeoutMs, quietMillis: quietMs };
    return this.#program.order('arrived', Receipts, order, timeoutMs + 5000);
  }

  counters(): Promise<Counters> {
    return this.#program.order('counters', Counters);
  }

  /** One sidecar asks for one more name; gives when. */
  demand(sidecar: number, type: string, name: string): Promise<Times> {
    return this.#program.order('demand', Times, { sidecar, type, name });
  }

  /** Some stop reading, or go on. */
  async deaf(sidecars: readonly number[], deaf: boolean): Promise<void> {
    await this.#program.order('deaf', z.unknown(), { sidecars, deaf });
  }

  usage(): Usage {
    return usageOf(this.#program.pid);
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

/** What to wait for. */
export interface SettleOptions {
  readonly quietMs: number;
  readonly done?: boolean;
  readonly timeoutMs?: number;
}
