import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import { named } from './blame.js';
import { type Aliases, Flights, type Landed, type Sent } from './flights.js';
import { LayeredMap, type Merges } from './layered-map.js';
import { type BulkAnswer, MANY, type Sharing } from './sharing.js';
import { SparseMap, SparseSet } from './sparse.js';
import { Subscription } from './subscription.js';

/** The two forms of the protocol. */
export type Variant = 'delta' | 'sotw';

/** What a client holds: a resource of ours, or an outdated one that it brought over a reconnect: only its version is known. */
export type Held = EncodedResource | { readonly kind: 'brought'; readonly version: string };

/** What clients hold in common is kept once. */
const merges: Merges<Held> = new WeakMap();

const NO_ALIASES: Aliases = new Map();

/** A version that the client refused: its bytes are not sent again. */
export interface RefusedVersion {
  readonly version: string;
  readonly message: string;
}

/** What a request said about a response. `other`: about none, or about one that is not the latest. */
export type Answer =
  | { readonly kind: 'other' }
  | { readonly kind: 'ack'; readonly sequence: number; readonly resources: readonly EncodedResource[] }
  | {
      readonly kind: 'nack';
      readonly sequence: number;
      readonly message: string;
      /** What is not sent again; empty where nobody was named and parts are tried. */
      readonly refused: readonly EncodedResource[];
    };

/** Everything we know of one client and one type: what it wants, what it holds, what is on its way. */
export class TypeState {
  readonly kind: ResourceKind;
  readonly variant: Variant;
  readonly subscription: Subscription;
  /** What the client surely holds: acknowledged, or brought over a reconnect. */
  readonly good: LayeredMap<Held> = new LayeredMap(merges);
  /** Responses that are not answered yet. */
  readonly flights: Flights = new Flights();
  /** Names whose version is uncertain since a refusal: a client may have applied a part of what it refused. */
  readonly uncertain: SparseSet = new SparseSet();
  readonly refused: SparseMap<RefusedVersion> = new SparseMap();
  /** Names that came with a refusal which named nobody; they are sent once more, in smaller and smaller parts. */
  readonly suspects: SparseSet = new SparseSet();
  /** How many suspects may go in one response. */
  trialSize = 0;
  /** Names that the client is behind on. */
  readonly dirty: SparseSet = new SparseSet();
  /** Names that have to be sent whatever the client holds. */
  readonly forced: SparseSet = new SparseSet();
  /** Much that has to be sent to a client that has nothing yet: the same to all that ask alike. */
  bulk: BulkAnswer | undefined;
  /** Other names under which a client asked for a resource, by its own name, until they are answered (VHDS). */
  readonly aliases: SparseMap<Set<string>> = new SparseMap();
  /** Names that are gone and still held, each with the time since when nothing needs it. */
  readonly leaving: SparseMap<number | undefined> = new SparseMap();
  /** The first request wants an answer, even an empty one: Envoy waits for it before it starts. */
  owesAnswer = false;
  /** A write has not been flushed yet. */
  writing = false;
  /** Whether the first request was read. */
  started = false;
  lastNonce = '';

  constructor(kind: ResourceKind, variant: Variant, sharing: Sharing) {
    this.kind = kind;
    this.variant = variant;
    this.subscription = new Subscription(sharing);
  }

  /**
   * Whether a response is the full list, in which absence means removal. That is so in the state of the world only, for
   * listeners and clusters (xDS protocol, "Grouping Resources into Responses"), and to Envoy 1.40 for scoped routes.
   */
  get isFull(): boolean {
    return (
      this.variant === 'sotw' && (this.kind === 'listener' || this.kind === 'cluster' || this.kind === 'scopedRoute')
    );
  }

  /** Version that the client has or is about to have; `undefined` where it has none or that is uncertain. */
  versionOf(name: string): string | undefined {
    const next = this.flights.get(name);
    if (next !== undefined) return next === 'removal' ? undefined : next.version;
    return this.uncertain.has(name) ? undefined : this.good.get(name)?.version;
  }

  /** What the client holds under a name, as it accepted it; `undefined` also where only the version is known. */
  accepted(name: string): EncodedResource | undefined {
    const held = this.good.get(name);
    return held?.kind === 'brought' ? undefined : held;
  }

  /** Whether the client may hold any version, or is about to. */
  holds(name: string): boolean {
    const next = this.flights.get(name);
    return (next !== undefined && next !== 'removal') || this.good.has(name) || this.uncertain.has(name);
  }

  isRefused({ name, version }: EncodedResource): boolean {
    return this.refused.get(name)?.version === version;
  }

  /** It is neither held nor wanted any more, and may be sent anew: also what was refused is so no longer. */
  forget(name: string): void {
    this.flights.drop(name);
    for (const names of [this.good, this.uncertain, this.suspects, this.dirty, this.forced, this.leaving, this.aliases])
      names.delete(name);
    this.refused.delete(name);
  }

  /** A response has been handed to the stream. */
  send(nonce: string, sent: Sent): void {
    for (const name of sent.removed.names) this.forget(name);
    this.flights.add(nonce, sent);
    this.lastNonce = nonce;
    this.writing = true;
    this.owesAnswer = false;
  }

  /** Reads what a request says about our responses. Earlier ones that were passed over count as accepted: answers come in order. */
  answer(nonce: string, error: string | undefined): Answer {
    let answered: Answer = { kind: 'other' };
    for (const landed of this.flights.land(nonce)) {
      const { sequence, brings } = landed.sent;
      if (landed.isAnswered && error !== undefined) return this.#refuse(landed, error);
      this.#accept(landed);
      answered = { kind: 'ack', sequence, resources: brings.resources };
    }
    return answered;
  }

  #accept(landed: Landed): void {
    const { brings } = landed.sent;
    const { resources } = brings;
    const isFirst = this.good.size === 0 && landed.isWhole && resources.length >= MANY;
    if (isFirst) this.good.adopt(brings.byName);
    if (isFirst && this.#isTrusted()) return;
    for (const resource of resources) {
      if (!isFirst) {
        if (!this.flights.counts(landed, resource.name)) continue;
        this.good.set(resource.name, resource);
      }
      this.uncertain.delete(resource.name);
      this.refused.delete(resource.name);
      this.suspects.delete(resource.name);
    }
    // What they were tried in was good: the rest goes in larger parts again.
    if (this.suspects.size > 0) this.trialSize *= 2;
  }

  /** Whether something is to be sent. */
  get isDue(): boolean {
    return this.dirty.size + this.forced.size > 0 || this.bulk !== undefined || this.owesAnswer;
  }

  /** Whether the client has something to receive or to answer. */
  get isPending(): boolean {
    return this.isDue || this.flights.size > 0;
  }

  /** The names under which what is sent now was asked for: they are answered with that. */
  takeAliases(fresh: readonly EncodedResource[], unknown: readonly string[]): Aliases {
    if (this.aliases.size === 0) return NO_ALIASES;
    const taken = new Map<string, ReadonlySet<string>>();
    for (const name of [...fresh.map((resource) => resource.name), ...unknown]) {
      const others = this.aliases.get(name);
      if (others !== undefined) taken.set(name, others);
      this.aliases.delete(name);
    }
    return taken;
  }

  /** Nothing was ever refused, or all of that is over. */
  #isTrusted(): boolean {
    return this.uncertain.size + this.refused.size + this.suspects.size === 0;
  }

  /** Whether the client has nothing and nothing is under way to it: what it asks for can be answered as a whole. */
  get isBlank(): boolean {
    const pending = this.flights.size + this.forced.size + this.dirty.size + this.leaving.size;
    return this.good.size + pending === 0 && this.bulk === undefined && this.#isTrusted();
  }

  /** What was to be sent as a whole goes name by name. */
  unbundle(): void {
    if (this.bulk === undefined) return;
    const { found, absent } = this.bulk;
    this.bulk = undefined;
    for (const { name } of found.resources) this.forced.add(name);
    for (const name of absent) this.forced.add(name);
  }

  #refuse(landed: Landed, message: string): Answer {
    const { sequence, brings } = landed.sent;
    const resources = brings.resources.filter(({ name }) => this.flights.counts(landed, name));
    const names = resources.map(({ name }) => name);
    for (const name of names) this.uncertain.add(name);
    // One bad resource must not take the others of its response with it: where nobody is named, parts of them are tried.
    const sent = brings.resources.map(({ name }) => name);
    const culprits = new Set(sent.length === 1 ? sent : named(message, sent));
    if (culprits.size === 0) this.trialSize = Math.ceil(names.length / 2);
    for (const { name, version } of resources) {
      if (culprits.has(name)) {
        this.refused.set(name, { version, message });
        this.suspects.delete(name);
      } else {
        if (culprits.size === 0) this.suspects.add(name);
        this.dirty.add(name);
      }
    }
    this.#askAgain(landed.sent.aliases);
    const refused = resources.filter(({ name }) => culprits.has(name));
    return { kind: 'nack', sequence, message, refused };
  }

  /** Of a refused response nothing is taken, and requests go on waiting for what was in it (VHDS, Envoy 1.40). */
  #askAgain(aliases: Aliases): void {
    for (const [name, names] of aliases) {
      this.forced.add(name);
      this.aliases.set(name, new Set([...names, ...(this.aliases.get(name) ?? [])]));
    }
  }
}
