import { byText, objectKey, type ObjectKey, type PodTemplateHash } from '../base/index.js';
import { MultiMap } from './multi-map.js';
import type { ReplicaSet } from './objects.js';

/** ReplicaSets by the Rollout that owns them. */
export class ReplicaSetIndex {
  readonly #sets = new Map<ObjectKey, ReplicaSet>();
  readonly #owned = new MultiMap<ObjectKey, ReplicaSet>();

  /** Takes over a ReplicaSet, `undefined` when it is gone; gives the Rollouts for which that says something new. */
  set(key: ObjectKey, set: ReplicaSet | undefined): readonly ObjectKey[] {
    const before = this.#sets.get(key);
    if (before !== undefined) this.#owned.delete(ownerOf(before), before);
    this.#sets.delete(key);
    if (set !== undefined) {
      this.#sets.set(key, set);
      this.#owned.add(ownerOf(set), set);
    }
    const isSame =
      before?.hash === set?.hash && before?.rollout === set?.rollout && before?.createdAt === set?.createdAt;
    return isSame ? [] : [before, set].flatMap((one) => (one === undefined ? [] : ownerOf(one)));
  }

  /** ReplicaSets of a Rollout by version. */
  of(rollout: ObjectKey): ReadonlyMap<PodTemplateHash, ReplicaSet> {
    const byHash = new Map<PodTemplateHash, ReplicaSet>();
    for (const set of [...this.#owned.get(rollout)].sort((a, b) => byText(a.key, b.key))) {
      if (set.hash !== undefined && !byHash.has(set.hash)) byHash.set(set.hash, set);
    }
    return byHash;
  }
}

function ownerOf({ namespace, rollout }: ReplicaSet): ObjectKey {
  return objectKey(namespace, rollout);
}
