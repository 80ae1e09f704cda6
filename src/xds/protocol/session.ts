import { type DurationMs, OUTBOUND } from '../../base/index.js';
import {
  type DeltaRequest,
  type EncodedResource,
  RESOURCE_KINDS,
  type ResourceKind,
  type SotwRequest,
} from '../../codec/index.js';
import type { Changes, NameChanges, View } from '../../snapshot/index.js';
import { type Content, nextContent } from './content.js';
import { lingers, review } from './coverage.js';
import type { Aliases } from './flights.js';
import { type Interests, interestsOf } from './interests.js';
import { OwedEndpoints } from './owed-endpoints.js';
import { readDelta, readSotw, type Verdict } from './requests.js';
import { Scene } from './scene.js';
import type { Sharing } from './sharing.js';
import { TypeState, type Variant } from './type-state.js';

/** A request together with the form of the protocol it is written in. */
export type Request = ({ readonly variant: 'delta' } & DeltaRequest) | ({ readonly variant: 'sotw' } & SotwRequest);

/** A response that has to be written to the stream of its type, at once and in the order of the list. */
export interface Send {
  readonly kind: ResourceKind;
  readonly variant: Variant;
  readonly nonce: string;
  readonly sequence: number;
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
  /** Names that do not exist, where a removal would not answer them (VHDS). */
  readonly unknown: readonly string[];
  /** Under which other names the client asked for resources of the response, by their own names (VHDS). */
  readonly aliases: Aliases;
}

/** What a look at a session led to. */
export interface Step {
  readonly sends: readonly Send[];
  /** When to look again if nothing happens before; milliseconds of the clock that `now` is of. */
  readonly wakeAt: number | undefined;
  /**
   * The client has just answered everything up to this publication, or had nothing to answer; told once a publication.
   * What it refused, verdicts have told before.
   */
  readonly settled: number | undefined;
}

/** What a session needs to know when it begins. */
export interface SessionStart {
  readonly view: View;
  readonly sequence: number;
  readonly drainDelay: DurationMs;
  /** One for all sessions. */
  readonly sharing: Sharing;
}

/** A client that reconnects names all its types at once (Envoy 1.40); this is ample for them to arrive. */
const GRACE_MS = 1000;

/** Streams of one type each come back one by one, each after a pause of its own that grows to this (Envoy 1.40: 30 s). */
const RECONNECT_MS = 30_000;

/**
 * One client: its types, wherever they arrive, and the order among them. Pure but for its own state: requests, publications
 * and the time go in, responses come out.
 */
export class Session {
  readonly types: Map<ResourceKind, TypeState> = new Map();
  readonly #drainDelay: DurationMs;
  readonly #sharing: Sharing;
  readonly #endpoints: OwedEndpoints = new OwedEndpoints(this.types);
  #view: View;
  #sequence: number;
  #graceUntil = 0;
  #responses = 0;
  /** Newest publication that the client held in full. */
  #current = 0;
  /** Newest publication that was told to be settled, and whether something was sent since. */
  #settled = 0;
  #unsettled = true;
  #hasNewInterests = false;

  constructor({ view, sequence, drainDelay, sharing }: SessionStart) {
    this.#view = view;
    this.#sequence = sequence;
    this.#drainDelay = drainDelay;
    this.#sharing = sharing;
  }

  /** Publication that the session is at. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Newest publication of which the client acknowledged everything; 0 before the first. Late removals do not count. */
  get acknowledged(): number {
    return this.#isCurrent() ? this.#sequence : this.#current;
  }

  /** Reads a request, on a stream for all types or for this one alone; `step` then tells what follows from it. */
  request(kind: ResourceKind, request: Request, now: number, isAlone = false): Verdict {
    const state = this.types.get(kind) ?? new TypeState(kind, request.variant, this.#sharing);
    this.types.set(kind, state);
    const first = !state.started;
    const { revision } = state.subscription;
    const verdict =
      request.variant === 'delta'
        ? readDelta(state, request, this.#view, this.#sharing)
        : readSotw(state, request, this.#view, this.#sharing);
    if (first && hasReconnected(request)) {
      this.#graceUntil = Math.max(this.#graceUntil, now + (isAlone ? RECONNECT_MS : GRACE_MS));
    }
    if (kind === 'endpoint') this.#endpoints.asked(state, this.#view);
    if (state.isPending) this.#unsettled = true;
    if (state.subscription.revision !== revision) this.#hasNewInterests = true;
    return verdict;
  }

  /** Services that the client has to hear of, where that is not what it was the last time; a scope may narrow it. */
  takeInterests(): Interests | undefined {
    if (!this.#hasNewInterests) return undefined;
    this.#hasNewInterests = false;
    return interestsOf(this.types.values());
  }

  /**
   * Takes over a publication, or another view of the same one: whatever differs from what the client saw before. True where it
   * has something to receive because of that.
   */
  publish(view: View, sequence: number, changes: Changes): boolean {
    this.#endpoints.publish(this.#view, changes);
    this.catchUp(view, sequence);
    let behind = false;
    for (const state of this.types.values()) {
      state.unbundle();
      for (const name of this.#touched(state, changes)) {
        // What is taken away late is nothing to wait for.
        if (review(state, view, name) || (!lingers(state.kind) && state.leaving.has(name))) behind = true;
      }
      if (this.#answerLate(state, changes)) behind = true;
    }
    return behind;
  }

  /** Takes over publications of which nothing touched this client. */
  catchUp(view: View, sequence: number): void {
    if (sequence !== this.#sequence) {
      // As the view was, which the client had to acknowledge.
      if (this.#isCurrent()) this.#current = this.#sequence;
      this.#sequence = sequence;
      this.#responses = 0;
    }
    this.#view = view;
  }

  /** Everything that can be sent now; it counts as sent. */
  step(now: number): Step {
    if (!this.#hasWork()) return { sends: NOTHING, wakeAt: undefined, settled: this.#settle() };
    const scene = new Scene({
      types: this.types,
      view: this.#view,
      departed: this.#endpoints.departed,
      now,
      drainDelay: this.#drainDelay,
      graceUntil: this.#graceUntil,
    });
    const sends: Send[] = [];
    // In the order in which they go out (xDS protocol, "Eventual consistency considerations").
    for (const kind of RESOURCE_KINDS) {
      const state = this.types.get(kind);
      const content = state === undefined ? undefined : nextContent(state, scene);
      if (state !== undefined && content !== undefined) sends.push(this.#send(state, content));
    }
    return { sends, wakeAt: scene.wakeAt, settled: this.#settle() };
  }

  /** The last response of this type has left the stream's buffer; true where another one may be due. */
  flushed(kind: ResourceKind): boolean {
    const state = this.types.get(kind);
    if (state !== undefined) state.writing = false;
    return this.#hasWork();
  }

  /** The stream of this type has ended. What it said lives on in the client: it will be back and say what it kept. */
  close(kind: ResourceKind, now: number): void {
    this.types.delete(kind);
    this.#graceUntil = Math.max(this.#graceUntil, now + RECONNECT_MS);
  }

  #send(state: TypeState, { resources, fresh, removed, unknown }: Content): Send {
    // Fresh on every response of the stream, and equal for equal responses to many streams, so that they share the bytes.
    this.#responses += 1;
    const nonce = `${this.#sequence}.${this.#responses}`;
    const brings = this.#sharing.list(fresh);
    const aliases = state.takeAliases(fresh, unknown);
    state.send(nonce, { sequence: this.#sequence, brings, removed: this.#sharing.names(removed), aliases });
    if (state.kind === 'cluster') this.#endpoints.sent(brings.resources, removed, this.#view);
    return {
      kind: state.kind,
      variant: state.variant,
      nonce,
      sequence: this.#sequence,
      resources: resources === fresh ? brings.resources : resources,
      removed: state.isFull ? NOTHING : removed,
      unknown,
      aliases,
    };
  }

  #touched({ kind, subscription }: TypeState, changes: Changes): Iterable<string> {
    const { added, changed, removed } = changes[kind];
    const names = isEmpty(changes[kind]) ? NOTHING : [...added, ...changed, ...removed];
    // A table is made of virtual hosts: whether this client's is another one, its version tells.
    const isTable = kind === 'route' && (subscription.wildcard || subscription.names.has(OUTBOUND));
    return isTable && !isEmpty(changes.virtualHost) ? [...names, OUTBOUND] : names;
  }

  /** Virtual hosts that have come into being and were asked for before, under whatever name. */
  #answerLate(state: TypeState, { virtualHost }: Changes): boolean {
    if (state.kind !== 'virtualHost' || virtualHost.added.length === 0) return false;
    const added = new Set(virtualHost.added);
    let isAnswered = false;
    for (const name of state.subscription.names.keys()) {
      const resource = this.#view.get('virtualHost', name);
      if (resource === undefined || resource.name === name || !added.has(resource.name)) continue;
      state.forced.add(resource.name);
      isAnswered = true;
    }
    return isAnswered;
  }

  #hasWork(): boolean {
    for (const state of this.types.values()) if (state.isDue || state.leaving.size > 0) return true;
    return false;
  }

  #isCurrent(): boolean {
    for (const state of this.types.values()) {
      if (state.isPending) return false;
      for (const name of state.refused.keys()) {
        const resource = this.#view.get(state.kind, name);
        if (resource !== undefined && state.isRefused(resource)) return false;
      }
    }
    return true;
  }

  #settle(): number | undefined {
    if (!this.#unsettled && this.#settled === this.#sequence) return undefined;
    for (const state of this.types.values()) if (state.isPending) return undefined;
    this.#unsettled = false;
    this.#settled = this.#sequence;
    return this.#sequence;
  }
}

const NOTHING: readonly never[] = [];

function isEmpty({ added, changed, removed }: NameChanges): boolean {
  return added.length + changed.length + removed.length === 0;
}

/** A client that was connected before says what it kept. */
function hasReconnected(request: Request): boolean {
  return request.variant === 'delta' ? request.initialVersions.size > 0 : request.version !== '';
}
