/** A set of names that takes next to no memory while it is empty, as most are at most times. */
export class SparseSet {
  #names: Set<string> | undefined;

  get size(): number {
    return this.#names?.size ?? 0;
  }

  has(name: string): boolean {
    return this.#names?.has(name) === true;
  }

  add(name: string): void {
    (this.#names ??= new Set()).add(name);
  }

  /** True where it was there. */
  delete(name: string): boolean {
    const isThere = this.#names?.delete(name) === true;
    if (this.#names?.size === 0) this.#names = undefined;
    return isThere;
  }

  [Symbol.iterator](): Iterator<string> {
    return (this.#names ?? NOTHING).values();
  }
}

/** A map by name, likewise. */
export class SparseMap<V> {
  #entries: Map<string, V> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(name: string): V | undefined {
    return this.#entries?.get(name);
  }

  has(name: string): boolean {
    return this.#entries?.has(name) === true;
  }

  set(name: string, value: V): void {
    (this.#entries ??= new Map()).set(name, value);
  }

  /** True where it was there. */
  delete(name: string): boolean {
    const isThere = this.#entries?.delete(name) === true;
    if (this.#entries?.size === 0) this.#entries = undefined;
    return isThere;
  }

  *keys(): Iterable<string> {
    if (this.#entries !== undefined) yield* this.#entries.keys();
  }

  *values(): Iterable<V> {
    if (this.#entries !== undefined) yield* this.#entries.values();
  }

  *[Symbol.iterator](): Iterator<[string, V]> {
    if (this.#entries !== undefined) yield* this.#entries;
  }
}

const NOTHING: ReadonlySet<string> = new Set();
