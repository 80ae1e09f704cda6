import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import { named } from './blame.js';
import { Subscription } from './subscription.js';

/** The two forms of the protocol. */
export type Variant = 'delta' | 'sotw';

/** What a client holds: a resource of ours, or an outdated one that it brought over a reconnect: only its version is known. */
export type Held = EncodedResource | { readonly kind: 'brought'; readonly version: string };

/** A response that was sent and not answered yet. */
export interface Sent {
  /** Publication whose state it tells. */
  readonly sequence: number;
  /** What it brings; of a full list only what the client does not have yet. */
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

/** A version that the client refused: its bytes are not sent again. */
export interface RefusedVersion {
  readonly version: string;
  readonly message: string;
}

/** What a request said about a response. `other`: about none, or about one that is not the latest. */
export type Answer =
  | { readonly kind: 'other' }
  | { readonly kind: 'ack'; readonly sequence: number }
  | {
      readonly kind: 'nack';
      readonly sequence: number;
      readonly message: string;
      /** What is not sent again; empty where nobody was named and every resource is tried alone. */
      readonly refused: readonly Pick<EncodedResource, 'name' | 'version'>[];
    };

/** Everything we know of one client and one type: what it wants, what it holds, what is on its way. */
export class TypeState {
  readonly kind: ResourceKind;
  readonly variant: Variant;
  readonly subscription: Subscription = new Subscription();
  /** What the client surely holds: acknowledged, or brought over a reconnect. */
  readonly good: Map<string, Held> = new Map();
  /** The newest that is on its way; `undefined` is a removal. */
  readonly flying: Map<string, EncodedResource | undefined> = new Map();
  /** Unanswered responses by nonce, oldest first. */
  readonly inFlight: Map<string, Sent> = new Map();
  /** Names whose version is uncertain since a refusal: a client may have applied a part of what it refused. */
  readonly uncertain: Set<string> = new Set();
  readonly refused: Map<string, RefusedVersion> = new Map();
  /** Names that came with a refusal which named nobody; each is sent once more, alone. */
  readonly suspects: Set<string> = new Set();
  /** Names that the client is behind on. */
  readonly dirty: Set<string> = new Set();
  /** Names that have to be sent whatever the client holds. */
  readonly forced: Set<string> = new Set();
  /** Names that are gone and still held, each with the time since when nothing needs it. */
  readonly leaving: Map<string, number | undefined> = new Map();
  /** The first request wants an answer, even an empty one: Envoy waits for it before it starts. */
  owesAnswer = false;
  /** A write has not been flushed yet. */
  writing = false;
  /** Whether the first request was read. */
  started = false;
  lastNonce = '';

  constructor(kind: ResourceKind, variant: Variant) {
    this.kind = kind;
    this.variant = variant;
  }

  /**
   * Whether a response is the full list, in which absence means removal. That is so for listeners and clusters of the
   * state of the world only (xDS protocol, "Grouping Resources into Responses").
   */
  get isFull(): boolean {
    return this.variant === 'sotw' && (this.kind === 'listener' || this.kind === 'cluster');
  }

  /** Version that the client has or is about to have; `undefined` where it has none or that is uncertain. */
  versionOf(name: string): string | undefined {
    if (this.flying.has(name)) return this.flying.get(name)?.version;
    return this.uncertain.has(name) ? undefined : this.good.get(name)?.version;
  }

  /** Whether the client may hold any version. */
  holds(name: string): boolean {
    return this.flying.get(name) !== undefined || this.good.has(name) || this.uncertain.has(name);
  }

  isRefused({ name, version }: EncodedResource): boolean {
    return this.refused.get(name)?.version === version;
  }

  /** It is neither held nor wanted any more, and may be sent anew: also what was refused is so no longer. */
  forget(name: string): void {
    for (const names of [this.good, this.flying, this.uncertain, this.suspects, this.dirty, this.forced, this.leaving])
      names.delete(name);
    this.refused.delete(name);
  }

  /** A response has been handed to the stream. */
  send(nonce: string, sent: Sent): void {
    this.inFlight.set(nonce, sent);
    this.lastNonce = nonce;
    this.writing = true;
    this.owesAnswer = false;
    for (const resource of sent.resources) this.flying.set(resource.name, resource);
    for (const name of sent.removed) {
      this.forget(name);
      this.flying.set(name, undefined);
    }
  }

  /** Reads what a request says about our responses. Earlier ones that were passed over count as accepted: answers come in order. */
  answer(nonce: string, error: string | undefined): Answer {
    const sent = this.inFlight.get(nonce);
    if (sent === undefined) return { kind: 'other' };
    for (const [earlier, response] of this.inFlight) {
      this.inFlight.delete(earlier);
      if (earlier === nonce) break;
      this.#accept(response);
    }
    if (error !== undefined) return this.#refuse(sent, error);
    this.#accept(sent);
    return { kind: 'ack', sequence: sent.sequence };
  }

  #accept({ resources, removed }: Sent): void {
    for (const resource of resources) {
      if (!this.#land(resource)) continue;
      this.good.set(resource.name, resource);
      this.uncertain.delete(resource.name);
      this.refused.delete(resource.name);
      this.suspects.delete(resource.name);
    }
    for (const name of removed) if (this.flying.get(name) === undefined) this.flying.delete(name);
  }

  #refuse({ sequence, resources, removed }: Sent, message: string): Answer {
    for (const name of removed) if (this.flying.get(name) === undefined) this.flying.delete(name);
    const landed = resources.filter((resource) => this.#land(resource));
    const names = landed.map(({ name }) => name);
    for (const name of names) this.uncertain.add(name);
    const culprits = new Set(this.#culprits(message, names));
    for (const { name, version } of landed) {
      if (culprits.has(name)) {
        this.refused.set(name, { version, message });
        this.suspects.delete(name);
      } else {
        if (culprits.size === 0) this.suspects.add(name);
        this.dirty.add(name);
      }
    }
    const refused = landed.filter(({ name }) => culprits.has(name)).map(({ name, version }) => ({ name, version }));
    return { kind: 'nack', sequence, message, refused };
  }

  /** One bad resource must not take the others of its response with it: where nobody is named, each is tried alone. */
  #culprits(message: string, names: readonly string[]): readonly string[] {
    const blamed = named(message, names);
    return blamed.length > 0 || names.length > 1 ? blamed : names;
  }

  /** Takes a resource out of the air; false where something newer is on its way, or the client dropped it meanwhile. */
  #land(resource: EncodedResource): boolean {
    if (this.flying.get(resource.name) !== resource) return false;
    this.flying.delete(resource.name);
    return true;
  }
}
