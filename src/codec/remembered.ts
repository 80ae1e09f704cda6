import type { EncodedResource } from './resource.js';
import { owned } from './wire.js';

/** Bytes that are made of a resource once and live as long as it does. */
export type Bytes = WeakMap<EncodedResource, Uint8Array>;

/** Those of `entries`, made and put there if they are not yet. */
export function remembered<R extends EncodedResource>(
  entries: Bytes,
  resource: R,
  make: (resource: R) => Uint8Array,
): Uint8Array {
  const known = entries.get(resource);
  if (known !== undefined) return known;
  const made = owned(make(resource));
  entries.set(resource, made);
  return made;
}
