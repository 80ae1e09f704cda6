import type { EncodedResource } from '../../codec/index.js';

/** So many lists that were made last are compared with a new one. */
const RECENT = 8;

/** With fewer entries a list is searched from its start. */
const SHORT = 8;

/** Resources of one response. Equal responses to many clients hold the same object. */
export class ResourceList {
  readonly resources: readonly EncodedResource[];
  #index: ReadonlyMap<string, EncodedResource> | undefined;

  constructor(resources: readonly EncodedResource[]) {
    this.resources = resources;
  }

  /** The resource of a name; `undefined` where the list has none. */
  get(name: string): EncodedResource | undefined {
    if (this.resources.length > SHORT) return this.byName.get(name);
    return this.resources.find((resource) => resource.name === name);
  }

  /** All of them by name: made once, shared, never changed. */
  get byName(): ReadonlyMap<string, EncodedResource> {
    return (this.#index ??= new Map(this.resources.map((resource) => [resource.name, resource])));
  }
}

/**
 * Gives equal lists as one object. Clients of one kind ask for the same and get the same: lists of thousands of entries are
 * then in memory once, and not once a client. It forgets what it has not seen for a while, which costs memory and nothing else.
 */
export class Sharing {
  readonly #lists: ResourceList[] = [];
  readonly #names: ReadonlyMap<string, true>[] = [];

  /** The list of exactly these resources, in this order. */
  list(resources: readonly EncodedResource[]): ResourceList {
    const known = this.#lists.find((list) => isSame(list.resources, resources));
    return known ?? remember(this.#lists, new ResourceList(resources));
  }

  /** The set of exactly these names, in this order. */
  names(names: readonly string[]): ReadonlyMap<string, true> {
    const known = this.#names.find((set) => set.size === names.length && hasInOrder(set, names));
    return known ?? remember(this.#names, new Map(names.map((name) => [name, true])));
  }
}

function remember<T>(recent: T[], made: T): T {
  recent.unshift(made);
  recent.length = Math.min(recent.length, RECENT);
  return made;
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function hasInOrder(set: ReadonlyMap<string, true>, names: readonly string[]): boolean {
  let at = 0;
  for (const name of set.keys()) {
    if (name !== names[at]) return false;
    at += 1;
  }
  return true;
}
