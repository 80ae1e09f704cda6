import type { ObjectKey } from '../base/index.js';
import { HASH_LABEL } from './meta.js';
import { MultiMap } from './multi-map.js';
import type { Service } from './objects.js';

/** Labels of pods in a namespace. */
export interface Labelled {
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
}

/**
 * Whether a Service selects pods with these labels. Argo Rollouts writes the version's hash into selectors, so that label is
 * left out; a Service that selects by nothing else selects nothing.
 */
export function selects(service: Service, labels: ReadonlyMap<string, string>): boolean {
  const pairs = pairsOf(service);
  return pairs.length > 0 && pairs.every(([label, value]) => labels.get(label) === value);
}

/**
 * Finds the Services that may select a Rollout's pods and the other way round, without looking at all of them.
 *
 * A Service is filed under one pair of its selector, for all of them must match; a Rollout under each of its labels.
 */
export class SelectorIndex {
  readonly #services = new MultiMap<string, ObjectKey>();
  readonly #rollouts = new MultiMap<string, ObjectKey>();
  readonly #filedUnder = new Map<ObjectKey, string>();

  /** Files a Service anew; `undefined` when it is gone. */
  setService(key: ObjectKey, service: Service | undefined): void {
    const before = this.#filedUnder.get(key);
    if (before !== undefined) this.#services.delete(before, key);
    this.#filedUnder.delete(key);
    const after = service === undefined ? undefined : this.#rarestPair(service);
    if (after === undefined) return;
    this.#filedUnder.set(key, after);
    this.#services.add(after, key);
  }

  /** Files a Rollout. */
  addRollout(key: ObjectKey, pods: Labelled): void {
    for (const pair of pairsWithNamespace(pods)) this.#rollouts.add(pair, key);
  }

  /** Takes a Rollout out that was filed with the same labels. */
  removeRollout(key: ObjectKey, pods: Labelled): void {
    for (const pair of pairsWithNamespace(pods)) this.#rollouts.delete(pair, key);
  }

  /** Services that may select these pods: each one that does is among them. */
  servicesFor(pods: Labelled): readonly ObjectKey[] {
    return pairsWithNamespace(pods).flatMap((pair) => [...this.#services.get(pair)]);
  }

  /** Rollouts whose pods a filed Service may select: each one whose pods it does select is among them. */
  rolloutsFor(service: Service): ReadonlySet<ObjectKey> {
    return this.#rollouts.get(this.#filedUnder.get(service.key) ?? '');
  }

  /** The pair that fewest other Services are filed under, so that a label which all of them have does no harm. */
  #rarestPair(service: Service): string | undefined {
    let best: { readonly pair: string; readonly count: number } | undefined;
    for (const [label, value] of pairsOf(service)) {
      const pair = pairKey(service.namespace, label, value);
      const count = this.#services.get(pair).size;
      if (best === undefined || count < best.count) best = { pair, count };
    }
    return best?.pair;
  }
}

function pairsOf(service: Service): readonly (readonly [string, string])[] {
  return [...service.selector].filter(([label]) => label !== HASH_LABEL);
}

function pairsWithNamespace({ namespace, labels }: Labelled): readonly string[] {
  return [...labels].map(([label, value]) => pairKey(namespace, label, value));
}

function pairKey(namespace: string, label: string, value: string): string {
  return JSON.stringify([namespace, label, value]);
}
