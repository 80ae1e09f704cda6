import { assertNever, byText, type ObjectKey } from '../base/index.js';
import type { EncodedResource, ResourceKind } from '../codec/index.js';
import type { HostEntry } from './host-entry.js';
import { ownerOf } from './owner.js';
import type { Snapshot } from './snapshot.js';

/** Where a proxy's outbound listener listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What decides which resources a proxy sees. */
export interface ProxyScope {
  readonly namespace: string;
  readonly outbound: ListenAddress;
}

/** A snapshot as one proxy sees it. */
export interface View {
  /** By name, without a search: `undefined` where there is none of that name. */
  get(kind: ResourceKind, name: string): EncodedResource | undefined;
  /** What a wildcard covers, by host in text order, so that equal snapshots list alike. API listeners are served by name only. */
  all(kind: ResourceKind): Iterable<EncodedResource>;
}

/** Resources that are put together for a proxy, and how: they are made by the room that knows what they look like. */
export interface Assembly {
  /** The route configuration that holds these virtual hosts. */
  routeTable(virtualHosts: readonly EncodedResource<'virtualHost'>[]): EncodedResource<'route'>;
  outboundListener(address: ListenAddress): EncodedResource<'listener'>;
}

/** Shows a snapshot to the proxies of a scope. */
export type ViewOf = (snapshot: Snapshot, scope: ProxyScope) => View;

/**
 * Views whose route tables and listeners are made by `assembly`, when somebody first asks for them. All proxies of equal
 * scope share one view of a snapshot, and a table lives on in later snapshots until a virtual host changes.
 */
export function viewsWith(assembly: Assembly): ViewOf {
  const views = new WeakMap<Snapshot, Map<string, View>>();
  const tables = new WeakMap<object, Map<string, EncodedResource<'route'>>>();
  const tableOf = (snapshot: Snapshot, namespace: string): EncodedResource<'route'> =>
    kept(
      kept(tables, snapshot.routing, () => new Map<string, EncodedResource<'route'>>()),
      namespace,
      () => assembly.routeTable([...virtualHosts(snapshot, namespace)]),
    );
  return (snapshot, { namespace: own, outbound: { host, port } }) => {
    const namespace = hasHosts(snapshot, own) ? own : NO_NAMESPACE;
    const shared = kept(views, snapshot, () => new Map<string, View>());
    if (shared.size >= MOST_VIEWS) shared.clear();
    return kept(
      shared,
      `${namespace} ${host} ${port}`,
      () =>
        new SnapshotView(snapshot, namespace, {
          table: () => tableOf(snapshot, namespace),
          listener: lazily(() => assembly.outboundListener({ host, port })),
        }),
    );
  };
}

/** Addresses are what clients say, so there is no end to them while nothing is published; a view that is forgotten is made anew. */
const MOST_VIEWS = 1000;

/** Stands for every namespace without hosts of its own: their proxies all see the same. */
const NO_NAMESPACE = '';

class SnapshotView implements View {
  readonly #snapshot: Snapshot;
  readonly #namespace: string;
  readonly #assembled: { readonly table: () => EncodedResource; readonly listener: () => EncodedResource };

  constructor(
    snapshot: Snapshot,
    namespace: string,
    assembled: { table: () => EncodedResource; listener: () => EncodedResource },
  ) {
    this.#snapshot = snapshot;
    this.#namespace = namespace;
    this.#assembled = assembled;
  }

  get(kind: ResourceKind, name: string): EncodedResource | undefined {
    const owner = ownerOf(kind, name);
    if (owner === undefined) return this.#assembledOf(kind).find((resource) => resource.name === name);
    const entry = this.#snapshot.hosts.get(owner);
    if (entry === undefined) return undefined;
    return part(kind, this.#namespace, owner, entry).find((resource) => resource.name === name);
  }

  *all(kind: ResourceKind): Iterable<EncodedResource> {
    yield* this.#assembledOf(kind);
    if (kind === 'route' || kind === 'listener') return;
    for (const [key, entry] of hosts(this.#snapshot)) yield* part(kind, this.#namespace, key, entry);
  }

  #assembledOf(kind: ResourceKind): readonly EncodedResource[] {
    if (kind === 'route') return [this.#assembled.table()];
    return kind === 'listener' ? [this.#assembled.listener()] : [];
  }
}

function* virtualHosts(snapshot: Snapshot, namespace: string): Iterable<EncodedResource<'virtualHost'>> {
  for (const [key, entry] of hosts(snapshot)) yield* seenBy(namespace, key, entry);
}

function* hosts({ keys, hosts: entries }: Snapshot): Iterable<readonly [ObjectKey, HostEntry]> {
  for (const key of keys) {
    const entry = entries.get(key);
    if (entry !== undefined) yield [key, entry];
  }
}

function seenBy(namespace: string, key: ObjectKey, { own, others }: HostEntry): HostEntry['own'] {
  return namespace !== NO_NAMESPACE && key.startsWith(`${namespace}/`) ? own : others;
}

function part(kind: ResourceKind, namespace: string, key: ObjectKey, entry: HostEntry): readonly EncodedResource[] {
  switch (kind) {
    case 'cluster':
      return entry.clusters;
    case 'endpoint':
      return entry.endpoints;
    case 'listener':
      return entry.apiListeners;
    case 'virtualHost':
      return seenBy(namespace, key, entry);
    case 'route':
      return [];
    default:
      return assertNever(kind);
  }
}

/** Whether any host is of this namespace: a binary search, for the keys are in order. */
function hasHosts({ keys }: Snapshot, namespace: string): boolean {
  const prefix = `${namespace}/`;
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byText(keys[middle] ?? '', prefix) < 0) low = middle + 1;
    else high = middle;
  }
  return keys[low]?.startsWith(prefix) === true;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

interface Store<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/** What stands at a key, made and put there if nothing does. */
function kept<K, V>(store: Store<K, V>, key: K, make: () => V): V {
  const found = store.get(key);
  if (found !== undefined) return found;
  const made = make();
  store.set(key, made);
  return made;
}
