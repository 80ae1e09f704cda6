import { byText } from '../../base/index.js';
import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';

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

/** From so many entries on, a list is worth sharing with other clients. */
export const MANY = 32;

/** Names that clients ask for, or are to drop. Long equal lists of many clients are the same object. */
export class NameList {
  readonly names: readonly string[];
  #index: ReadonlyMap<string, true> | undefined;

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** Whether a name is in it. */
  has(name: string): boolean {
    return this.names.length > SHORT ? this.set.has(name) : this.names.includes(name);
  }

  /** All of them, each once: made once, shared, never changed. */
  get set(): ReadonlyMap<string, true> {
    return (this.#index ??= new Map(this.names.map((name) => [name, true])));
  }
}

/** What a view holds under many names. */
export interface BulkAnswer {
  /** In text order of their names. */
  readonly found: ResourceList;
  readonly absent: readonly string[];
}

/**
 * Gives equal lists as one object. Clients of one kind ask for the same and get the same: lists of thousands of entries are
 * then in memory once, and not once a client. It forgets what it has not seen for a while, which costs memory and nothing else.
 */
export class Sharing {
  readonly #lists: ResourceList[] = [];
  readonly #names: NameList[] = [];
  readonly #answers = new WeakMap<View, Map<ResourceKind, Map<readonly string[], BulkAnswer>>>();

  /** The list of exactly these resources, in this order. */
  list(resources: readonly EncodedResource[]): ResourceList {
    const known = this.#lists.find((list) => sameItems(list.resources, resources));
    return known ?? remember(this.#lists, new ResourceList(resources));
  }

  /** The list of exactly these names, in this order; `ours` gives the text that is kept of a name. */
  names(names: readonly string[], ours: (name: string) => string = asItIs): NameList {
    if (names.length < MANY) return new NameList(names.map(ours));
    const known = this.#names.find((list) => sameItems(list.names, names));
    return known ?? remember(this.#names, new NameList(names.map(ours)));
  }

  /** Everything of a kind that a view holds. */
  everything(view: View, kind: ResourceKind): BulkAnswer {
    const make = (): BulkAnswer => ({ found: inOrder([...view.all(kind)]), absent: [] });
    return this.#answer(view, { kind, names: EVERYTHING }, make);
  }

  /** What a view holds under these names; what `names` gave is recognised. */
  under(view: View, kind: ResourceKind, names: readonly string[]): BulkAnswer {
    return this.#answer(view, { kind, names }, () => {
      const found: EncodedResource[] = [];
      const absent: string[] = [];
      for (const name of new Set(names)) {
        const resource = view.get(kind, name);
        if (resource === undefined) absent.push(name);
        else found.push(resource);
      }
      return { found: inOrder(found), absent: absent.sort(byText) };
    });
  }

  #answer(view: View, { kind, names }: Question, make: () => BulkAnswer): BulkAnswer {
    const answers = this.#answers.get(view) ?? new Map<ResourceKind, Map<readonly string[], BulkAnswer>>();
    this.#answers.set(view, answers);
    // Clusters and endpoints have the same names.
    const ofKind = answers.get(kind) ?? new Map<readonly string[], BulkAnswer>();
    answers.set(kind, ofKind);
    const known = ofKind.get(names);
    if (known !== undefined) return known;
    const made = make();
    if (ofKind.size >= RECENT) ofKind.clear();
    ofKind.set(names, made);
    return made;
  }
}

interface Question {
  readonly kind: ResourceKind;
  readonly names: readonly string[];
}

/** Stands for all names that there are. */
const EVERYTHING: readonly string[] = [];

function remember<T>(recent: T[], made: T): T {
  recent.unshift(made);
  recent.length = Math.min(recent.length, RECENT);
  return made;
}

function asItIs(name: string): string {
  return name;
}

function inOrder(resources: EncodedResource[]): ResourceList {
  return new ResourceList(resources.sort((a, b) => byText(a.name, b.name)));
}

/** Whether two lists hold the same items in the same order, told by reference. */
export function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((item, at) => item === b[at]);
}
