import { clampWeight, NO_WEIGHT, showValue } from '../base/index.js';
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
 *
 * Empty where no version has a ready pod but others behind the Services do, as when another Rollout's pods take over: those
 * answer better than nobody.
 */
export function split(s: Situation): Translation<readonly Backend[]> {
  const { value: shares, problems } = desiredShares(s);
  const empty = shares.filter(({ hash, weight }) => weight > 0 && s.ready(hash) === 0);
  const heir = shares.find(({ hash }) => s.ready(hash) > 0)?.hash ?? s.stable;
  const backends = shares.flatMap((share): readonly Backend[] => {
    const weight = servedWeight(s, share, empty, heir);
    const isKept = weight > 0 || share.hash === s.stable || share.hash === s.canary;
    return isKept ? [{ version: versionOf(s.rollout, share.hash), weight }] : [];
  });
  // Scaled to nothing on purpose is nothing to complain of.
  const complaints = s.rollout.replicas > 0 ? empty.map((share) => emptyVersion(s, share, heir)) : [];
  const isForeign = s.isAnyReady && s.ready(heir) === 0;
  return { value: isForeign ? [] : backends, problems: [...problems, ...complaints] };
}

function servedWeight(s: Situation, share: Share, empty: readonly Share[], heir: PodTemplateHash): TrafficWeight {
  const own = empty.includes(share) ? NO_WEIGHT : share.weight;
  if (share.hash !== heir) return own;
  return clampWeight(
    empty.reduce((sum: number, { weight }) => sum + weight, own),
    s.strategy.total,
  );
}

function emptyVersion(s: Situation, share: Share, heir: PodTemplateHash): Problem {
  return rolloutProblem(s.rollout, 'VERSION_EMPTY', {
    path: share.path,
    value: showValue(share.hash),
    expected: `a version with a ready pod behind the Rollout's Services: ${insteadOf(s, share, heir)}`,
  });
}

function insteadOf(s: Situation, { weight }: Share, heir: PodTemplateHash): string {
  if (s.ready(heir) > 0) return `its share, ${weight} of ${s.strategy.total}, goes to ${heir} until it has one`;
  if (s.isAnyReady) return 'no version has one, so whatever other pod is ready there gets the requests';
  return 'no version has one, so requests fail unless a pod that is ending still serves';
}
