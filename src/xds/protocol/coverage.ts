import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';
import type { TypeState } from './type-state.js';

/** Kinds that are taken away late: traffic may still flow through them (make before break). */
export function lingers(kind: ResourceKind): boolean {
  return kind === 'cluster' || kind === 'endpoint';
}

/** What a client should have under a name: `undefined` where it did not subscribe to it, or there is none. */
export function wanted(state: TypeState, view: View, name: string): EncodedResource | undefined {
  const { names, wildcard } = state.subscription;
  const isAsked = names.has(name);
  if (!isAsked && !wildcard) return undefined;
  const resource = isAsked ? view.get(state.kind, name) : underWildcard(state.kind, view, name);
  // A virtual host answers to other names too, among them one that was another's before the Service's ports changed.
  return resource?.name === name ? resource : undefined;
}

// API listeners are served by name only, so a listener that exists is not yet part of everything.
function underWildcard(kind: ResourceKind, view: View, name: string): EncodedResource | undefined {
  if (kind !== 'listener') return view.get(kind, name);
  for (const listener of view.all(kind)) if (listener.name === name) return listener;
  return undefined;
}

/** All that a client should have, each once. */
export function* allWanted(state: TypeState, view: View): Iterable<EncodedResource> {
  const { names, wildcard } = state.subscription;
  const given = new Set<string>();
  if (wildcard) {
    for (const resource of view.all(state.kind)) {
      given.add(resource.name);
      yield resource;
    }
  }
  for (const name of names.keys()) {
    const resource = given.has(name) ? undefined : view.get(state.kind, name);
    if (resource !== undefined) yield resource;
  }
}

/** What is gone from the snapshot and still in use at the client; `undefined` also where only its version is known. */
export function lingering(state: TypeState, name: string): EncodedResource | undefined {
  return state.leaving.has(name) ? state.accepted(name) : undefined;
}

/** Whether the client lacks this resource, and it makes sense to send it. */
export function isBehind(state: TypeState, resource: EncodedResource): boolean {
  return state.versionOf(resource.name) !== resource.version && !state.isRefused(resource);
}

/** Notes what has to happen to a name after something changed; true where the client is behind on it. */
export function review(state: TypeState, view: View, name: string): boolean {
  const resource = wanted(state, view, name);
  if (resource === undefined) {
    reviewGone(state, name);
    return false;
  }
  state.leaving.delete(name);
  recognise(state, resource);
  if (!isBehind(state, resource)) {
    state.dirty.delete(name);
    return false;
  }
  state.dirty.add(name);
  return true;
}

/** What a client brought was outdated then, and may be current again: from here on it is known where it leads. */
function recognise(state: TypeState, resource: EncodedResource): void {
  const held = state.good.get(resource.name);
  if (held?.kind === 'brought' && held.version === resource.version) state.good.set(resource.name, resource);
}

function reviewGone(state: TypeState, name: string): void {
  state.dirty.delete(name);
  if (!state.holds(name)) return;
  const { names, wildcard } = state.subscription;
  if (!wildcard && !names.has(name)) state.forget(name);
  else if (!state.leaving.has(name)) state.leaving.set(name, undefined);
}
