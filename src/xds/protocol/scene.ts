import type { DurationMs } from '../../base/index.js';
import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';
import { lingers, wanted } from './coverage.js';
import type { Held, TypeState } from './type-state.js';

/** The states of the types that a client has on its streams. */
export type TypeStates = ReadonlyMap<ResourceKind, TypeState>;

/** What a scene is made of. Times are milliseconds of one clock that never goes back. */
export interface SceneOptions {
  readonly types: TypeStates;
  readonly view: View;
  /** Endpoints as they last were, of clusters that are gone from the view and that the client may still hold. */
  readonly departed: ReadonlyMap<string, EncodedResource>;
  readonly now: number;
  /** How long something that nothing refers to any more is left in place, for requests that are under way. */
  readonly drainDelay: DurationMs;
  /** Until then a client that reconnected, or lost a stream, is expected to name its other types. */
  readonly graceUntil: number;
}

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
  #references: References | undefined;
  #left: ReadonlySet<string> | undefined;
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
    const { coming } = (this.#missing ??= this.#findMissing());
    if (coming.size > 0 && resource.references.some((name) => coming.has(name))) return true;
    // A client without any route has nothing to lose: a host with a refused cluster must not cost it all the others.
    return state.holds(resource.name) && this.#waitsForRefused(resource);
  }

  /**
   * Whether a change has to wait: gated, or the endpoints of a cluster that the client is about to leave. It may be the last
   * pods of a version that go, and its share with them: Envoy would answer 503 until it has the routes without it.
   */
  mustWait(state: TypeState, resource: EncodedResource): boolean {
    if (this.isGated(state, resource)) return true;
    const { kind, name } = resource;
    return kind === 'endpoint' && state.holds(name) && (this.#left ??= this.#findLeft()).has(name);
  }

  /** Names of a type that are gone and can be taken away now. */
  ripe(state: TypeState): readonly string[] {
    return [...state.leaving.keys()].filter((name) => this.#isRipe(state, name));
  }

  #isRipe(state: TypeState, name: string): boolean {
    if (!lingers(state.kind)) return true;
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

  #isInUse(kind: ResourceKind, name: string): boolean {
    if (kind === 'endpoint') {
      const state = this.#options.types.get('cluster');
      // A removal that is on its way has not happened yet.
      return state !== undefined && (state.holds(name) || state.flying.has(name));
    }
    if (!this.#options.types.has('route') && this.#isGrace()) return true;
    const { names, unknown } = (this.#references ??= this.#findReferences());
    return unknown || names.has(name);
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
    for (const names of [state.dirty, state.forced, state.flying.keys(), state.uncertain, state.refused.keys()]) {
      for (const name of names) {
        const resource = state.good.has(name) ? undefined : wanted(state, this.view, name);
        if (resource !== undefined) (state.isRefused(resource) ? refused : coming).add(name);
      }
    }
    return { coming, refused };
  }

  /** Clusters to which routes of the client lead, and do no more when their updates have arrived. */
  #findLeft(): ReadonlySet<string> {
    const left = new Set<string>();
    for (const kind of ['listener', 'route'] as const) {
      const state = this.#options.types.get(kind);
      for (const [name, held] of heldOf(state)) {
        const next = state === undefined ? undefined : wanted(state, this.view, name);
        if (held.kind === 'brought' || next === undefined || next.version === held.version) continue;
        if (state?.isRefused(next) === true || this.#waitsForRefused(next)) continue;
        const stay = new Set(next.references);
        for (const reference of held.references) if (!stay.has(reference)) left.add(reference);
      }
    }
    return left;
  }

  #waitsForRefused({ references }: EncodedResource): boolean {
    const { refused } = (this.#missing ??= this.#findMissing());
    return refused.size > 0 && references.some((name) => refused.has(name));
  }

  #findReferences(): References {
    const names = new Set<string>();
    let unknown = false;
    for (const kind of ['listener', 'route'] as const) {
      for (const [name, held] of heldOf(this.#options.types.get(kind))) {
        const resource = held.kind === 'brought' ? this.#recognise(kind, name, held.version) : held;
        if (resource === undefined) unknown = true;
        else for (const reference of resource.references) names.add(reference);
      }
    }
    return { names, unknown };
  }

  /** What a client brought over a reconnect is known to us if it is still current. */
  #recognise(kind: ResourceKind, name: string, version: string): EncodedResource | undefined {
    const current = this.view.get(kind, name);
    return current?.version === version ? current : undefined;
  }
}

/** What a client has, and what it is about to have. */
function* heldOf(state: TypeState | undefined): Iterable<readonly [name: string, held: Held]> {
  if (state === undefined) return;
  yield* state.good;
  for (const [name, resource] of state.flying) if (resource !== undefined) yield [name, resource];
}

interface Missing {
  /** On their way, or about to be. */
  readonly coming: ReadonlySet<string>;
  /** Will not come before their content changes. */
  readonly refused: ReadonlySet<string>;
}

interface References {
  readonly names: ReadonlySet<string>;
  /** The client holds something of which we do not know what it refers to. */
  readonly unknown: boolean;
}
