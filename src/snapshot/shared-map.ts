/** Buckets in a shelf, and shelves. One change copies two lists of this length and one bucket. A power of two. */
const WIDTH = 64;

type Bucket<K, V> = ReadonlyMap<K, V>;

/** Neighbouring buckets: what two maps share of them is passed over at once. */
type Shelf<K, V> = readonly Bucket<K, V>[];

const NO_BUCKET: Bucket<never, never> = new Map<never, never>();
const NO_SHELF: Shelf<never, never> = Array.from({ length: WIDTH }, () => NO_BUCKET);

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
  readonly #shelves: readonly Shelf<K, V>[];

  private constructor(shelves: readonly Shelf<K, V>[], size: number) {
    this.#shelves = shelves;
    this.size = size;
    Object.freeze(this);
  }

  /** The map without entries. */
  static empty<K extends string, V>(): SharedMap<K, V> {
    return new SharedMap<K, V>(
      Array.from({ length: WIDTH }, (): Shelf<K, V> => NO_SHELF),
      0,
    );
  }

  /** What stands at a key; `undefined` where nothing does. */
  get(key: K): V | undefined {
    const place = placeOf(key);
    return this.#shelves[shelfOf(place)]?.[bucketOf(place)]?.get(key);
  }

  /** The map after these changes; `undefined` takes a key away. */
  with(changes: ReadonlyMap<K, V | undefined>): SharedMap<K, V> {
    const copy = new Copy(this.#shelves);
    let size = this.size;
    for (const [key, value] of changes) {
      const bucket = copy.bucket(placeOf(key));
      size -= bucket.size;
      if (value === undefined) bucket.delete(key);
      else bucket.set(key, value);
      size += bucket.size;
    }
    return new SharedMap<K, V>(copy.shelves, size);
  }

  /** Every entry by which `after` differs from this map, told by reference. In no order that means anything. */
  *differences(after: SharedMap<K, V>): Iterable<Difference<K, V>> {
    for (let shelf = 0; shelf < WIDTH; shelf += 1) {
      const mine = this.#shelves[shelf] ?? NO_SHELF;
      const theirs = after.#shelves[shelf] ?? NO_SHELF;
      if (mine !== theirs) yield* shelfDifferences(mine, theirs);
    }
  }
}

/** What a map copies as it changes: each shelf and bucket at most once. */
class Copy<K, V> {
  readonly shelves: Shelf<K, V>[];
  readonly #copied = new Map<number, { readonly buckets: Bucket<K, V>[]; readonly mine: Map<number, Map<K, V>> }>();

  constructor(shelves: readonly Shelf<K, V>[]) {
    this.shelves = [...shelves];
  }

  /** A bucket that may be written to. */
  bucket(place: number): Map<K, V> {
    const { buckets, mine } = this.#shelf(shelfOf(place));
    const index = bucketOf(place);
    const known = mine.get(index);
    if (known !== undefined) return known;
    const bucket = new Map(buckets[index]);
    mine.set(index, bucket);
    buckets[index] = bucket;
    return bucket;
  }

  #shelf(index: number): { readonly buckets: Bucket<K, V>[]; readonly mine: Map<number, Map<K, V>> } {
    const known = this.#copied.get(index);
    if (known !== undefined) return known;
    const shelf = { buckets: [...(this.shelves[index] ?? NO_SHELF)], mine: new Map<number, Map<K, V>>() };
    this.#copied.set(index, shelf);
    this.shelves[index] = shelf.buckets;
    return shelf;
  }
}

function* shelfDifferences<K, V>(before: Shelf<K, V>, after: Shelf<K, V>): Iterable<Difference<K, V>> {
  for (let bucket = 0; bucket < WIDTH; bucket += 1) {
    const mine = before[bucket] ?? NO_BUCKET;
    const theirs = after[bucket] ?? NO_BUCKET;
    if (mine !== theirs) yield* bucketDifferences(mine, theirs);
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

/** FNV-1a over the UTF-16 code units, folded into the number of places. */
function placeOf(key: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01_00_01_93);
  }
  return (hash ^ (hash >>> 16)) & (WIDTH * WIDTH - 1);
}

function shelfOf(place: number): number {
  return Math.floor(place / WIDTH);
}

function bucketOf(place: number): number {
  return place % WIDTH;
}
