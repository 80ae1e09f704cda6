import { assertNever, type PodTemplateHash } from '../base/index.js';
import type { Rollout } from './objects.js';

/**
 * The version that pods without any hash count to, so that a Deployment can become a Rollout without a gap: the stable one,
 * or the active one of a blue-green Rollout.
 */
export function adoptingHash(rollout: Rollout): PodTemplateHash | undefined {
  const { status, strategy } = rollout;
  if (strategy.kind === 'blue-green') return status.activeHash ?? status.stableHash;
  return status.stableHash;
}

/**
 * Whether the number of ready pods, and not only that there are some, can decide how much a version gets: where the steps
 * are over although the update is not and we derive the weights ourselves (as in a rollback within the rollback window), where
 * stable has given up pods together with traffic, and where an abort leads a blue-green Rollout back to a stable version that
 * has to grow first.
 */
function capacityCounts({ strategy, status }: Rollout): boolean {
  switch (strategy.kind) {
    case 'none':
      return false;
    case 'blue-green':
      return status.activeHash !== status.stableHash;
    case 'canary': {
      if (strategy.dynamicStableScale) return true;
      if (strategy.routing === 'provider' || status.currentPodHash === status.stableHash) return false;
      return status.promoteFull || (status.stepIndex ?? 0) >= strategy.steps.length;
    }
    default:
      return assertNever(strategy);
  }
}

/**
 * Whether a change in the number of ready pods can change what a Rollout means: a version came to life or lost its last pod,
 * or the numbers themselves count.
 */
export function shapesTraffic(
  rollout: Rollout,
  before: ReadonlyMap<PodTemplateHash, number>,
  after: ReadonlyMap<PodTemplateHash, number>,
): boolean {
  const isSame = capacityCounts(rollout)
    ? (had: number, has: number): boolean => had === has
    : (had: number, has: number): boolean => (had === 0) === (has === 0);
  for (const [hash, had] of before) if (!isSame(had, after.get(hash) ?? 0)) return true;
  for (const [hash, has] of after) if (!isSame(before.get(hash) ?? 0, has)) return true;
  return false;
}
