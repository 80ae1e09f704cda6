import type { EncodedResource } from '../../codec/index.js';
import type { NameList, ResourceList } from './sharing.js';
import { SparseMap } from './sparse.js';

/** A response that was sent and not answered yet. */
export interface Sent {
  /** Publication whose state it tells. */
  readonly sequence: number;
  /** What it brings; of a full list only what the client does not have yet. */
  readonly brings: ResourceList;
  readonly removed: NameList;
  /** Other names that it answers, by the name of the resource or of what does not exist (VHDS). */
  readonly aliases: Aliases;
}

/** Names under which a client asked for something, by the name that this has (VHDS). */
export type Aliases = ReadonlyMap<string, ReadonlySet<string>>;

/** What of a name is on its way: a resource, or its removal. */
export type OnItsWay = EncodedResource | 'removal';

interface Flight extends Sent {
  /** Names that the client dropped meanwhile. */
  dropped: Set<string> | undefined;
}

/** Responses of one type on their way to one client: few, with lists that many clients share. */
export class Flights {
  readonly #byNonce = new SparseMap<Flight>();

  /** How many there are. */
  get size(): number {
    return this.#byNonce.size;
  }

  /** The newest that is on its way under a name. */
  get(name: string): OnItsWay | undefined {
    let newest: OnItsWay | undefined;
    for (const flight of this.#byNonce.values()) newest = inFlight(flight, name) ?? newest;
    return newest;
  }

  /** A response has been handed to the stream. */
  add(nonce: string, sent: Sent): void {
    this.#byNonce.set(nonce, { ...sent, dropped: undefined });
  }

  /**
   * Takes responses out of the air up to the one that a client answers, oldest first, each with what of it still counts;
   * nothing where it answers none. Earlier ones that were passed over count as answered: answers come in order.
   */
  *land(nonce: string): Iterable<Landed> {
    if (!this.#byNonce.has(nonce)) return;
    for (const [earlier, flight] of this.#byNonce) {
      this.#byNonce.delete(earlier);
      yield { sent: flight, isAnswered: earlier === nonce, isWhole: this.#byNonce.size === 0 && !flight.dropped };
      if (earlier === nonce) return;
    }
  }

  /** Whether a resource of a landed response is not outdated by something newer, and the client has not dropped it. */
  counts({ sent }: Landed, name: string): boolean {
    return this.get(name) === undefined && inFlight(sent, name) !== undefined;
  }

  /** The client has dropped a name: what is on its way under it means nothing. */
  drop(name: string): void {
    for (const flight of this.#byNonce.values()) {
      if (inFlight(flight, name) !== undefined) (flight.dropped ??= new Set()).add(name);
    }
  }

  /** Every name that is on its way, some of them twice. */
  *names(): Iterable<string> {
    for (const { brings, removed, dropped } of this.#byNonce.values()) {
      for (const { name } of brings.resources) if (dropped?.has(name) !== true) yield name;
      for (const name of removed.names) if (dropped?.has(name) !== true) yield name;
    }
  }
}

/** A response that has arrived. */
export interface Landed {
  readonly sent: Sent & { readonly dropped?: ReadonlySet<string> | undefined };
  /** Whether it is the one that the client answers, and not an earlier one. */
  readonly isAnswered: boolean;
  /** Nothing newer is on its way, and nothing of it was dropped. */
  readonly isWhole: boolean;
}

function inFlight({ brings, removed, dropped }: Landed['sent'], name: string): OnItsWay | undefined {
  if (dropped?.has(name) === true) return undefined;
  return brings.get(name) ?? (removed.has(name) ? 'removal' : undefined);
}
