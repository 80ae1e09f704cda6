import type { ObjectKey, Problem } from '../base/index.js';
import type { Rollout } from './objects.js';
import type { RolloutRecord } from './world-view.js';

/**
 * What is known once a version came that can be used. Only a settled one replaces a settled one: until Argo Rollouts has
 * written the status that belongs to a spec, the two say nothing together.
 */
export function withApplied(
  before: RolloutRecord | undefined,
  object: Rollout,
  problems: readonly Problem[],
): RolloutRecord {
  const inForce = before?.good;
  const keepsOld = object.standing !== 'settled' && inForce?.standing === 'settled';
  const good = keepsOld ? inForce : object;
  return { key: object.key, good, aborted: object.status.aborted, walked: walkedOf(before, good, object), problems };
}

/** What is known once a version came that can not be used: the last good one stays, the abort in it counts. */
export function withRejected(
  before: RolloutRecord | undefined,
  key: ObjectKey,
  { aborted, problems }: { readonly aborted: boolean; readonly problems: readonly Problem[] },
): RolloutRecord {
  return { key, good: before?.good, aborted, walked: before?.walked, problems };
}

/** The newest step seen under way, kept as long as it is of the same pods. */
function walkedOf(before: RolloutRecord | undefined, good: Rollout, newest: Rollout): number | undefined {
  const kept = before?.good?.status.currentPodHash === good.status.currentPodHash ? before?.walked : undefined;
  const { stepIndex, promoteFull } = good.status;
  if (good.strategy.kind !== 'canary' || stepIndex === undefined) return kept;
  const isUnderWay = stepIndex < good.strategy.steps.length && !promoteFull && !newest.status.aborted;
  return isUnderWay ? stepIndex : kept;
}
