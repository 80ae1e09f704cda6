import { type ObjectKey, OUTBOUND } from '../../base/index.js';
import { ownerOf } from '../../snapshot/index.js';
import type { TypeState } from './type-state.js';

/** What a client wants to know about: these Services, or all. */
export type Interests = ReadonlySet<ObjectKey> | 'all';

/** What a client has to hear of, by what it asked for; a scope may narrow it. */
export function interestsOf(types: Iterable<TypeState>): Interests {
  const keys = new Set<ObjectKey>();
  for (const { kind, subscription } of types) {
    // Under a wildcard there is one listener, and it never changes.
    if ((subscription.wildcard && kind !== 'listener') || subscription.names.has(OUTBOUND)) return 'all';
    for (const name of subscription.names.keys()) {
      const key = ownerOf(kind, name);
      if (key !== undefined) keys.add(key);
    }
  }
  return keys;
}
