import { assertNever, DEFAULT_TOTAL } from '../base/index.js';
import type { ObjectKey, TrafficTotal, Translation } from '../base/index.js';
import type { CanaryStrategy, Rollout, RolloutRecord, WorldView } from '../model/index.js';
import type { RolloutIntent } from './intent.js';
import { managedRoutes } from './managed-routes.js';
import { rolloutProblems } from './problems.js';
import { blueGreenRoles, canaryRoles } from './roles.js';
import { isAborted, readyOf, situationOf } from './situation.js';
import { split } from './split.js';

/**
 * What a Rollout means for traffic, whichever hosts it shapes; `undefined` where it shapes none: it is gone, no version of
 * it was ever usable, or its strategy is Kubernetes' own. Never throws for what a user or Argo wrote.
 */
export function rolloutIntent(world: WorldView, rollout: ObjectKey): Translation<RolloutIntent | undefined> {
  const record = world.rollout(rollout);
  const good = record?.good;
  if (record === undefined || good === undefined) return { value: undefined, problems: [] };
  const { strategy } = good;
  switch (strategy.kind) {
    case 'none':
      return { value: undefined, problems: [] };
    case 'canary': {
      const { value, problems } = canaryIntent(world, record, good, strategy);
      // Of a Rollout that shapes nothing no pods are known, so they are not missing either.
      const isAlone = world.claims(rollout).length === 0;
      // What a spec that can not be used names is judged once it can be.
      const named = good.standing === 'invalid' ? [] : rolloutProblems(world, good);
      return { value, problems: [...named, ...(isAlone ? [] : problems)] };
    }
    case 'blue-green':
      return { value: blueGreenIntent(world, record, good), problems: rolloutProblems(world, good) };
    default:
      return assertNever(strategy);
  }
}

function canaryIntent(
  world: WorldView,
  record: RolloutRecord,
  rollout: Rollout,
  strategy: CanaryStrategy,
): Translation<RolloutIntent> {
  const situation = situationOf(world, record, rollout, strategy);
  const nothing = unknownYet(rollout, strategy.total);
  if (situation === undefined) return { value: nothing, problems: [] };
  const { value: backends, problems } = split(situation);
  if (backends.length === 0) return { value: nothing, problems };
  const { stable, canary } = situation;
  const managed = managedRoutes(situation, backends);
  return { value: { ...nothing, stable, canary, split: backends, managed, roles: canaryRoles(situation) }, problems };
}

function blueGreenIntent(world: WorldView, record: RolloutRecord, rollout: Rollout): RolloutIntent {
  const roles = blueGreenRoles(rollout, isAborted(record, rollout), readyOf(world, rollout));
  return { ...unknownYet(rollout, DEFAULT_TOTAL), stable: rollout.status.stableHash, roles };
}

/** Nothing is told apart: every host leads to whatever is ready behind it. */
function unknownYet(rollout: Rollout, total: TrafficTotal): RolloutIntent {
  return {
    rollout: rollout.key,
    total,
    stable: undefined,
    canary: undefined,
    split: [],
    managed: [],
    roles: new Map(),
  };
}
