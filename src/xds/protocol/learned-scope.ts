import type { DurationMs, ObjectKey } from '../../base/index.js';
import { HostSet } from '../../snapshot/index.js';

/** So many names that mean no Service yet are remembered a workload; of more than that the first are given up. */
const MOST_AWAITED = 1000;

/** Which Services the proxies of one workload call, learned from what they ask for. Pure but for its own state. */
export class LearnedScope {
  #hosts: HostSet = HostSet.empty;
  readonly #usedAt = new Map<ObjectKey, number>();
  readonly #awaited = new Set<ObjectKey>();

  /** Services that the proxies are served. */
  get hosts(): HostSet {
    return this.#hosts;
  }

  /** Services that were asked for and did not exist. */
  get awaited(): ReadonlySet<ObjectKey> {
    return this.#awaited;
  }

  /** Notes that Services were asked for; gives those that are new in the scope. `exists` tells which there are. */
  ask(keys: Iterable<ObjectKey>, now: number, exists: (key: ObjectKey) => boolean): readonly ObjectKey[] {
    const added: ObjectKey[] = [];
    for (const key of keys) {
      if (this.#usedAt.has(key)) this.#usedAt.set(key, now);
      else if (exists(key)) {
        added.push(key);
        this.#usedAt.set(key, now);
        this.#awaited.delete(key);
      } else this.#remember(key);
    }
    if (added.length > 0) this.#hosts = this.#hosts.with(added);
    return added;
  }

  /** Notes that Services of the scope were in use; others are passed over. */
  use(keys: Iterable<ObjectKey>, now: number): void {
    for (const key of keys) if (this.#usedAt.has(key)) this.#usedAt.set(key, now);
  }

  /** Takes Services out that were not in use for so long; gives them. */
  forget(now: number, after: DurationMs): readonly ObjectKey[] {
    const gone = [...this.#usedAt].filter(([, usedAt]) => now - usedAt >= after).map(([key]) => key);
    for (const key of gone) this.#usedAt.delete(key);
    if (gone.length > 0) this.#hosts = this.#hosts.with([], gone);
    return gone;
  }

  /** Turns to the other of the two forms that a set of hosts has. */
  turn(): void {
    this.#hosts = this.#hosts.turned();
  }

  #remember(key: ObjectKey): void {
    this.#awaited.delete(key);
    this.#awaited.add(key);
    const [first] = this.#awaited;
    if (first !== undefined && this.#awaited.size > MOST_AWAITED) this.#awaited.delete(first);
  }
}
