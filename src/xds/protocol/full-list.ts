import type { EncodedResource } from '../../codec/index.js';
import { allWanted, lingering, lingers } from './coverage.js';
import type { Scene } from './scene.js';
import type { TypeState } from './type-state.js';

/** Everything the client should have now: what it may not get yet, or refused, stands there as it last accepted it. */
export function fullList(
  state: TypeState,
  scene: Scene,
  fresh: readonly EncodedResource[],
  removed: readonly string[],
): readonly EncodedResource[] {
  const list = new Map<string, EncodedResource>();
  const news = new Map(fresh.map((resource) => [resource.name, resource]));
  for (const resource of allWanted(state, scene.view)) {
    const isThere = state.versionOf(resource.name) === resource.version;
    const chosen = news.get(resource.name) ?? (isThere ? resource : state.accepted(resource.name));
    if (chosen !== undefined) list.set(resource.name, chosen);
  }
  if (lingers(state.kind)) {
    const gone = new Set(removed);
    for (const name of state.leaving.keys()) {
      const held = lingering(state, name);
      if (held !== undefined && !gone.has(name)) list.set(name, held);
    }
  }
  for (const resource of fresh) list.set(resource.name, resource);
  return [...list.values()];
}
