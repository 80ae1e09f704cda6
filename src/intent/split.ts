import { clampWeight, NO_WEIGHT } from '../base/index.js';
import type { PodTemplateHash, Problem, TrafficWeight, Translation } from '../base/index.js';
import { desiredShares } from './desired.js';
import type { Share } from './desired.js';
import type { Backend } from './intent.js';
import { rolloutProblem } from './problems.js';
import { versionOf } from './situation.js';
import type { Situation } from './situation.js';

/**
 * The split of a canary as it is served: stable, canary, then experiments by hash; sums to the total.
 *
 * A version without a ready pod gets nothing as long as any version has one: its share goes to the first that has, and a
 * problem says so. Stable and canary are in the list even without traffic, so that their clusters are warm when it comes.
 */
export function split(s: Situation): Translation<readonly Backend[]> {
  const { value: shares, problems } = desiredShares(s);
  const heir = shares.find(({ hash }) => s.ready(hash) > 0)?.hash ?? s.stable;
  const served = new Map<PodTemplateHash, TrafficWeight>();
  const empty: Problem[] = [];
  for (const share of shares) {
    const isEmpty = share.weight > 0 && s.ready(share.hash) === 0;
    const to = isEmpty ? heir : share.hash;
    served.set(to, clampWeight((served.get(to) ?? NO_WEIGHT) + share.weight, s.strategy.total));
    // Scaled to nothing on purpose is nothing to complain of.
    if (isEmpty && s.rollout.replicas > 0) empty.push(emptyVersion(s, share, heir));
  }
  const backends: Backend[] = [];
  for (const { hash } of shares) {
    const weight = served.get(hash) ?? NO_WEIGHT;
    if (weight > 0 || hash === s.stable || hash === s.canary)
      backends.push({ version: versionOf(hash, s.stable), weight });
  }
  return { value: backends, problems: [...problems, ...empty] };
}

function emptyVersion(s: Situation, share: Share, heir: PodTemplateHash): Problem {
  const part = `${share.weight} of ${s.strategy.total}`;
  const instead =
    s.ready(heir) > 0 ? `its share, ${part}, goes to ${heir} until it has one` : 'no version has one, so requests fail';
  return rolloutProblem(s.rollout, 'VERSION_EMPTY', {
    path: share.path,
    value: share.hash,
    expected: `a version with a ready pod behind the Rollout's Services: ${instead}`,
  });
}
