import { byText, type ObjectKey } from '../base/index.js';

/** Services that a proxy calls. A frozen value; what is made for one is kept by its identity, so equal sets should be one object. */
export class HostSet {
  /** No Service at all. */
  static readonly empty: HostSet = new HostSet(new Set());

  /** In text order. */
  readonly keys: readonly ObjectKey[];
  readonly #members: ReadonlySet<ObjectKey>;

  private constructor(members: ReadonlySet<ObjectKey>) {
    this.#members = members;
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
    const isSame = members.size === this.#members.size && this.keys.every((key) => members.has(key));
    return isSame ? this : new HostSet(members);
  }
}
