import { byText, type ObjectKey } from '../base/index.js';

/** Services that a proxy calls. A frozen value; what is made for one is kept by its identity, so equal sets should be one object. */
export class HostSet {
  /** No Service at all. */
  static readonly empty: HostSet = new HostSet(new Set(), 'even');

  /** In text order. */
  readonly keys: readonly ObjectKey[];
  /** Another one whenever Services go: the proxy has to be told in its table that it may ask for them again (`Assembly.onDemandTable`). */
  readonly turn: Turn;
  readonly #members: ReadonlySet<ObjectKey>;

  private constructor(members: ReadonlySet<ObjectKey>, turn: Turn) {
    this.#members = members;
    this.turn = turn;
    this.keys = Object.freeze([...members].sort(byText));
    Object.freeze(this);
  }

  has(key: ObjectKey): boolean {
    return this.#members.has(key);
  }

  /** The set with some Services more and others less; itself where that makes no difference. A key in both is gone. */
  with(added: Iterable<ObjectKey>, gone: Iterable<ObjectKey> = []): HostSet {
    const members = new Set([...this.#members, ...added]);
    for (const key of gone) members.delete(key);
    const hasAll = this.keys.every((key) => members.has(key));
    if (hasAll && members.size === this.#members.size) return this;
    return new HostSet(members, hasAll ? this.turn : OTHER[this.turn]);
  }

  /** The same Services with the other turn. */
  turned(): HostSet {
    return new HostSet(this.#members, OTHER[this.turn]);
  }
}

/** One of two values that take turns. */
export type Turn = 'even' | 'odd';

const OTHER: Readonly<Record<Turn, Turn>> = { even: 'odd', odd: 'even' };
