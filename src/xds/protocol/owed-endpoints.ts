import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import type { Changes, View } from '../../snapshot/index.js';
import type { TypeState } from './type-state.js';

/** So many lists of clusters wait for their endpoints before they become one. */
const MOST_LISTS = 8;

/**
 * Endpoints that a client gets unasked, behind its clusters: one that was sent is warming until they come, and Envoy does not
 * always ask for them. Without a push right behind it stands still for 15 seconds (Envoy 1.40; envoy #33607, #47302).
 */
export class OwedEndpoints {
  readonly #types: ReadonlyMap<ResourceKind, TypeState>;
  readonly #departed = new Map<string, EncodedResource>();
  /** Clusters that were sent before the client asked for any endpoints. */
  #owed: (readonly EncodedResource[])[] = [];

  constructor(types: ReadonlyMap<ResourceKind, TypeState>) {
    this.#types = types;
  }

  /** Endpoints as they last were, of clusters that are gone from the view and that the client may still hold. */
  get departed(): ReadonlyMap<string, EncodedResource> {
    return this.#departed;
  }

  /** Clusters have been sent, and the removal of others. */
  sent(clusters: readonly EncodedResource[], removed: readonly string[], view: View): void {
    const state = this.#types.get('endpoint');
    if (state === undefined) this.#keep(clusters, view);
    else for (const { name } of clusters) this.#push(state, name, view);
    for (const name of removed) this.#departed.delete(name);
  }

  /** The client has asked for endpoints: it gets those of all clusters that it was sent before. */
  asked(state: TypeState, view: View): void {
    for (const clusters of this.#owed) {
      for (const { name } of clusters) if (!isBundled(state, name)) this.#push(state, name, view);
    }
    this.#owed = [];
  }

  /** Remembers what goes with a publication; `before` is what the client saw until then. */
  publish(before: View, { endpoint, cluster }: Changes): void {
    // A client that names its clusters drops them by itself, and tells of no removal.
    for (const name of this.#departed.keys()) if (!this.#isHeld(name)) this.#departed.delete(name);
    for (const name of endpoint.added) this.#departed.delete(name);
    for (const name of cluster.added) this.#departed.delete(name);
    for (const name of endpoint.removed) {
      const last = before.get('endpoint', name);
      if (last !== undefined && this.#isHeld(name)) this.#departed.set(name, last);
    }
  }

  /** A client may never ask for endpoints, while versions come and go: of what is gone nothing is owed. */
  #keep(clusters: readonly EncodedResource[], view: View): void {
    if (this.#owed.length === MOST_LISTS) {
      const each = new Map(this.#owed.flat().map((cluster) => [cluster.name, cluster]));
      this.#owed = [[...each.values()].filter(({ name }) => this.#has(name, view))];
    }
    this.#owed.push(clusters);
  }

  #push(state: TypeState, cluster: string, view: View): void {
    const { names, wildcard } = state.subscription;
    // A client of the state of the world passes over what it did not ask for, and asks for a new cluster's by itself.
    const isExpected = state.variant === 'delta' || wildcard || names.has(cluster);
    if (isExpected && this.#has(cluster, view)) state.forced.add(cluster);
  }

  #has(cluster: string, view: View): boolean {
    return view.get('endpoint', cluster) !== undefined || this.#departed.has(cluster);
  }

  #isHeld(cluster: string): boolean {
    return this.#types.get('cluster')?.holds(cluster) === true;
  }
}

/** Whether it goes out anyway. */
function isBundled({ bulk }: TypeState, name: string): boolean {
  return bulk?.found.get(name) !== undefined;
}
