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

/**
 * What is known once a version came that can not be used. The last good one stays, the abort counts. Where there is no good
 * one, or Argo, which may see nothing wrong, has made another version stable since, everything goes to the stable version.
 */
export function withRejected(
  before: RolloutRecord | undefined,
  key: ObjectKey,
  { rest, problems }: { readonly rest: Rollout | undefined; readonly problems: readonly Problem[] },
): RolloutRecord {
  const kept = before?.good;
  const standIn = stableOnly(rest);
  const isOvertaken = kept?.standing === 'invalid' || kept?.status.stableHash !== standIn?.status.stableHash;
  const good = standIn !== undefined && isOvertaken ? { ...standIn, options: (kept ?? standIn).options } : kept;
  return { key, good, aborted: rest?.status.aborted ?? false, walked: before?.walked, problems };
}

/** A canary as if it had no steps: stable has everything, as long as it has a ready pod. `undefined` before there is a stable version. */
function stableOnly(rest: Rollout | undefined): Rollout | undefined {
  if (rest?.strategy.kind !== 'canary' || rest.status.stableHash === undefined) return undefined;
  const { strategy } = rest;
  return {
    ...rest,
    strategy: { ...strategy, routing: 'none', managedRoutes: [], steps: [], dynamicStableScale: false },
    standing: 'invalid',
  };
}

/** The newest step seen under way, kept as long as it is of the same pods. */
function walkedOf(before: RolloutRecord | undefined, good: Rollout, newest: Rollout): number | undefined {
  const kept = before?.good?.status.currentPodHash === good.status.currentPodHash ? before?.walked : undefined;
  const { stepIndex, promoteFull } = good.status;
  if (good.strategy.kind !== 'canary' || stepIndex === undefined) return kept;
  const isUnderWay = stepIndex < good.strategy.steps.length && !promoteFull && !newest.status.aborted;
  return isUnderWay ? stepIndex : kept;
}
