/** So many differences are kept beside the shared part before the two are put together anew. */
const MOST_OWN = 64;

/** How many of them there may be for each entry of the shared part: putting together then costs a constant a difference. */
const OWN_SHARE = 1 / 8;

interface Merge<V> {
  readonly own: ReadonlyMap<string, V | undefined>;
  readonly merged: ReadonlyMap<string, V>;
}

/** Of every shared part the last thing that was made of it: thousands of clients come to the same at about the same time. */
export type Merges<V> = WeakMap<ReadonlyMap<string, V>, Merge<V>>;

/**
 * A map that shares most of its entries with the maps of other clients, and holds only what is different. What a thousand
 * clients know alike is then in memory once. Values are never `undefined`.
 */
export class LayeredMap<V> {
  readonly #merges: Merges<V>;
  #base: ReadonlyMap<string, V> | undefined;
  /** Differences; `undefined` where the shared part has an entry and this map has none. */
  #own: Map<string, V | undefined> | undefined;
  #size = 0;

  constructor(merges: Merges<V>) {
    this.#merges = merges;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#size;
  }

  /** What stands at a key; `undefined` where nothing does. */
  get(key: string): V | undefined {
    return this.#own?.has(key) === true ? this.#own.get(key) : this.#base?.get(key);
  }

  /** Whether there is an entry. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Puts an entry there, in place of what there was. */
  set(key: string, value: V): void {
    if (!this.has(key)) this.#size += 1;
    if (this.#base?.get(key) === value) this.#own?.delete(key);
    else (this.#own ??= new Map()).set(key, value);
    this.#settle();
  }

  /** Takes an entry away; true where there was one. */
  delete(key: string): boolean {
    if (!this.has(key)) return false;
    this.#size -= 1;
    if (this.#base?.has(key) === true) (this.#own ??= new Map()).set(key, undefined);
    else this.#own?.delete(key);
    this.#settle();
    return true;
  }

  /** Has exactly these entries from now on. They are shared and not copied, and must not change. */
  adopt(base: ReadonlyMap<string, V>): void {
    this.#base = base;
    this.#own = undefined;
    this.#size = base.size;
  }

  /** Every key, in no order that means anything. */
  *keys(): Iterable<string> {
    for (const [key] of this) yield key;
  }

  /** Every entry, likewise. */
  *[Symbol.iterator](): Iterator<[string, V]> {
    for (const [key, value] of this.#base ?? []) if (this.#own?.has(key) !== true) yield [key, value];
    for (const [key, value] of this.#own ?? []) if (value !== undefined) yield [key, value];
  }

  #settle(): void {
    const own = this.#own;
    if (own !== undefined && own.size > Math.max(MOST_OWN, (this.#base?.size ?? 0) * OWN_SHARE)) {
      this.adopt(this.#merged(own));
    }
  }

  #merged(own: ReadonlyMap<string, V | undefined>): ReadonlyMap<string, V> {
    // Many begin with nothing, and end with what has nothing to do with one another.
    if (this.#base === undefined) return new Map(this);
    const last = this.#merges.get(this.#base);
    if (last !== undefined && isSame(last.own, own)) return last.merged;
    const merged = new Map(this);
    this.#merges.set(this.#base, { own, merged });
    return merged;
  }
}

function isSame<V>(a: ReadonlyMap<string, V>, b: ReadonlyMap<string, V>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value || !b.has(key)) return false;
  return true;
}
