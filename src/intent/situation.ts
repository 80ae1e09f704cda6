import type { PodTemplateHash } from '../base/index.js';
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
  };
}

/** An abort counts from the moment anyone has said it, in the version in force or in a newer one that is not used. */
export function isAborted(record: RolloutRecord, rollout: Rollout): boolean {
  return record.aborted || rollout.status.aborted;
}

/**
 * Ready pods by version. The stable version also counts those that it adopts: a Deployment's pods have no hash, and while
 * it becomes a Rollout they are all there is.
 */
export function readyOf(world: WorldView, rollout: Rollout): Ready {
  const counts = world.readyPods(rollout.key);
  return (hash) => {
    const count = counts.get(hash) ?? 0;
    return count === 0 && hash === rollout.status.stableHash ? adopted(world, rollout, hash) : count;
  };
}

/** A version of a Rollout; its stable version adopts pods without a hash. */
export function versionOf(hash: PodTemplateHash, stable: PodTemplateHash | undefined): Version {
  return { kind: 'hash', hash, adopts: hash === stable };
}

function adopted(world: WorldView, rollout: Rollout, hash: PodTemplateHash): number {
  let most = 0;
  for (const { service } of world.claims(rollout.key)) {
    for (const port of world.service(service)?.ports ?? []) {
      most = Math.max(most, world.endpoints(service, port, versionOf(hash, hash)).length);
    }
  }
  return most;
}

/** Both times are RFC 3339 in UTC; a version whose ReplicaSet is not known is taken for the newer one. */
function isOlder(world: WorldView, rollout: Rollout, hash: PodTemplateHash, than: PodTemplateHash): boolean {
  const sets = world.replicaSets(rollout.key);
  const mine = sets.get(hash)?.createdAt ?? '';
  const other = sets.get(than)?.createdAt ?? '';
  return mine !== '' && other !== '' && mine < other;
}
