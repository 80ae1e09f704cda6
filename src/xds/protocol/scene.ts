import { byText, type DurationMs, OUTBOUND } from '../../base/index.js';
import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import { referrersOf, type View } from '../../snapshot/index.js';
import { lingers, wanted } from './coverage.js';
import type { Held, TypeState } from './type-state.js';

/** The states of the types that a client has on its streams. */
export type TypeStates = ReadonlyMap<ResourceKind, TypeState>;

/** What a scene is made of. Times are milliseconds of one clock that never goes back. */
export interface SceneOptions {
  readonly types: TypeStates;
  readonly view: View;
  /** `OwedEndpoints.departed`. */
  readonly departed: ReadonlyMap<string, EncodedResource>;
  readonly now: number;
  /** How long something that nothing refers to any more is left in place, for requests that are under way. */
  readonly drainDelay: DurationMs;
  /** Until then a client that reconnected, or lost a stream, is expected to name its other types. */
  readonly graceUntil: number;
}

/** Kinds that decide where requests go. */
const ROUTING: readonly ResourceKind[] = ['listener', 'route', 'virtualHost'];

/**
 * One look at all types of a client: what may go before what. The order is make before break (xDS protocol, "Eventual
 * consistency considerations"), but by what depends on what and not by type: a route waits for its own clusters, a
 * cluster stays for as long as a route of the client refers to it, endpoints stay for as long as their cluster.
 */
export class Scene {
  readonly view: View;
  readonly departed: ReadonlyMap<string, EncodedResource>;
  readonly #options: SceneOptions;
  #missing: Missing | undefined;
  #inMotion: boolean | undefined;
  #wakeAt: number | undefined;

  constructor(options: SceneOptions) {
    this.view = options.view;
    this.departed = options.departed;
    this.#options = options;
  }

  /** When to look again even if nothing happens. */
  get wakeAt(): number | undefined {
    return this.#wakeAt;
  }

  /**
   * Whether a resource has to wait because it refers to clusters that the client does not hold yet. Envoy acknowledges
   * such a route and answers 503; that it acknowledged a cluster says that the cluster is warm (Envoy 1.40).
   */
  isGated(state: TypeState, resource: EncodedResource): boolean {
    if (resource.references.length === 0) return false;
    if (!this.#options.types.has('cluster')) return this.#isGrace();
    if (this.isEarly(resource)) return true;
    // A client without any route has nothing to lose: a host with a refused cluster must not cost it all the others.
    return state.holds(resource.name) && this.#waitsForRefused(resource);
  }

  /** Whether a resource refers to clusters that are on their way, or about to be. */
  isEarly(resource: EncodedResource): boolean {
    return leadsToAny(resource, (this.#missing ??= this.#findMissing()).coming);
  }

  /**
   * Whether a change has to wait: gated, or the endpoints of a cluster that the client is about to leave. It may be the last
   * pods of a version that go, and its share with them: Envoy would answer 503 until it has the routes without it.
   */
  mustWait(state: TypeState, resource: EncodedResource): boolean {
    if (this.isGated(state, resource)) return true;
    const { kind, name } = resource;
    return kind === 'endpoint' && state.holds(name) && this.#isRoutingInMotion() && this.#isLeft(name);
  }

  /** Whether anything is about to change where requests go; endpoints come and go far more often. */
  #isRoutingInMotion(): boolean {
    const { types } = this.#options;
    if (!types.has('route')) return true;
    this.#inMotion ??= ROUTING.some((kind) => {
      const state = types.get(kind);
      return state !== undefined && state.dirty.size + state.forced.size + state.flights.size > 0;
    });
    return this.#inMotion;
  }

  /** Names of a type that are gone and can be taken away now. */
  ripe(state: TypeState): readonly string[] {
    const names = [...state.leaving.keys()];
    if (lingers(state.kind)) return names.filter((name) => this.#isRipe(state, name));
    return state.kind !== 'virtualHost' || names.length === 0 || this.#asksAgain() ? names : [];
  }

  #isRipe(state: TypeState, name: string): boolean {
    if (this.#isInUse(state.kind, name)) {
      state.leaving.set(name, undefined);
      return false;
    }
    const { now, drainDelay } = this.#options;
    const since = state.leaving.get(name) ?? now;
    state.leaving.set(name, since);
    if (now >= since + drainDelay) return true;
    this.#wake(since + drainDelay);
    return false;
  }

  /**
   * Whether the client would ask for a virtual host that it had: Envoy 1.40 remembers for which it was answered, and answers
   * 404 to a host that was taken away, until its route configuration brings another `vhds` block. So that one goes first.
   */
  #asksAgain(): boolean {
    const state = this.#options.types.get('route');
    if (state === undefined) return !this.#isGrace();
    const next = wanted(state, this.view, OUTBOUND);
    return next === undefined || state.good.get(OUTBOUND)?.version === next.version || state.isRefused(next);
  }

  #isInUse(kind: ResourceKind, name: string): boolean {
    if (kind === 'endpoint') {
      const state = this.#options.types.get('cluster');
      // A removal that is on its way has not happened yet.
      return state !== undefined && (state.holds(name) || state.flights.get(name) !== undefined);
    }
    if (!this.#options.types.has('route') && this.#isGrace()) return true;
    for (const { held } of this.#routing(name)) if (mayLeadTo(held, name)) return true;
    return referrersOf(name).some(
      (referrer) => this.#options.types.get(referrer.kind)?.flights.get(referrer.name) === 'removal',
    );
  }

  #isGrace(): boolean {
    const { now, graceUntil } = this.#options;
    if (now >= graceUntil) return false;
    this.#wake(graceUntil);
    return true;
  }

  #wake(at: number): void {
    this.#wakeAt = Math.min(at, this.#wakeAt ?? at);
  }

  /** Clusters that the client wants and surely does not hold. A client that names its clusters learns of them from routes. */
  #findMissing(): Missing {
    const coming = new Set<string>();
    const refused = new Set<string>();
    const state = this.#options.types.get('cluster');
    if (state === undefined) return { coming, refused };
    for (const names of [state.dirty, state.forced, state.flights.names(), state.uncertain, state.refused.keys()]) {
      for (const name of names) {
        const resource = state.good.has(name) ? undefined : wanted(state, this.view, name);
        if (resource !== undefined) (state.isRefused(resource) ? refused : coming).add(name);
      }
    }
    return { coming, refused };
  }

  /** Whether routes of the client lead to a cluster, and do no more when their updates have arrived. */
  #isLeft(cluster: string): boolean {
    if (!this.#options.types.has('route') && this.#isGrace()) return !this.#isRouted(cluster);
    for (const { state, name, held } of this.#routing(cluster)) {
      const next = wanted(state, this.view, name);
      if (next === undefined || next.version === held.version || !mayLeadTo(held, cluster)) continue;
      if (!leadsTo(next, cluster) && !state.isRefused(next) && !this.#waitsForRefused(next)) return true;
    }
    return false;
  }

  /** Whether routes lead to a cluster as things stand now, whatever the client has. */
  #isRouted(cluster: string): boolean {
    return referrersOf(cluster).some(({ kind, name }) => {
      const resource = this.view.get(kind, name);
      return resource !== undefined && leadsTo(resource, cluster);
    });
  }

  #waitsForRefused(resource: EncodedResource): boolean {
    return leadsToAny(resource, (this.#missing ??= this.#findMissing()).refused);
  }

  /** What may lead the client's requests to a cluster: what it has, and what it is about to have. */
  *#routing(cluster: string): Iterable<{ readonly state: TypeState; readonly name: string; readonly held: Held }> {
    for (const { kind, name } of referrersOf(cluster)) {
      const state = this.#options.types.get(kind);
      const held = state?.good.get(name);
      const next = state?.flights.get(name);
      if (state !== undefined && held !== undefined) yield { state, name, held };
      if (state !== undefined && next !== undefined && next !== 'removal') yield { state, name, held: next };
    }
  }
}

/** A table has thousands of references, in order. */
function leadsTo({ references }: EncodedResource, cluster: string): boolean {
  let low = 0;
  let high = references.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byText(references[middle] ?? '', cluster) < 0) low = middle + 1;
    else high = middle;
  }
  return references[low] === cluster;
}

/** A table leads to thousands of clusters, a host's routes to a few; thousands are missing at the start, and later a few. */
function leadsToAny(resource: EncodedResource, clusters: ReadonlySet<string>): boolean {
  const { references } = resource;
  if (references.length <= clusters.size) return references.some((reference) => clusters.has(reference));
  for (const cluster of clusters) if (leadsTo(resource, cluster)) return true;
  return false;
}

/** Of an outdated table that a client brought nobody knows where it leads. */
function mayLeadTo(held: Held, cluster: string): boolean {
  return held.kind === 'brought' || leadsTo(held, cluster);
}

interface Missing {
  /** On their way, or about to be. */
  readonly coming: ReadonlySet<string>;
  /** Will not come before their content changes. */
  readonly refused: ReadonlySet<string>;
}
