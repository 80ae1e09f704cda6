import type { DeltaRequest, SotwRequest } from '../../codec/index.js';
import { LayeredMap, type Merges } from './layered-map.js';
import { MANY, type Sharing } from './sharing.js';

/** The name that stands for everything (xDS protocol, "How the client specifies what resources to return"). */
const WILDCARD = '*';

/** What one request did to a subscription. */
export interface SubscriptionChange {
  /** Names that have to be sent, even if the client is believed to have them. */
  readonly asked: readonly string[];
  /** Names that were subscribed and no longer are; a wildcard may cover them still. */
  readonly dropped: readonly string[];
  readonly wildcard: 'begun' | 'ended' | 'as before';
}

/** What clients ask for alike is kept once. */
const merges: Merges<true> = new WeakMap();

/** What a client wants of one type: names, everything, or both. */
export class Subscription {
  readonly #names: LayeredMap<true> = new LayeredMap(merges);
  readonly #sharing: Sharing;
  #wildcard = false;
  #everNamed = false;
  #revision = 0;
  #length = 0;

  constructor(sharing: Sharing) {
    this.#sharing = sharing;
  }

  /** Names that were asked for one by one, whether they exist or not. */
  get names(): Pick<LayeredMap<true>, 'has' | 'size' | 'keys'> {
    return this.#names;
  }

  /** How long all names are together, in UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  /** Another number after every change of what is wanted. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether everything is covered. */
  get wildcard(): boolean {
    return this.#wildcard;
  }

  /**
   * Takes over what an incremental request says. `first` is the first request of its type on the stream: with both lists
   * empty it means everything (the older way to ask for it, which Envoy uses for CDS and LDS).
   */
  changeBy(
    { subscribe, unsubscribe }: Pick<DeltaRequest, 'subscribe' | 'unsubscribe'>,
    first: boolean,
  ): SubscriptionChange {
    const before = this.#wildcard;
    const asked = subscribe.includes(WILDCARD) ? subscribe.filter((name) => name !== WILDCARD) : subscribe;
    this.#add(asked);
    const everything = subscribe.includes(WILDCARD) || (first && subscribe.length + unsubscribe.length === 0);
    if (everything) this.#wildcard = true;
    if (unsubscribe.includes(WILDCARD)) this.#wildcard = false;
    // Names that were never subscribed are passed over; the lists are read in their order, so a name in both is not wanted.
    const dropped = unsubscribe.filter((name) => this.#delete(name));
    return this.#changed({ asked, dropped, wildcard: wildcardChange(before, this.#wildcard, everything) });
  }

  /**
   * Takes over the full list of a state-of-the-world request. An empty list means everything until a name was given on
   * this stream; from then on it means nothing.
   */
  replaceBy({ names }: Pick<SotwRequest, 'names'>): SubscriptionChange {
    const before = this.#wildcard;
    const wanted = new Set(names);
    if (names.length > 0) this.#everNamed = true;
    this.#wildcard = wanted.delete(WILDCARD) || !this.#everNamed;
    const asked = [...wanted].filter((name) => !this.#names.has(name));
    const dropped = [...this.#names.keys()].filter((name) => !wanted.has(name));
    this.#add(asked);
    for (const name of dropped) this.#delete(name);
    return this.#changed({ asked, dropped, wildcard: wildcardChange(before, this.#wildcard, !before) });
  }

  #changed(change: SubscriptionChange): SubscriptionChange {
    if (change.asked.length + change.dropped.length > 0 || change.wildcard !== 'as before') this.#revision += 1;
    return change;
  }

  #add(names: readonly string[]): void {
    if (this.#names.size === 0 && names.length >= MANY) {
      const { set } = this.#sharing.names(names);
      this.#names.adopt(set);
      for (const name of set.keys()) this.#length += name.length;
    } else for (const name of names) this.#set(name);
  }

  #set(name: string): void {
    if (!this.#names.has(name)) this.#length += name.length;
    this.#names.set(name, true);
  }

  #delete(name: string): boolean {
    const isThere = this.#names.delete(name);
    if (isThere) this.#length -= name.length;
    return isThere;
  }
}

/** A wildcard that is subscribed again is begun again: all of it has to be sent once more. */
function wildcardChange(before: boolean, after: boolean, asked: boolean): SubscriptionChange['wildcard'] {
  if (after && asked) return 'begun';
  return before && !after ? 'ended' : 'as before';
}
