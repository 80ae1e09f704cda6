import type { ObjectKey } from '../../base/index.js';
import type { Interests } from '../protocol/interests.js';
import type { XdsPublication } from './options.js';

/** With more Services than this it costs less to look at somebody with every change than to keep an index of what it wants. */
const MOST_INDEXED = 64;

/** Somebody who has to know of some changes. */
export interface Listener {
  /** Takes over a publication. */
  publish(publication: XdsPublication): void;
}

/** Who has to know of a change: found by the Services that changed, so that it costs nothing for all others. */
export class Audience<T> {
  readonly #interests = new Map<T, Interests>();
  readonly #all = new Set<T>();
  readonly #byHost = new Map<ObjectKey, Set<T>>();

  /** Says what somebody wants to know from now on. */
  set(who: T, interests: Interests): void {
    const kept = interests !== 'all' && interests.size > MOST_INDEXED ? 'all' : interests;
    if (kept === 'all' && this.#all.has(who)) return;
    this.delete(who);
    this.#interests.set(who, kept);
    if (kept === 'all') this.#all.add(who);
    else for (const key of kept) this.#of(key).add(who);
  }

  /** Takes somebody away. */
  delete(who: T): void {
    const interests = this.#interests.get(who);
    this.#interests.delete(who);
    this.#all.delete(who);
    if (interests === undefined || interests === 'all') return;
    for (const key of interests) {
      const audience = this.#byHost.get(key);
      audience?.delete(who);
      if (audience?.size === 0) this.#byHost.delete(key);
    }
  }

  /** Everybody who wants to know of one of these, each once. */
  of(hosts: readonly ObjectKey[]): Iterable<T> {
    const found = new Set(this.#all);
    for (const key of hosts) for (const who of this.#byHost.get(key) ?? []) found.add(who);
    return found;
  }

  #of(key: ObjectKey): Set<T> {
    const known = this.#byHost.get(key);
    if (known !== undefined) return known;
    const made = new Set<T>();
    this.#byHost.set(key, made);
    return made;
  }
}
