import { isDeepStrictEqual } from 'node:util';
import { type ClientOptions, type Received, type Response, XdsClient } from './xds-client.js';
import { list, type Message, field, type TableKind } from './xds-protos.js';

/**
 * A client that behaves as Envoy 1.40 was seen to: it acknowledges clusters only when they are warm, which needs endpoints that
 * came after them; it asks for endpoints of new clusters and not again for those of changed ones; it brings its routes to life as
 * they come, whether their clusters are there or not. Whatever would have cost a request is in `violations`.
 */
export class ModelEnvoy {
  /** What is wrong, in words; empty if nothing would have failed. */
  readonly violations: string[] = [];
  /** Clusters in use: those that were warm at least once. */
  readonly clusters: Map<string, Received> = new Map();
  readonly endpoints: Map<string, Received> = new Map();
  readonly listeners: Map<string, Received> = new Map();
  table: Received | undefined;
  /** How many responses came. */
  responses = 0;
  readonly #options: ClientOptions;
  #client: XdsClient;
  /** Clusters that wait for endpoints, and the response that brought them. */
  #warming = new Map<string, Received>();
  #unanswered: Response | undefined;
  #waitingListener: Response | undefined;
  #isAsking = { listener: false, route: false };
  #isBack = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#client = this.#connect();
    this.#client.subscribe('cluster');
  }

  get nodeId(): string {
    return this.#client.nodeId;
  }

  /** Loses its connection and comes back with what it has, naming all types at once. */
  reconnect(): void {
    this.#client.close();
    this.#client = this.#connect();
    this.#warming = new Map();
    this.#unanswered = undefined;
    this.#waitingListener = undefined;
    this.#isAsking = { listener: true, route: true };
    this.#isBack = true;
    const table = this.table === undefined ? [] : [this.table];
    this.#client.say('cluster', { ...this.#kept(this.clusters.values()) });
    this.#client.say('endpoint', { subscribe: [...this.clusters.keys()], ...this.#kept(this.#used()) });
    this.#client.say('listener', { ...this.#kept(this.listeners.values()) });
    this.#client.say('route', { subscribe: ['outbound'], ...this.#kept(table) });
  }

  close(): void {
    this.#client.close();
  }

  #connect(): XdsClient {
    const client = new XdsClient(this.#options);
    client.onResponse = (response) => {
      this.responses += 1;
      client.take(response);
      this.#read(response);
    };
    return client;
  }

  *#used(): Iterable<Received> {
    for (const [name, received] of this.endpoints) if (this.clusters.has(name)) yield received;
  }

  #kept(held: Iterable<Received>): { readonly kept?: Readonly<Record<string, string>> | string } {
    const all = [...held];
    if (this.#options.variant === 'delta')
      return { kept: Object.fromEntries(all.map((one) => [one.name, one.version])) };
    return all[0] === undefined ? {} : { kept: all[0].version };
  }

  #read(response: Response): void {
    switch (response.kind) {
      case 'cluster':
        return this.#readClusters(response);
      case 'endpoint':
        return this.#readEndpoints(response);
      case 'listener':
        return this.#readListeners(response);
      case 'route':
        return this.#readRoutes(response);
      case 'scopedRoute':
      case 'virtualHost':
        this.violations.push(`${response.kind} came, which nobody asked for`);
    }
  }

  #readClusters(response: Response): void {
    if (this.#unanswered !== undefined) this.violations.push('clusters came while others were warming');
    if (this.#options.variant === 'delta' && response.names.length > 0 && response.removed.length > 0) {
      this.violations.push(`one response brings ${response.names.join()} and removes ${response.removed.join()}`);
    }
    for (const name of this.#gone(response, this.clusters)) this.#removeCluster(name);
    this.#isBack = false;
    const fresh: string[] = [];
    for (const received of response.resources) {
      const held = this.clusters.get(received.name);
      if (held !== undefined && isDeepStrictEqual(held.body, received.body)) {
        this.clusters.set(received.name, received);
        continue;
      }
      this.#warming.set(received.name, received);
      if (held === undefined) fresh.push(received.name);
    }
    this.#unanswered = response;
    if (fresh.length > 0) this.#client.subscribe('endpoint', ...fresh);
    this.#warmed();
  }

  #gone(response: Response, held: ReadonlyMap<string, Received>): readonly string[] {
    if (this.#options.variant === 'delta') return response.removed;
    return [...held.keys()].filter((name) => !response.names.includes(name));
  }

  #removeCluster(name: string): void {
    if (!this.clusters.delete(name)) return;
    // In the state of the world nobody can say what clusters it kept: a server that has none of them any more leaves them out.
    const isExcused = this.#isBack && this.#options.variant === 'sotw';
    if (!isExcused && clustersIn(this.table?.body).has(name))
      this.violations.push(`${name} was removed while a route led to it`);
    this.#client.unsubscribe('endpoint', name);
  }

  #readEndpoints(response: Response): void {
    for (const received of response.resources) {
      this.endpoints.set(received.name, received);
      const cluster = this.#warming.get(received.name);
      if (cluster === undefined) continue;
      this.#warming.delete(received.name);
      this.clusters.set(received.name, cluster);
    }
    this.#client.ack(response);
    this.#warmed();
  }

  #warmed(): void {
    if (this.#warming.size > 0 || this.#unanswered === undefined) return;
    this.#client.ack(this.#unanswered);
    this.#unanswered = undefined;
    if (this.#isAsking.listener) return;
    this.#isAsking.listener = true;
    this.#client.subscribe('listener');
  }

  #readListeners(response: Response): void {
    for (const name of this.#gone(response, this.listeners)) this.listeners.delete(name);
    for (const received of response.resources) this.listeners.set(received.name, received);
    if (this.#isAsking.route || this.listeners.size === 0) return this.#client.ack(response);
    this.#isAsking.route = true;
    this.#waitingListener = response;
    this.#client.subscribe('route', 'outbound');
    return undefined;
  }

  #readRoutes(response: Response): void {
    const [table] = response.resources;
    if (table !== undefined) {
      this.table = table;
      for (const name of clustersIn(table.body)) {
        if (!this.clusters.has(name)) this.violations.push(`a route leads to ${name}, which is not there`);
      }
    }
    if (this.#waitingListener !== undefined) this.#client.ack(this.#waitingListener);
    this.#waitingListener = undefined;
    this.#client.ack(response);
  }
}

/** Every cluster that a route table mentions. */
export function clustersIn(table: Message | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const host of list(table, 'virtual_hosts')) {
    for (const route of list(host, 'routes')) {
      const one = field(route, 'route', 'cluster');
      if (typeof one === 'string' && one !== '') names.add(one);
      for (const each of list(route, 'route', 'weighted_clusters', 'clusters')) names.add(String(each['name']));
      for (const each of list(route, 'route', 'request_mirror_policies')) names.add(String(each['cluster']));
    }
  }
  return names;
}

/** All kinds, as far as a client of this way has something of them. */
export type Holdings = Readonly<Record<TableKind, Readonly<Record<string, Message>>>>;

/** What it holds and uses, by kind and name. */
export function holdings(envoy: ModelEnvoy): Holdings {
  const bodies = (all: Iterable<Received>): Readonly<Record<string, Message>> =>
    Object.fromEntries([...all].map(({ name, body }) => [name, body]).sort(byName));
  const used = [...envoy.endpoints.values()].filter(({ name }) => envoy.clusters.has(name));
  return {
    cluster: bodies(envoy.clusters.values()),
    endpoint: bodies(used),
    listener: bodies(envoy.listeners.values()),
    route: bodies(envoy.table === undefined ? [] : [envoy.table]),
  };
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
