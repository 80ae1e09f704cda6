import { assertNever, type DurationMs } from '../../base/index.js';
import type { ResourceKind } from '../../codec/index.js';
import type { ViewOf } from '../../snapshot/index.js';
import type { Verdict } from '../protocol/requests.js';
import { type Request, Session } from '../protocol/session.js';
import type { Encoder } from './encoder.js';
import type { XdsFacts } from './facts.js';
import type { Identity } from './identity.js';
import type { XdsPublication } from './options.js';
import { isInForce, type ProxyState, type RejectionState, typeStateOf } from './proxy-state.js';

/** A stream as a proxy writes to it. */
export interface ResponseStream {
  readonly peer: string;
  readonly serves: ResourceKind | 'all';
  /** `flushed` is called when the bytes have left for the network, and not at all when the stream ends before. */
  write(bytes: Buffer, flushed: () => void): void;
  /** Ends the stream, and says so, because of a fault of ours. */
  fail(error: unknown): void;
}

/** What all proxies share. */
export interface ProxyContext {
  readonly facts: XdsFacts;
  readonly viewOf: ViewOf;
  readonly encoder: Encoder;
  readonly drainDelay: DurationMs;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** So many refusals are remembered a type; what is left out is known by the counters. */
const MOST_REJECTIONS = 20;

/** One client: its session, its streams, its timer. */
export class Proxy {
  readonly identity: Identity;
  readonly #context: ProxyContext;
  readonly #session: Session;
  readonly #streams = new Map<ResourceKind, ResponseStream>();
  readonly #peer: string;
  readonly #connectedAt: number;
  readonly #acknowledged = new Map<ResourceKind, number>();
  readonly #rejections = new Map<ResourceKind, readonly RejectionState[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(identity: Identity, stream: ResponseStream, at: { context: ProxyContext; publication: XdsPublication }) {
    const { context, publication } = at;
    this.identity = identity;
    this.#context = context;
    this.#peer = stream.peer;
    this.#connectedAt = context.wallClock();
    this.#session = new Session({
      view: context.viewOf(publication.snapshot, identity.scope),
      sequence: publication.sequence,
      drainDelay: context.drainDelay,
    });
  }

  /**
   * Whether a new stream of the same node belongs to this client. Streams of one type each may come over several
   * connections; an aggregated stream has company only on its own connection (Envoy with CDS and LDS on streams of their
   * own keeps endpoints and routes on the aggregated one), for otherwise it is the same node connecting anew.
   */
  accepts(stream: ResponseStream, kind: ResourceKind | undefined): boolean {
    if (kind !== undefined && this.#streams.has(kind)) return false;
    const streams = new Set(this.#streams.values());
    const isMixed = stream.serves === 'all' || [...streams].some(({ serves }) => serves === 'all');
    if (!isMixed) return true;
    const aggregated = [...streams, stream].filter(({ serves }) => serves === 'all');
    return aggregated.length === 1 && [...streams].every(({ peer }) => peer === stream.peer);
  }

  /** How many names the client asked for. */
  subscribed(kind: ResourceKind): number {
    return this.#session.types.get(kind)?.subscription.names.size ?? 0;
  }

  /** Binds a type to the stream that it arrives on; one that another stream had begins anew. */
  open(kind: ResourceKind, stream: ResponseStream): void {
    const before = this.#streams.get(kind);
    if (before === stream) return;
    if (before !== undefined) this.#closeKind(kind);
    this.#streams.set(kind, stream);
  }

  /** Reads a request and writes what follows from it. */
  request(kind: ResourceKind, request: Request): void {
    this.#guard(() => {
      const isAlone = this.#streams.get(kind)?.serves !== 'all';
      this.#tell(kind, this.#session.request(kind, request, this.#context.now(), isAlone));
      this.#turn();
    });
  }

  /** Takes over a publication and writes what follows from it; true where the client has something to receive. */
  publish({ snapshot, sequence, changes }: XdsPublication): boolean {
    let isBehind = false;
    this.#guard(() => {
      isBehind = this.#session.publish(this.#context.viewOf(snapshot, this.identity.scope), sequence, changes);
      this.#turn();
    });
    return isBehind;
  }

  /** A stream has ended; true where it was the last one. */
  close(stream: ResponseStream): boolean {
    for (const [kind, other] of this.#streams) {
      if (other === stream) this.#closeKind(kind);
    }
    if (this.#streams.size > 0) return false;
    clearTimeout(this.#timer);
    return true;
  }

  /** How it stands. */
  state(): ProxyState {
    const { id, namespace, workload, client } = this.identity;
    return {
      id,
      namespace,
      workload,
      client,
      peer: this.#peer,
      connectedAt: this.#connectedAt,
      aggregated: [...this.#streams.values()].every(({ serves }) => serves === 'all'),
      sequence: this.#session.sequence,
      acknowledged: this.#session.acknowledged,
      types: [...this.#session.types.values()].map((state) =>
        typeStateOf(state, this.#acknowledged.get(state.kind) ?? 0, this.#rejections.get(state.kind) ?? []),
      ),
    };
  }

  /** A fault of ours must cost one client its stream, not all clients the server: it comes back and starts anew. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      for (const stream of new Set(this.#streams.values())) stream.fail(error);
    }
  }

  /** Writes whatever can be written now. */
  #turn(): void {
    const { facts, encoder, now } = this.#context;
    const proxy = this.identity.id;
    const { sends, wakeAt, settled } = this.#session.turn(now());
    for (const send of sends) {
      const bytes = encoder.encode(send);
      this.#write(send.kind, bytes);
      const { kind, sequence, resources, removed } = send;
      facts.pushed({
        proxy,
        kind,
        sequence,
        resources: resources.length,
        removed: removed.length,
        bytes: bytes.length,
      });
    }
    if (settled !== undefined) facts.settled({ proxy, sequence: settled });
    this.#wake(wakeAt);
  }

  #closeKind(kind: ResourceKind): void {
    this.#streams.delete(kind);
    this.#rejections.delete(kind);
    this.#acknowledged.delete(kind);
    this.#session.close(kind, this.#context.now());
  }

  #write(kind: ResourceKind, bytes: Buffer): void {
    const stream = this.#streams.get(kind);
    stream?.write(bytes, () => {
      // By then the type may have moved to another stream.
      if (this.#streams.get(kind) === stream && this.#session.flushed(kind)) this.#guard(() => this.#turn());
    });
  }

  #wake(at: number | undefined): void {
    clearTimeout(this.#timer);
    this.#timer =
      at === undefined
        ? undefined
        : setTimeout(() => this.#guard(() => this.#turn()), Math.ceil(at - this.#context.now())).unref();
  }

  #tell(kind: ResourceKind, verdict: Verdict): void {
    const { facts, wallClock } = this.#context;
    const proxy = this.identity.id;
    switch (verdict.kind) {
      case 'ack':
        this.#acknowledged.set(kind, verdict.sequence);
        return facts.acked({ proxy, kind, sequence: verdict.sequence });
      case 'nack': {
        const { sequence, message, refused } = verdict;
        if (refused.length > 0) this.#remember(kind, { message, resources: refused, sequence, at: wallClock() });
        return facts.rejected({ proxy, kind, sequence, message, names: refused.map(({ name }) => name) });
      }
      case 'other':
      case 'stale':
        return undefined;
      default:
        return assertNever(verdict);
    }
  }

  #remember(kind: ResourceKind, rejection: RejectionState): void {
    const state = this.#session.types.get(kind);
    const before = (this.#rejections.get(kind) ?? []).filter((each) => state !== undefined && isInForce(state, each));
    this.#rejections.set(kind, [...before, rejection].slice(-MOST_REJECTIONS));
  }
}
