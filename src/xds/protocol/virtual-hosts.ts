import type { ObjectKey } from '../../base/index.js';
import type { EncodedResource } from '../../codec/index.js';
import { ownerOf } from '../../snapshot/index.js';
import { wanted } from './coverage.js';
import type { Scene } from './scene.js';
import type { TypeState } from './type-state.js';

/**
 * What was asked for may have come since, and then goes by its own name; or it may have gone, and then it is unknown by the
 * names that were asked: a client that comes back tells it by those.
 */
export function readdress(state: TypeState, { view }: Scene): void {
  for (const [name, names] of [...state.aliases]) {
    const own = view.get(state.kind, name)?.name;
    if (own === name || (own === undefined && state.leaving.has(name))) continue;
    state.aliases.delete(name);
    const isForced = state.forced.delete(name);
    for (const asked of names) {
      const to = own ?? asked;
      state.aliases.set(to, new Set([...(state.aliases.get(to) ?? []), asked]));
      if (isForced) state.forced.add(to);
    }
  }
}

/**
 * Services of which one virtual host can not go now, or come. Its domains may be another one's when the ports of the Service
 * have changed, and Envoy refuses the same domain twice: so all of them go together.
 */
export function partedHosts(state: TypeState, scene: Scene, calm: boolean): ReadonlySet<ObjectKey> {
  const hosts = new Set<ObjectKey>();
  if (state.kind !== 'virtualHost') return hosts;
  const part = (name: string): void => {
    const host = ownerOf(state.kind, name);
    if (host !== undefined) hosts.add(host);
  };
  for (const name of [...state.forced, ...state.dirty]) {
    const resource = wanted(state, scene.view, name);
    const isLate = !calm && !state.forced.has(name);
    if (isLate || (resource !== undefined && scene.isEarly(resource))) part(name);
  }
  const ripe = new Set(calm ? scene.ripe(state) : []);
  for (const name of state.leaving.keys()) if (!ripe.has(name)) part(name);
  return hosts;
}

/** Whether a resource has to wait for others of its Service: unless the client has it, and it only answers once more. */
export function isParted(state: TypeState, resource: EncodedResource, parted: ReadonlySet<ObjectKey>): boolean {
  if (parted.size === 0 || state.versionOf(resource.name) === resource.version) return false;
  const host = ownerOf(resource.kind, resource.name);
  return host !== undefined && parted.has(host);
}
