/** One change copies this many references and one bucket: with 10,000 entries about ten of those. A power of two. */
const BUCKETS = 1024;

type Bucket<K, V> = ReadonlyMap<K, V>;

const NOTHING: Bucket<never, never> = new Map<never, never>();

/** An entry that two maps do not share; `undefined` where one has none. */
export interface Difference<K, V> {
  readonly key: K;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/**
 * A frozen map that makes its successors cheap: they copy what changed and share the rest, and two of them are compared
 * without a look at what they share.
 */
export class SharedMap<K extends string, V> {
  readonly size: number;
  readonly #buckets: readonly Bucket<K, V>[];

  private constructor(buckets: readonly Bucket<K, V>[], size: number) {
    this.#buckets = buckets;
    this.size = size;
    Object.freeze(this);
  }

  /** The map without entries. */
  static empty<K extends string, V>(): SharedMap<K, V> {
    return new SharedMap<K, V>(
      Array.from({ length: BUCKETS }, (): Bucket<K, V> => NOTHING),
      0,
    );
  }

  /** What stands at a key; `undefined` where nothing does. */
  get(key: K): V | undefined {
    return this.#buckets[bucketOf(key)]?.get(key);
  }

  /** The map after these changes; `undefined` takes a key away. */
  with(changes: ReadonlyMap<K, V | undefined>): SharedMap<K, V> {
    const buckets = [...this.#buckets];
    const copied = new Map<number, Map<K, V>>();
    let size = this.size;
    for (const [key, value] of changes) {
      const index = bucketOf(key);
      const bucket = copied.get(index) ?? new Map(buckets[index]);
      copied.set(index, bucket);
      size -= bucket.size;
      if (value === undefined) bucket.delete(key);
      else bucket.set(key, value);
      size += bucket.size;
    }
    for (const [index, bucket] of copied) buckets[index] = bucket.size === 0 ? NOTHING : bucket;
    return new SharedMap<K, V>(buckets, size);
  }

  /** Every entry by which `after` differs from this map, told by reference. In no order that means anything. */
  *differences(after: SharedMap<K, V>): Iterable<Difference<K, V>> {
    for (let index = 0; index < BUCKETS; index += 1) {
      const mine = this.#buckets[index] ?? NOTHING;
      const theirs = after.#buckets[index] ?? NOTHING;
      if (mine !== theirs) yield* bucketDifferences(mine, theirs);
    }
  }
}

function* bucketDifferences<K, V>(before: Bucket<K, V>, after: Bucket<K, V>): Iterable<Difference<K, V>> {
  for (const [key, value] of before) {
    if (after.get(key) !== value) yield { key, before: value, after: after.get(key) };
  }
  for (const [key, value] of after) {
    if (!before.has(key)) yield { key, before: undefined, after: value };
  }
}

/** FNV-1a over the UTF-16 code units, folded into the number of buckets. */
function bucketOf(key: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01_00_01_93);
  }
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1);
}
