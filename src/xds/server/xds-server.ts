import { ControlPlaneError, type DurationMs, durationMs, invariant } from '../../base/index.js';
import { SERVICES, type ServiceMethod } from '../../codec/index.js';
import type { ViewOf } from '../../snapshot/index.js';
import type { Call } from '../grpc/call.js';
import { GrpcServer } from '../grpc/grpc-server.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import { Sharing } from '../protocol/sharing.js';
import { Audience, type Listener } from './audience.js';
import { Encoder } from './encoder.js';
import type { XdsFacts } from './facts.js';
import { Health } from './health.js';
import { identityOf, type Terms } from './identity.js';
import { DEFAULT_LIMITS, type XdsLimits, type XdsOptions, type XdsPublication } from './options.js';
import { Proxies } from './proxies.js';
import type { ProxyState } from './proxy-state.js';
import { type LoadReports, loadReportMethods } from './load-reports.js';
import { reflectionMethods } from './reflection.js';
import { type StreamContext, XdsStream } from './stream.js';
import { Workloads } from './workloads.js';

const LOOK_FOR_STALLED_MS = 5000;

/** The gRPC server: streams in, sessions between, facts out. Serves no stream before the first publication. */
export class XdsServer {
  readonly #address: string;
  readonly #limits: XdsLimits;
  readonly #server: GrpcServer;
  readonly #health = new Health(['', ...SERVICES.map((method) => method.service)]);
  readonly #audience = new Audience<Listener>();
  readonly #proxies: Proxies;
  readonly #workloads: Workloads;
  readonly #loadReports: LoadReports;
  readonly #streams = new Set<XdsStream>();
  readonly #context: StreamContext;
  #publication: XdsPublication | undefined;
  #stalledTimer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: XdsOptions, viewOf: ViewOf, facts: XdsFacts) {
    const { drainDelay, forgetAfter, scope } = options;
    const now = (): number => performance.now();
    const wallClock = (): number => Date.now();
    const publication = (): XdsPublication => {
      invariant(this.#publication !== undefined, 'a stream is read before the first publication');
      return this.#publication;
    };
    this.#address = options.address;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const limits = this.#limits;
    const audience = this.#audience;
    this.#workloads = new Workloads({ facts, audience, now, publication, forgetAfter });
    this.#proxies = new Proxies({
      ...{ facts, viewOf, audience, publication, drainDelay, mostAsked: limits.asked, now, wallClock },
      workloads: this.#workloads,
      encoder: new Encoder(wallClock().toString(36)),
      sharing: new Sharing(),
    });
    this.#context = {
      ...{ facts, limits, scope, now },
      join: (identity, newcomer) => this.#proxies.join(identity, newcomer),
      leave: (stream, proxy) => {
        this.#streams.delete(stream);
        if (proxy !== undefined) this.#proxies.leave(proxy, stream);
      },
    };
    this.#loadReports = loadReportMethods({
      ...{ limits, interval: reportInterval(forgetAfter) },
      // A proxy may open this stream before its others, and says the same of itself.
      isWanted: (node) => forgetAfter !== undefined && identityOf(node, { method: ADS, scope })?.routing === 'onDemand',
      reported: ({ node, clusters }) => {
        const used = clusters.filter(({ issued, active }) => issued + active > 0).map(({ name }) => name);
        this.#workloads.used(node.id, used);
      },
      silent: (id) => this.#workloads.silent(id),
      turnedAway: (fact) => facts.turnedAway(fact),
    });
    this.#server = this.#newServer();
  }

  /** Listens. Throws a `ControlPlaneError` where the address is in use or is none. */
  async start(): Promise<{ readonly port: number }> {
    const port = await this.#server.listen(this.#address).catch((error: unknown) => {
      throw bindError(this.#address, error);
    });
    this.#workloads.start();
    this.#stalledTimer = setInterval(() => this.#endStalled(), LOOK_FOR_STALLED_MS).unref();
    return { port };
  }

  /** Brings a new snapshot to those proxies that it touches. The first one opens the gates. */
  publish(publication: XdsPublication): void {
    const isFirst = this.#publication === undefined;
    this.#publication = publication;
    if (isFirst) {
      for (const stream of this.#streams) stream.begin();
      this.#health.set('SERVING');
      return;
    }
    for (const listener of this.#audience.of(publication.changes.hosts)) listener.publish(publication);
  }

  /** Every connected proxy. */
  proxies(): readonly ProxyState[] {
    return [...this.#proxies].map((proxy) => proxy.state());
  }

  /** The clients of one node: usually one, or none. */
  proxiesOf(id: string): readonly ProxyState[] {
    return [...this.#proxies.of(id)].map((proxy) => proxy.state());
  }

  /** Takes no new streams, ends those there are behind what is being written, and waits for them a bounded time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#stalledTimer);
    this.#workloads.stop();
    this.#health.set('NOT_SERVING');
    const stopped = this.#server.stop(this.#limits.stopMs);
    this.#health.stop();
    this.#loadReports.stop();
    for (const stream of [...this.#streams]) stream.end(STATUS.UNAVAILABLE, 'the server stops');
    await stopped;
  }

  #newServer(): GrpcServer {
    const { requestBytes, streams } = this.#limits;
    const server = new GrpcServer({ limits: { messageBytes: requestBytes, streams } });
    for (const method of SERVICES) server.register(method.path, (call) => this.#open(call, method));
    for (const { path, serve } of [...reflectionMethods(), ...this.#loadReports.methods, ...this.#health.methods]) {
      server.register(path, serve);
    }
    return server;
  }

  #open(call: Call, method: ServiceMethod): void {
    const stream = new XdsStream(call, method, this.#context);
    this.#streams.add(stream);
    if (this.#isStopping) stream.end(STATUS.UNAVAILABLE, 'the server stops');
    else if (this.#publication !== undefined) stream.begin();
  }

  /** A client that reads nothing holds memory for what waits for it. */
  #endStalled(): void {
    const latest = this.#context.now() - this.#limits.stalledMs;
    for (const stream of [...this.#streams]) {
      if (stream.stalledSince === undefined || stream.stalledSince > latest) continue;
      stream.fail(new StreamEnd(STATUS.RESOURCE_EXHAUSTED, `nothing was read for ${this.#limits.stalledMs} ms`));
    }
  }
}

const ADS: Terms['method'] = { variant: 'delta', serves: 'all' };

/** Seldom where nothing is forgotten: the reports are then for nobody. */
const LONGEST_INTERVAL_MS = 60_000;

/** Several reports have to come within the time of forgetting. */
function reportInterval(forgetAfter: DurationMs | undefined): DurationMs {
  const interval = durationMs(Math.min(Math.ceil((forgetAfter ?? LONGEST_INTERVAL_MS) / 4), LONGEST_INTERVAL_MS));
  invariant(interval !== undefined, 'a part of a duration is one');
  return interval;
}

function bindError(address: string, cause: unknown): ControlPlaneError {
  if (cause instanceof Error && cause.message.includes('EADDRINUSE')) {
    return new ControlPlaneError(
      'ADDRESS_IN_USE',
      `the address ${address} is in use: stop what holds it, or choose another with --xds-address`,
      {
        cause,
      },
    );
  }
  return new ControlPlaneError(
    'ADDRESS_INVALID',
    `can not listen on ${address} (--xds-address), expected HOST:PORT of this machine`,
    { cause },
  );
}
