import type { PodTemplateHash } from '../base/index.js';
import { adoptingHash } from '../model/index.js';
import type { CanaryStrategy, Rollout, RolloutRecord, Version, WorldView } from '../model/index.js';

/** All that the rules of a canary look at, gathered once. */
export interface Situation {
  readonly rollout: Rollout;
  readonly strategy: CanaryStrategy;
  readonly stable: PodTemplateHash;
  /** The version that is on its way; `undefined` once it is the stable one. */
  readonly canary: PodTemplateHash | undefined;
  readonly aborted: boolean;
  readonly walked: number | undefined;
  /** Whether the canary's ReplicaSet is the older one: a rollback, so the steps were written for other versions. */
  readonly isCanaryOlder: boolean;
  readonly ready: Ready;
  /** Whether any pod behind the Rollout's Services is ready, be it of a version that the Rollout does not name. */
  readonly isAnyReady: boolean;
}

/** How many ready pods a version has behind the Rollout's Services. */
export type Ready = (hash: PodTemplateHash) => number;

/** The situation of a canary; `undefined` before Argo has named a stable version. */
export function situationOf(
  world: WorldView,
  record: RolloutRecord,
  rollout: Rollout,
  strategy: CanaryStrategy,
): Situation | undefined {
  const { currentPodHash: current, stableHash: stable } = rollout.status;
  if (stable === undefined) return undefined;
  const canary = current === stable ? undefined : current;
  return {
    rollout,
    strategy,
    stable,
    canary,
    aborted: isAborted(record, rollout),
    walked: record.walked,
    isCanaryOlder: canary !== undefined && isOlder(world, rollout, canary, stable),
    ready: readyOf(world, rollout),
    isAnyReady: [...world.readyPods(rollout.key).values()].some((count) => count > 0),
  };
}

/** An abort counts from the moment anyone has said it, in the version in force or in a newer one that is not used. */
export function isAborted(record: RolloutRecord, rollout: Rollout): boolean {
  return record.aborted || rollout.status.aborted;
}

/** Ready pods by version; those that a version adopts are counted with it. */
export function readyOf(world: WorldView, { key }: Rollout): Ready {
  const counts = world.readyPods(key);
  return (hash) => counts.get(hash) ?? 0;
}

/** A version of a Rollout, with the pods that it adopts. */
export function versionOf(rollout: Rollout, hash: PodTemplateHash): Version {
  return { kind: 'hash', hash, adopts: hash === adoptingHash(rollout) };
}

/** Both times are RFC 3339 in UTC; a version whose ReplicaSet is not known is taken for the newer one. */
function isOlder(world: WorldView, rollout: Rollout, hash: PodTemplateHash, than: PodTemplateHash): boolean {
  const sets = world.replicaSets(rollout.key);
  const mine = sets.get(hash)?.createdAt ?? '';
  const other = sets.get(than)?.createdAt ?? '';
  return mine !== '' && other !== '' && mine < other;
}
