import { assertNever, type ObjectKey, OUTBOUND, virtualHostName } from '../base/index.js';
import type { EncodedResource, ResourceKind } from '../codec/index.js';
import type { HostEntry } from './host-entry.js';
import { HostSet, type Turn } from './host-set.js';
import { asked, ownerOf } from './owner.js';
import type { Snapshot } from './snapshot.js';

/** Where a proxy's outbound listener listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * How a proxy finds the routes of a host.
 *
 * `table`: in one route configuration of all hosts. `scoped`: by the name it was asked for, in a route configuration of that
 * Service alone (SRDS), so that a change costs it the same however many hosts there are. `onDemand`: it asks for a host when it
 * is first called (VHDS), and holds only `hosts`.
 */
export type Routing =
  | { readonly kind: 'table' }
  | { readonly kind: 'scoped' }
  | { readonly kind: 'onDemand'; readonly hosts: HostSet };

/** What decides which resources a proxy sees. */
export interface ProxyScope {
  readonly namespace: string;
  readonly outbound: ListenAddress;
  readonly routing: Routing;
}

/** A snapshot as one proxy sees it. Costs nothing to make: whatever is put together is so when somebody asks for it. */
export interface View {
  /**
   * By name, without a search: `undefined` where there is none of that name. A proxy whose routing is on demand sees clusters,
   * endpoints and routes only of its hosts; it gets a virtual host under any name that `hostAsked` reads, and the resource has its own name.
   */
  get(kind: ResourceKind, name: string): EncodedResource | undefined;
  /** What a wildcard covers, by host in text order, so that equal snapshots list alike. API listeners are served by name only. */
  all(kind: ResourceKind): Iterable<EncodedResource>;
}

/** Resources that are put together for a proxy, and how: they are made by the room that knows what they look like. */
export interface Assembly {
  /** The route configuration that holds these virtual hosts. */
  routeTable(virtualHosts: readonly EncodedResource<'virtualHost'>[]): EncodedResource<'route'>;
  outboundListener(address: ListenAddress, routing: Routing['kind']): EncodedResource<'listener'>;
  /**
   * The route configuration of the same name that asks for its virtual hosts. It differs between the two turns, and only in a
   * way that makes Envoy forget what it has asked for: else it never asks again for a host that was taken away (Envoy 1.40).
   */
  onDemandTable(turn: Turn): EncodedResource<'route'>;
  /** A virtual host that no request can mean: Envoy waits for a first one, whatever it is. */
  placeholder(): EncodedResource<'virtualHost'>;
}

/** Shows a snapshot to the proxies of a scope. */
export type ViewOf = (snapshot: Snapshot, scope: ProxyScope) => View;

/**
 * Views whose route tables and listeners are made by `assembly`, when somebody first asks for them. All proxies of equal
 * scope share one view of a snapshot, listeners are shared by all snapshots, and a table lives on in later ones until a
 * virtual host changes.
 */
export function viewsWith(assembly: Assembly): ViewOf {
  const views = new WeakMap<Snapshot, WeakMap<object, Map<string, View>>>();
  const assembled = new Assembled(assembly);
  return (snapshot, { namespace: own, outbound: { host, port }, routing }) => {
    const namespace = snapshot.keys.some(`${own}/`) ? own : NO_NAMESPACE;
    const bySet = kept(views, snapshot, () => new WeakMap<object, Map<string, View>>());
    const shared = kept(
      bySet,
      routing.kind === 'onDemand' ? routing.hosts : HostSet.empty,
      () => new Map<string, View>(),
    );
    const key = `${routing.kind} ${namespace} ${host} ${port}`;
    return keptOfMany(
      shared,
      key,
      () => new SnapshotView(snapshot, { namespace, outbound: { host, port }, routing }, assembled),
    );
  };
}

/** Stands for every namespace without hosts of its own: their proxies all see the same. */
const NO_NAMESPACE = '';

/** What is put together, kept for as long as it is good. */
class Assembled {
  readonly placeholder: () => EncodedResource<'virtualHost'>;
  readonly #assembly: Assembly;
  readonly #tables = new WeakMap<object, Map<string, EncodedResource<'route'>>>();
  readonly #onDemandTables = new Map<Turn, EncodedResource<'route'>>();
  readonly #listeners = new Map<string, EncodedResource<'listener'>>();

  constructor(assembly: Assembly) {
    this.#assembly = assembly;
    this.placeholder = lazily(() => assembly.placeholder());
  }

  table(snapshot: Snapshot, namespace: string): EncodedResource<'route'> {
    const tables = kept(this.#tables, snapshot.routing, () => new Map<string, EncodedResource<'route'>>());
    return kept(tables, namespace, () => this.#assembly.routeTable([...virtualHosts(snapshot, namespace)]));
  }

  onDemandTable({ turn }: HostSet): EncodedResource<'route'> {
    return kept(this.#onDemandTables, turn, () => this.#assembly.onDemandTable(turn));
  }

  listener({ outbound, routing }: ProxyScope): EncodedResource<'listener'> {
    const key = `${routing.kind} ${outbound.host} ${outbound.port}`;
    return keptOfMany(this.#listeners, key, () => this.#assembly.outboundListener(outbound, routing.kind));
  }
}

class SnapshotView implements View {
  readonly #snapshot: Snapshot;
  readonly #scope: ProxyScope;
  readonly #assembled: Assembled;

  constructor(snapshot: Snapshot, scope: ProxyScope, assembled: Assembled) {
    this.#snapshot = snapshot;
    this.#scope = scope;
    this.#assembled = assembled;
  }

  get(kind: ResourceKind, name: string): EncodedResource | undefined {
    if (name === OUTBOUND) return this.#outbound(kind);
    if (kind === 'virtualHost' && this.#scope.routing.kind === 'onDemand') return this.#asked(name);
    const owner = ownerOf(kind, name);
    if (owner === undefined || !this.#sees(kind, owner)) return undefined;
    return this.#partOf(kind, owner).find((resource) => resource.name === name);
  }

  *all(kind: ResourceKind): Iterable<EncodedResource> {
    const { routing } = this.#scope;
    const outbound = kind === 'route' && routing.kind === 'scoped' ? undefined : this.#outbound(kind);
    if (outbound !== undefined) {
      yield outbound;
      return;
    }
    if (kind === 'virtualHost' && routing.kind === 'onDemand') yield this.#assembled.placeholder();
    const keys = routing.kind === 'onDemand' ? routing.hosts.keys : this.#snapshot.keys;
    for (const key of keys) yield* this.#partOf(kind, key);
  }

  /** Of those kinds of which a proxy needs one for all its hosts. */
  #outbound(kind: ResourceKind): EncodedResource | undefined {
    if (kind === 'listener') return this.#assembled.listener(this.#scope);
    if (kind !== 'route') return undefined;
    const { namespace, routing } = this.#scope;
    return routing.kind === 'onDemand'
      ? this.#assembled.onDemandTable(routing.hosts)
      : this.#assembled.table(this.#snapshot, namespace);
  }

  #sees(kind: ResourceKind, owner: ObjectKey): boolean {
    const { routing } = this.#scope;
    return routing.kind !== 'onDemand' || kind === 'listener' || routing.hosts.has(owner);
  }

  #asked(name: string): EncodedResource | undefined {
    const meant = asked(name, this.#scope.namespace);
    if (meant === undefined || !this.#sees('virtualHost', meant.service)) {
      const placeholder = this.#assembled.placeholder();
      return name === placeholder.name ? placeholder : undefined;
    }
    const port = meant.port === this.#snapshot.hosts.get(meant.service)?.defaultPort ? undefined : meant.port;
    const wanted = virtualHostName(meant.service, port);
    return this.#partOf('virtualHost', meant.service).find((resource) => resource.name === wanted);
  }

  #partOf(kind: ResourceKind, key: ObjectKey): readonly EncodedResource[] {
    const entry = this.#snapshot.hosts.get(key);
    return entry === undefined ? [] : part(kind, entry, isOf(this.#scope.namespace, key));
  }
}

function* virtualHosts({ keys, hosts }: Snapshot, namespace: string): Iterable<EncodedResource<'virtualHost'>> {
  for (const key of keys) {
    const entry = hosts.get(key);
    if (entry !== undefined) yield* isOf(namespace, key) ? entry.own : entry.others;
  }
}

function isOf(namespace: string, key: ObjectKey): boolean {
  return namespace !== NO_NAMESPACE && key.startsWith(namespace) && key[namespace.length] === '/';
}

function part(kind: ResourceKind, entry: HostEntry, isOwn: boolean): readonly EncodedResource[] {
  switch (kind) {
    case 'cluster':
      return entry.clusters;
    case 'endpoint':
      return entry.endpoints;
    case 'listener':
      return entry.apiListeners;
    case 'scopedRoute':
      return isOwn ? [...entry.scopes, ...entry.ownScopes] : entry.scopes;
    case 'route':
      return entry.routes;
    case 'virtualHost':
      return isOwn ? entry.own : entry.others;
    default:
      return assertNever(kind);
  }
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

/** Addresses are what clients say, so there is no end to them; what is forgotten is made anew. */
const MOST = 1000;

function keptOfMany<V>(store: Map<string, V>, key: string, make: () => V): V {
  if (store.size >= MOST && !store.has(key)) store.clear();
  return kept(store, key, make);
}
