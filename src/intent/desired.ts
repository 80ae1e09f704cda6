import { byText, clampWeight, fullWeight, NO_WEIGHT, remainder, showValue } from '../base/index.js';
import type { PodTemplateHash, Problem, TrafficTotal, TrafficWeight, Translation } from '../base/index.js';
import type { CanaryWeights, Step } from '../model/index.js';
import { rolloutProblem } from './problems.js';
import type { Situation } from './situation.js';

/** What one version should get, and where in the Rollout that version is named. */
export interface Share {
  readonly hash: PodTemplateHash;
  readonly weight: TrafficWeight;
  readonly path: string;
}

/**
 * What each version should get, whether it has pods or not: stable first, then the canary, then experiments by hash. Each
 * version once; the weights sum to the total.
 *
 * The first rule that fits decides (Argo Rollouts 1.10, `reconcileTrafficRouting`; where we differ, docs/argo-fidelity.md says why).
 */
export function desiredShares(s: Situation): Translation<readonly Share[]> {
  const { weights } = s.rollout.status;
  if (s.canary === undefined) return sure(retreat(s, previousCanary(s)));
  if (s.aborted) return sure(retreat(s, weights?.canary.hash ?? s.canary));
  if (s.strategy.routing === 'none') return derived(s, s.canary);
  // Nothing recorded yet: Argo itself waits for the stable version's pods.
  return sure(
    weights === undefined ? withStable(s, [canaryShare(s, s.canary, NO_WEIGHT)]) : recorded(s, s.canary, weights),
  );
}

/** `status.canary.weights` as it stands, by hash: what Argo calls those versions by now does not matter. */
function recorded(s: Situation, canary: PodTemplateHash, weights: CanaryWeights): readonly Share[] {
  const { total } = s.strategy;
  const first = canaryShare(s, weights.canary.hash ?? canary, clampWeight(weights.canary.weight, total));
  const shares = [first, canaryShare(s, canary, NO_WEIGHT)];
  let left = remainder(total, first.weight);
  const additional = weights.additional.map((one, index) => ({
    ...one,
    path: `status.canary.weights.additional[${index}].podTemplateHash`,
  }));
  for (const { hash, weight, path } of additional.toSorted((a, b) => byText(a.hash ?? '', b.hash ?? ''))) {
    if (hash === undefined) continue;
    const taken = clampWeight(Math.min(weight, left), total);
    left = clampWeight(left - taken, total);
    shares.push({ hash, weight: taken, path });
  }
  if (weights.stable.hash !== undefined) {
    shares.push({ hash: weights.stable.hash, weight: left, path: 'status.canary.weights.stable.podTemplateHash' });
  }
  return withStable(s, shares);
}

/**
 * Without a provider Argo records no weights, but it completes a setWeight step in the same status in which it would have
 * set the weight: what the completed steps say last is in force.
 */
function derived(s: Situation, canary: PodTemplateHash): Translation<readonly Share[]> {
  const { steps, total } = s.strategy;
  const { promoteFull, stepIndex } = s.rollout.status;
  // `promote --full` moves the index to the end at once, and Argo holds the weight it had before.
  const held = promoteFull ? s.walked : undefined;
  const step = lastSetWeight(steps, held ?? stepIndex ?? 0);
  const jumped = held === undefined && (promoteFull || (stepIndex ?? 0) >= steps.length);
  // What was in force on the way stays: with setCanaryScale few pods may carry much on purpose.
  const bearable = Math.max(carries(s, canary), lastSetWeight(steps, s.walked ?? 0).weight);
  const weight = jumped ? clampWeight(Math.min(step.weight, bearable), total) : step.weight;
  return {
    value: withStable(s, [canaryShare(s, canary, weight)]),
    problems: weight < step.weight && s.ready(canary) > 0 ? [capped(s, step, weight)] : [],
  };
}

/** The last `setWeight` among the steps below `index`; none is 0, as Argo has it. */
function lastSetWeight(
  steps: readonly Step[],
  index: number,
): { readonly index: number; readonly weight: TrafficWeight } {
  const at = steps.slice(0, Math.max(index, 0)).findLastIndex((step) => step.setWeight !== undefined);
  return { index: at, weight: steps[at]?.setWeight ?? NO_WEIGHT };
}

/**
 * Everything back to stable. With dynamicStableScale the stable version may have few pods left by then: the version that is
 * left behind keeps what those can not carry, though never more than it has (argo-rollouts #2235, #3020).
 */
function retreat(s: Situation, from: PodTemplateHash | undefined): readonly Share[] {
  if (from === undefined) return withStable(s, []);
  const { dynamicStableScale, steps, total } = s.strategy;
  const present = s.rollout.status.weights?.canary.weight ?? lastSetWeight(steps, s.walked ?? 0).weight;
  const kept = dynamicStableScale ? Math.min(present, remainder(total, carries(s, s.stable))) : NO_WEIGHT;
  const canary = s.canary === undefined ? [] : [canaryShare(s, s.canary, NO_WEIGHT)];
  return withStable(s, [canaryShare(s, from, clampWeight(kept, total)), ...canary]);
}

/** The canary that a rollback to stable leaves behind: with dynamicStableScale it has to go on serving for a while. */
function previousCanary(s: Situation): PodTemplateHash | undefined {
  return s.strategy.dynamicStableScale ? s.rollout.status.weights?.canary.hash : undefined;
}

/** What a version's ready pods can carry, each of them its part of `spec.replicas`. */
function carries(s: Situation, hash: PodTemplateHash): TrafficWeight {
  const { replicas } = s.rollout;
  const { total } = s.strategy;
  return replicas > 0 ? clampWeight((total * s.ready(hash)) / replicas, total) : fullWeight(total);
}

/** Puts stable first, with all that the others leave. Of two shares for one version the weights add up. */
function withStable(s: Situation, shares: readonly Share[]): readonly Share[] {
  const { total } = s.strategy;
  const byHash = new Map<PodTemplateHash, Share>();
  let taken = NO_WEIGHT;
  for (const share of shares) {
    if (share.hash === s.stable) continue;
    byHash.set(share.hash, {
      ...share,
      weight: plus(byHash.get(share.hash)?.weight ?? NO_WEIGHT, share.weight, total),
    });
    taken = plus(taken, share.weight, total);
  }
  return [{ hash: s.stable, weight: remainder(total, taken), path: 'status.stableRS' }, ...byHash.values()];
}

function plus(a: TrafficWeight, b: TrafficWeight, total: TrafficTotal): TrafficWeight {
  return clampWeight(a + b, total);
}

function canaryShare(s: Situation, hash: PodTemplateHash, weight: TrafficWeight): Share {
  return {
    hash,
    weight,
    path: hash === s.canary ? 'status.currentPodHash' : 'status.canary.weights.canary.podTemplateHash',
  };
}

function capped(
  s: Situation,
  step: { readonly index: number; readonly weight: number },
  weight: TrafficWeight,
): Problem {
  const ready = s.canary === undefined ? 0 : s.ready(s.canary);
  return rolloutProblem(s.rollout, 'WEIGHT_CAPPED', {
    path: `spec.strategy.canary.steps[${step.index}].setWeight`,
    value: showValue(step.weight),
    expected: `ready pods to carry it: ${ready} of ${s.rollout.replicas} are ready, so the canary gets ${weight} of ${s.strategy.total} until there are more`,
  });
}

function sure<T>(value: T): Translation<T> {
  return { value, problems: [] };
}
