import { byText } from '../base/index.js';

/** Keys in one chunk at most: a change copies so many, and the list of chunks. */
const CHUNK = 128;

/**
 * A frozen list of keys in text order, each once, that makes its successors cheap: they copy the chunks that a change falls
 * into and share the rest.
 */
export class SortedKeys<K extends string> implements Iterable<K> {
  /** Without empty ones. */
  readonly #chunks: readonly (readonly K[])[];

  private constructor(chunks: readonly (readonly K[])[]) {
    this.#chunks = chunks;
    Object.freeze(this);
  }

  /** The list without keys. */
  static empty<K extends string>(): SortedKeys<K> {
    return new SortedKeys<K>([]);
  }

  *[Symbol.iterator](): Iterator<K> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** Whether any key begins so. */
  some(prefix: string): boolean {
    const chunk = this.#chunks[this.#chunkOf(prefix)] ?? [];
    const next = chunk[firstNotBefore(chunk, prefix)];
    return next?.startsWith(prefix) === true;
  }

  /** The list with `added`, which are not in it, and without `gone`. */
  with(added: readonly K[], gone: ReadonlySet<K>): SortedKeys<K> {
    if (added.length === 0 && gone.size === 0) return this;
    const more = new Map<number, K[]>();
    for (const key of gone) more.set(this.#chunkOf(key), []);
    for (const key of added) {
      const index = this.#chunkOf(key);
      const here = more.get(index);
      if (here === undefined) more.set(index, [key]);
      else here.push(key);
    }
    const chunks = [...this.#chunks];
    // From behind, for what is put in moves what stands behind it.
    for (const [index, keys] of [...more].sort(([a], [b]) => b - a)) {
      const kept = (chunks[index] ?? []).filter((key) => !gone.has(key));
      chunks.splice(index, 1, ...inChunks([...kept, ...keys]));
    }
    return new SortedKeys(chunks);
  }

  /** The first chunk that reaches as far as a key, or else the last one. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = Math.max(this.#chunks.length - 1, 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byText(this.#chunks[middle]?.at(-1) ?? '', key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sorted, in chunks of at most `CHUNK`, all about as long. */
function inChunks<K extends string>(keys: K[]): readonly (readonly K[])[] {
  keys.sort(byText);
  const count = Math.ceil(keys.length / CHUNK);
  const length = Math.ceil(keys.length / count);
  return Array.from({ length: count }, (_, index) => Object.freeze(keys.slice(index * length, (index + 1) * length)));
}

function firstNotBefore(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byText(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
