import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { ControlPlaneError, invariant } from '../../base/index.js';
import { SERVICES, type ServiceMethod } from '../../codec/index.js';
import type { ViewOf } from '../../snapshot/index.js';
import { SERVED_KINDS } from '../protocol/session.js';
import { Encoder } from './encoder.js';
import type { XdsFacts } from './facts.js';
import { DEFAULT_LIMITS, type XdsLimits, type XdsOptions, type XdsPublication } from './options.js';
import { Proxies } from './proxies.js';
import type { ProxyState } from './proxy-state.js';
import { reflectionMethods } from './reflection.js';
import { StreamEnd } from './request-reader.js';
import { type RawCall, type StreamContext, XdsStream } from './stream.js';

/** A client that is gone without a word is noticed after this and grpc's own 20 s. */
const KEEPALIVE_MS = 30_000;
const LOOK_FOR_STALLED_MS = 5000;

/** Methods that are served: VHDS waits for the lazy scope. */
const METHODS: readonly ServiceMethod[] = SERVICES.filter(
  ({ serves }) => serves === 'all' || SERVED_KINDS.includes(serves),
);

/** The gRPC server: streams in, sessions between, facts out. Serves no stream before the first publication. */
export class XdsServer {
  readonly #address: string;
  readonly #limits: XdsLimits;
  readonly #server: Server;
  readonly #health = new HealthImplementation();
  readonly #proxies: Proxies;
  readonly #streams = new Set<XdsStream>();
  readonly #context: StreamContext;
  #publication: XdsPublication | undefined;
  #stalledTimer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: XdsOptions, viewOf: ViewOf, facts: XdsFacts) {
    const now = (): number => performance.now();
    this.#address = options.address;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const wallClock = (): number => Date.now();
    this.#proxies = new Proxies({
      facts,
      viewOf,
      encoder: new Encoder(),
      drainDelay: options.drainDelay,
      now,
      wallClock,
    });
    this.#context = {
      facts,
      limits: this.#limits,
      now,
      join: (identity, newcomer) => {
        invariant(this.#publication !== undefined, 'a stream is read before the first publication');
        return this.#proxies.join(identity, newcomer, this.#publication);
      },
      leave: (stream, proxy) => {
        this.#streams.delete(stream);
        if (proxy !== undefined) this.#proxies.leave(proxy, stream);
      },
    };
    this.#server = this.#newServer();
  }

  /** Listens. Throws a `ControlPlaneError` where the address is in use or is none. */
  async start(): Promise<{ readonly port: number }> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(this.#address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(bindError(this.#address, error));
      });
    });
    this.#stalledTimer = setInterval(() => this.#endStalled(), LOOK_FOR_STALLED_MS).unref();
    return { port };
  }

  /** Brings a new snapshot to the proxies; gives how many of them have something to receive. The first one opens the gates. */
  publish(publication: XdsPublication): number {
    const isFirst = this.#publication === undefined;
    this.#publication = publication;
    if (isFirst) {
      for (const stream of this.#streams) stream.begin();
      this.#setHealth('SERVING');
      return 0;
    }
    let interested = 0;
    for (const proxy of this.#proxies) if (proxy.publish(publication)) interested += 1;
    return interested;
  }

  /** Every connected proxy. */
  proxies(): readonly ProxyState[] {
    return [...this.#proxies].map((proxy) => proxy.state());
  }

  /** Takes no new streams, ends those there are behind what is being written, and waits for them a bounded time. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#stalledTimer);
    this.#setHealth('NOT_SERVING');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, this.#limits.stopMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
      for (const stream of [...this.#streams]) stream.end(status.UNAVAILABLE, 'the server stops');
    });
  }

  #newServer(): Server {
    // What it would print reaches us as errors too.
    setLogVerbosity(logVerbosity.NONE);
    const server = new Server({
      'grpc.max_receive_message_length': this.#limits.requestBytes,
      'grpc.max_concurrent_streams': this.#limits.streams,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_permit_without_calls': 1,
    });
    for (const method of METHODS) {
      server.register(method.path, (call: RawCall) => this.#open(call, method), asIs, asIs, 'bidi');
    }
    for (const { path, serve } of reflectionMethods()) server.register(path, serve, asIs, asIs, 'bidi');
    this.#health.addToServer(server);
    this.#setHealth('NOT_SERVING');
    return server;
  }

  #open(call: RawCall, method: ServiceMethod): void {
    const stream = new XdsStream(call, method, this.#context);
    this.#streams.add(stream);
    if (this.#isStopping) stream.end(status.UNAVAILABLE, 'the server stops');
    else if (this.#publication !== undefined) stream.begin();
  }

  #setHealth(health: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of new Set(['', ...METHODS.map((method) => method.service)])) {
      this.#health.setStatus(service, health);
    }
  }

  /** A client that reads nothing holds memory for what waits for it. */
  #endStalled(): void {
    const latest = this.#context.now() - this.#limits.stalledMs;
    for (const stream of [...this.#streams]) {
      if (stream.stalledSince === undefined || stream.stalledSince > latest) continue;
      stream.fail(new StreamEnd(status.RESOURCE_EXHAUSTED, `nothing was read for ${this.#limits.stalledMs} ms`));
    }
  }
}

/** Messages are bytes on both sides: what they say is read by the codec. */
function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function bindError(address: string, cause: Error): ControlPlaneError {
  if (cause.message.includes('EADDRINUSE')) {
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
