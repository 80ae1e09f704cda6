import { type DurationMs, OUTBOUND } from '../../base/index.js';
import type { ResourceKind } from '../../codec/index.js';
import type { Changes, HostSet, Routing, View, ViewOf } from '../../snapshot/index.js';
import type { Message } from '../grpc/message.js';
import { hostsNamed } from '../protocol/hosts-named.js';
import { type Request, Session } from '../protocol/session.js';
import type { Sharing } from '../protocol/sharing.js';
import type { Audience, Listener } from './audience.js';
import type { Encoder } from './encoder.js';
import type { XdsFacts } from './facts.js';
import type { Identity } from './identity.js';
import type { XdsPublication } from './options.js';
import type { ProxyState } from './proxy-state.js';
import { Replies } from './replies.js';
import type { Member, Workload } from './workloads.js';

/** A stream as a proxy writes to it. */
export interface ResponseStream {
  readonly peer: string;
  readonly serves: ResourceKind | 'all';
  /** `flushed` is called when the bytes have left for the network, and not at all when the stream ends before. */
  write(message: Message, flushed: () => void): void;
  /** Ends the stream, and says so, because of a fault of ours. */
  fail(error: unknown): void;
}

/** What all proxies share. */
export interface ProxyContext {
  readonly facts: XdsFacts;
  readonly viewOf: ViewOf;
  readonly encoder: Encoder;
  readonly sharing: Sharing;
  /** Those who have to know of a change. */
  readonly audience: Audience<Listener>;
  /** The newest one. */
  readonly publication: () => XdsPublication;
  /** Most hosts that a client may have asked for before it has to forget them. */
  readonly mostAsked: number;
  readonly drainDelay: DurationMs;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** How a proxy hangs together with others. */
export interface ProxyTies {
  readonly context: ProxyContext;
  /** Where it has a lazy scope. */
  readonly workload: Workload | undefined;
  readonly session: number;
}

/** A host may be 60 KB long (Envoy's `max_request_headers_kb`), so their number alone does not say how much memory they take. */
const MOST_ASKED_LENGTH = 1_048_576;

const TABLE: Routing = { kind: 'table' };
const SCOPED: Routing = { kind: 'scoped' };

function routingOf(kind: Routing['kind'], hosts: HostSet | undefined): Routing {
  if (kind === 'onDemand' && hosts !== undefined) return { kind, hosts };
  return kind === 'table' ? TABLE : SCOPED;
}

/** One client: its session, its streams, its timer. */
export class Proxy implements Member {
  readonly identity: Identity;
  /** Its number among all clients there ever were. */
  readonly session: number;
  readonly #context: ProxyContext;
  /** Where it has a lazy scope. */
  readonly #workload: Workload | undefined;
  readonly #session: Session;
  readonly #streams = new Map<ResourceKind, ResponseStream>();
  readonly #peer: string;
  readonly #connectedAt: number;
  readonly #replies: Replies;
  #isStartingOver = false;
  #timer: NodeJS.Timeout | undefined;
  #isLearning = false;

  constructor(identity: Identity, stream: ResponseStream, { context, workload, session }: ProxyTies) {
    this.identity = identity;
    this.session = session;
    this.#context = context;
    this.#workload = workload;
    this.#peer = stream.peer;
    this.#connectedAt = context.wallClock();
    this.#replies = new Replies({ session, proxy: identity.id }, context);
    const { sequence } = context.publication();
    const { drainDelay, sharing } = context;
    this.#session = new Session({ view: this.#view(), sequence, drainDelay, sharing });
    workload?.join(this);
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

  /** How many names the client asked for, and how long they are together, in UTF-16 units. */
  subscribed(kind: ResourceKind): { readonly count: number; readonly length: number } {
    const subscription = this.#session.types.get(kind)?.subscription;
    return { count: subscription?.names.size ?? 0, length: subscription?.length ?? 0 };
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
      this.#catchUp();
      this.#learn(kind, request);
      const isAlone = this.#streams.get(kind)?.serves !== 'all';
      const verdict = this.#session.request(kind, request, this.#context.now(), isAlone);
      this.#replies.take(kind, verdict, this.#session);
      this.#attend();
      this.#step();
      if (kind === 'virtualHost') this.#limitAsked();
    });
  }

  /** Takes over a publication that touches it and writes what follows from that. */
  publish({ sequence, changes }: XdsPublication): void {
    this.#guard(() => {
      const isBehind = this.#session.publish(this.#view(), sequence, changes);
      if (isBehind) this.#context.facts.awaited({ sequence, session: this.session, proxy: this.identity.id });
      this.#step();
    });
  }

  /** Takes over what its workload has learned or forgotten, and writes what follows from that. */
  rescope(changes: Changes): void {
    this.#guard(() => {
      // Together with publications that were not brought to it: the session has to see what it had, and then what it has.
      this.#session.publish(this.#view(), this.#context.publication().sequence, changes);
      // What was asked for goes out once: as the answer to the request that is being read.
      if (!this.#isLearning) this.#step();
    });
  }

  /** A stream has ended; true where it was the last one. */
  close(stream: ResponseStream): boolean {
    for (const [kind, other] of this.#streams) {
      if (other === stream) this.#closeKind(kind);
    }
    if (this.#streams.size > 0) return false;
    clearTimeout(this.#timer);
    this.#workload?.leave(this);
    return true;
  }

  /** How it stands. */
  state(): ProxyState {
    this.#catchUp();
    const { id, namespace, workload, client } = this.identity;
    return {
      id,
      namespace,
      workload,
      client,
      peer: this.#peer,
      connectedAt: this.#connectedAt,
      scope: this.#workload === undefined ? 'full' : 'lazy',
      hosts: this.#workload?.scope.hosts.keys,
      aggregated: [...this.#streams.values()].every(({ serves }) => serves === 'all'),
      sequence: this.#session.sequence,
      acknowledged: this.#session.acknowledged,
      types: [...this.#session.types.values()].map((state) => this.#replies.state(state)),
    };
  }

  /** Publications that touch nothing of this client are not brought to it: it takes over the newest when it does something. */
  #catchUp(): void {
    const { sequence } = this.#context.publication();
    if (sequence !== this.#session.sequence) this.#session.catchUp(this.#view(), sequence);
  }

  #view(hosts: HostSet | undefined = this.#workload?.scope.hosts): View {
    const { namespace, outbound, routing } = this.identity;
    const { snapshot } = this.#context.publication();
    return this.#context.viewOf(snapshot, { namespace, outbound, routing: routingOf(routing, hosts) });
  }

  /** What the client asks for, or shows to hold, is in the scope of its workload from here on. */
  #learn(kind: ResourceKind, request: Request): void {
    if (this.#workload === undefined || request.variant !== 'delta') return;
    const isFirst = this.#session.types.get(kind)?.started !== true;
    this.#isLearning = true;
    this.#workload.ask(hostsNamed(kind, request, this.identity.namespace, isFirst));
    this.#isLearning = false;
    if (!isFirst || kind !== 'route') return;
    const held = request.initialVersions.get(OUTBOUND);
    // A server that has just started goes on where the one before it was: else what the client has would be sent once more.
    this.#workload.begin((hosts) => held === undefined || this.#view(hosts).get('route', OUTBOUND)?.version === held);
    this.#session.catchUp(this.#view(), this.#session.sequence);
  }

  /** A client that calls ever new hosts would name them all when it reconnects, until that is more than it may. */
  #limitAsked(): void {
    const { count, length } = this.subscribed('virtualHost');
    const isTooMuch = count > this.#context.mostAsked || length > MOST_ASKED_LENGTH;
    if (isTooMuch && !this.#isStartingOver) this.#workload?.startOver();
    this.#isStartingOver = isTooMuch;
  }

  /** The workload hears for its proxies. */
  #attend(): void {
    const interests = this.#workload === undefined ? this.#session.takeInterests() : undefined;
    if (interests !== undefined) this.#context.audience.set(this, interests);
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
  #step(): void {
    const { facts, encoder, now } = this.#context;
    const { session } = this;
    const proxy = this.identity.id;
    const { sends, wakeAt, settled } = this.#session.step(now());
    for (const send of sends) {
      const message = encoder.encode(send);
      this.#write(send.kind, message);
      const { kind, sequence, resources, removed, unknown } = send;
      facts.pushed({
        session,
        proxy,
        kind,
        sequence,
        resources: resources.length,
        removed: removed.length + unknown.length,
        bytes: message.size,
      });
    }
    if (settled !== undefined) facts.settled({ session, proxy, sequence: settled });
    this.#wake(wakeAt);
  }

  #closeKind(kind: ResourceKind): void {
    this.#streams.delete(kind);
    this.#replies.forget(kind);
    this.#session.close(kind, this.#context.now());
  }

  #write(kind: ResourceKind, message: Message): void {
    const stream = this.#streams.get(kind);
    stream?.write(message, () => {
      // By then the type may have moved to another stream.
      if (this.#streams.get(kind) === stream && this.#session.flushed(kind)) this.#lookAgain();
    });
  }

  #wake(at: number | undefined): void {
    clearTimeout(this.#timer);
    this.#timer =
      at === undefined ? undefined : setTimeout(() => this.#lookAgain(), Math.ceil(at - this.#context.now())).unref();
  }

  #lookAgain(): void {
    this.#guard(() => {
      this.#catchUp();
      this.#step();
    });
  }
}
