import assert from 'node:assert/strict';
import { decodeResource, type EncodedResource, type ResourceKind } from '../../../src/codec/index.js';
import type { Routing } from '../../../src/snapshot/index.js';
import type { Request, Send } from '../../../src/xds/protocol/session.js';
import type { SmallServer, SmallStream } from './small-server.js';

/** Content of this kind is refused, whoever sends it. */
export const BAD = 'bad';

type DeltaParts = Partial<Extract<Request, { variant: 'delta' }>>;

/** What became of a request that the application made. */
export type Outcome = 'served' | 'unknown' | 'waiting';

/**
 * A client that has its application's requests to route, and does as Envoy 1.40 does: by scopes (SRDS), or by asking for a host
 * when it is first called (VHDS). Of the latter it remembers every name that was asked, and asks none of them again until its
 * route configuration brings another source. All that stands here was measured; network delay is two queues.
 */
export class ModelledCaller {
  readonly held: Map<ResourceKind, Map<string, EncodedResource>> = new Map();
  readonly outbox: { readonly kind: ResourceKind; readonly request: Request }[] = [];
  readonly waiting: Set<string> = new Set();
  /** Whether it names what it refuses. */
  isTalkative = true;
  stream: SmallStream;
  #server: SmallServer;
  readonly #id: string;
  readonly #routing: Routing['kind'];
  /** Names that were asked for since the route configuration last changed. */
  readonly #asked = new Set<string>();
  /** Versions of the answers that there is no such host. */
  readonly #unknown = new Map<string, string>();
  readonly #endpoints = new Set<string>();
  readonly #routes = new Set<string>();
  readonly #warming = new Set<string>();
  readonly #nonces = new Set<string>();
  readonly #refused = new Map<string, string>();
  /** Clusters that it refused: routes may lead there for all that the server can do. */
  readonly #excused = new Set<string>();
  readonly #begun = new Set<ResourceKind>();
  #acksWaitingForWarmth: string[] = [];
  #routeAck: string | undefined;
  #unknowns = 0;

  constructor(server: SmallServer, id: string, routing: Routing['kind']) {
    this.#server = server;
    this.#id = id;
    this.#routing = routing;
    this.stream = this.#open();
    this.#begin('cluster');
  }

  /** Loses its stream and opens another one, to the same server or another; says at once what it kept. */
  reconnect(server: SmallServer = this.#server): void {
    this.stream.close();
    this.#server = server;
    this.outbox.length = 0;
    this.#acksWaitingForWarmth = [];
    this.#routeAck = undefined;
    this.#warming.clear();
    this.#nonces.clear();
    this.#refused.clear();
    const before = [...this.#begun];
    this.#begun.clear();
    this.stream = this.#open();
    this.#begin('cluster');
    for (const kind of ['listener', 'scopedRoute', 'route', 'virtualHost', 'endpoint'] as const) {
      if (before.includes(kind)) this.#begin(kind);
    }
  }

  /** The application sends a request to a host, as it writes it. */
  call(host: string): Outcome {
    const name = `outbound/${host.toLowerCase()}`;
    if (this.#routing === 'scoped') return this.#scopeOf(host) === undefined ? 'unknown' : 'served';
    if (this.#virtualHostOf(host) !== undefined) return 'served';
    if (!this.#begun.has('virtualHost')) return 'waiting';
    if (this.#asked.has(name)) return this.waiting.has(name) ? 'waiting' : 'unknown';
    this.#asked.add(name);
    this.waiting.add(name);
    this.#letter('virtualHost', { subscribe: [name] });
    return 'waiting';
  }

  /** Gives the oldest letter to the server. */
  deliver(): void {
    const letter = this.outbox.shift();
    if (letter !== undefined) this.stream.request(letter.kind, letter.request);
  }

  /** Reads the oldest response. */
  read(): void {
    const send = this.stream.inbox.shift();
    if (send === undefined) return;
    this.#checkForm(send);
    const bad = this.#isAmbiguous(send) ? send.resources : send.resources.filter(isBad);
    if (bad.length > 0) this.#refuse(send, bad);
    else this.#accept(send);
    this.#checkReferences();
  }

  /** Versions of what it holds, by name. */
  versions(kind: ResourceKind): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.of(kind)].map(([name, { version }]) => [name, version]));
  }

  of(kind: ResourceKind): Map<string, EncodedResource> {
    const known = this.held.get(kind) ?? new Map<string, EncodedResource>();
    this.held.set(kind, known);
    return known;
  }

  /** The clusters that its requests may reach. */
  get clusters(): readonly string[] {
    return [...this.of('cluster').keys()];
  }

  #open(): SmallStream {
    return this.#server.connect({ id: this.#id, routing: this.#routing });
  }

  #checkForm({ kind, nonce, resources, removed, unknown }: Send): void {
    assert.ok(!this.#nonces.has(nonce), `nonce ${nonce} came twice`);
    this.#nonces.add(nonce);
    const names = [...resources.map(({ name }) => name), ...removed, ...unknown];
    assert.equal(new Set(names).size, names.length, `a name stands twice among ${names.join(' ')}`);
    for (const { name, version } of resources) {
      assert.notEqual(this.#refused.get(`${kind} ${name}`), version, `${kind} ${name} was refused and came again`);
    }
  }

  /** No request may meet a route to a cluster that is not there. */
  #checkReferences(): void {
    const reachable =
      this.#routing === 'onDemand'
        ? [...this.of('virtualHost').values()]
        : [...this.of('route').values()].filter(({ name }) => this.#routes.has(name));
    for (const { name, references } of reachable) {
      for (const cluster of references) {
        const isThere = this.of('cluster').has(cluster) || this.#excused.has(cluster);
        assert.ok(isThere, `${name} leads to ${cluster}, which is not there`);
      }
    }
  }

  /** Whether a domain would be in two virtual hosts. */
  #isAmbiguous({ kind, resources, removed }: Send): boolean {
    if (kind !== 'virtualHost') return false;
    const after = new Map(this.of(kind));
    for (const name of removed) after.delete(name);
    for (const each of resources) after.set(each.name, each);
    const domains = [...after.values()].flatMap(domainsOf);
    return new Set(domains).size < domains.length;
  }

  #refuse(send: Send, bad: readonly EncodedResource[]): void {
    if (send.kind === 'cluster') {
      for (const { name } of bad) this.#excused.add(name);
      for (const each of send.resources) if (!bad.includes(each)) this.#hold(each);
    }
    const isNamed = this.isTalkative && send.kind === 'cluster';
    for (const { name, version } of isNamed || send.resources.length === 1 ? bad : []) {
      this.#refused.set(`${send.kind} ${name}`, version);
    }
    const message = isNamed ? bad.map(({ name }) => `${name}: no`).join(', ') : 'missing ): (((';
    this.#letter(send.kind, { nonce: send.nonce, error: { code: 13, message } });
    if (send.kind === 'cluster') this.#subscribeEndpoints();
  }

  #accept(send: Send): void {
    switch (send.kind) {
      case 'cluster':
        return this.#acceptClusters(send);
      case 'endpoint':
        for (const each of send.resources) if (this.#endpoints.has(each.name)) this.#hold(each);
        for (const { name } of send.resources) this.#warming.delete(name);
        this.#ack(send);
        return this.#answerWarm();
      case 'listener':
        for (const each of send.resources) this.#hold(each);
        this.#begin(this.#routing === 'scoped' ? 'scopedRoute' : 'route');
        return this.#ack(send);
      case 'scopedRoute':
        return this.#acceptScopes(send);
      case 'route':
        return this.#acceptRoutes(send);
      case 'virtualHost':
        return this.#acceptVirtualHosts(send);
    }
  }

  #acceptClusters(send: Send): void {
    for (const each of send.resources) {
      if (this.of('cluster').get(each.name)?.version !== each.version) this.#warming.add(each.name);
      this.#hold(each);
      this.#excused.delete(each.name);
    }
    for (const name of send.removed) this.of('cluster').delete(name);
    this.#subscribeEndpoints();
    this.#acksWaitingForWarmth.push(send.nonce);
    this.#answerWarm();
  }

  #answerWarm(): void {
    for (const name of this.#warming) if (!this.of('cluster').has(name)) this.#warming.delete(name);
    if (this.#warming.size > 0) return;
    for (const nonce of this.#acksWaitingForWarmth) this.#letter('cluster', { nonce });
    this.#acksWaitingForWarmth = [];
    this.#begin('listener');
  }

  #subscribeEndpoints(): void {
    const added = this.clusters.filter((name) => !this.#endpoints.has(name));
    const gone = [...this.#endpoints].filter((name) => !this.of('cluster').has(name));
    for (const name of added) this.#endpoints.add(name);
    for (const name of gone) {
      this.#endpoints.delete(name);
      this.of('endpoint').delete(name);
    }
    if (added.length + gone.length === 0) return;
    if (this.#begun.has('endpoint')) this.#letter('endpoint', { subscribe: added, unsubscribe: gone });
    else this.#begin('endpoint');
  }

  #acceptScopes(send: Send): void {
    for (const each of send.resources) this.#hold(each);
    for (const name of send.removed) this.of('scopedRoute').delete(name);
    const wanted = new Set([...this.of('scopedRoute').values()].map(tableOf));
    const added = [...wanted].filter((name) => !this.#routes.has(name));
    const gone = [...this.#routes].filter((name) => !wanted.has(name));
    for (const name of added) this.#routes.add(name);
    for (const name of gone) {
      this.#routes.delete(name);
      this.of('route').delete(name);
    }
    if (added.length + gone.length > 0) {
      if (this.#begun.has('route')) this.#letter('route', { subscribe: added, unsubscribe: gone });
      else this.#begin('route');
    }
    this.#ack(send);
  }

  #acceptRoutes(send: Send): void {
    if (this.#routing === 'scoped') {
      for (const each of send.resources) if (this.#routes.has(each.name)) this.#hold(each);
      return this.#ack(send);
    }
    for (const each of send.resources) {
      const isOther = this.of('route').get(each.name)?.version !== each.version;
      const isFirst = !this.#begun.has('virtualHost');
      this.#hold(each);
      if (isFirst) {
        // Envoy answers when the first virtual host has come.
        this.#routeAck = send.nonce;
        this.#begin('virtualHost');
      } else if (isOther) {
        if (this.#asked.size > 0) this.#letter('virtualHost', { unsubscribe: [...this.#asked] });
        this.#asked.clear();
      }
    }
    if (this.#routeAck !== send.nonce) this.#ack(send);
  }

  #acceptVirtualHosts(send: Send): void {
    for (const each of send.resources) {
      this.#hold(each);
      this.#unknown.delete(each.name);
    }
    for (const name of send.removed) {
      this.of('virtualHost').delete(name);
      this.#unknown.delete(name);
    }
    for (const name of send.unknown) this.#unknown.set(name, `unknown-${(this.#unknowns += 1)}`);
    for (const name of [...send.resources.map((each) => each.name), ...send.unknown]) {
      const aliases = send.aliases.get(name) ?? [];
      for (const alias of [name, ...aliases]) this.waiting.delete(alias);
    }
    this.#ack(send);
    if (this.#routeAck === undefined) return;
    this.#letter('route', { nonce: this.#routeAck });
    this.#routeAck = undefined;
  }

  #hold(resource: EncodedResource): void {
    this.of(resource.kind).set(resource.name, resource);
    // What it accepts ends what it refused: should that come again, it is a new try.
    this.#refused.delete(`${resource.kind} ${resource.name}`);
  }

  #virtualHostOf(host: string): EncodedResource | undefined {
    const wanted = host.toLowerCase();
    return [...this.of('virtualHost').values()].find((each) => domainsOf(each).includes(wanted));
  }

  #scopeOf(host: string): EncodedResource | undefined {
    const key = host.replace(/:\d+$/, '');
    const scope = [...this.of('scopedRoute').values()].find((each) => keyOf(each) === key);
    return scope === undefined ? undefined : this.of('route').get(tableOf(scope));
  }

  #begin(kind: ResourceKind): void {
    if (this.#begun.has(kind)) return;
    this.#begun.add(kind);
    const initialVersions = new Map(Object.entries(this.versions(kind)));
    if (kind === 'virtualHost') for (const [name, version] of this.#unknown) initialVersions.set(name, version);
    this.#letter(kind, { subscribe: this.#names(kind), initialVersions });
  }

  #names(kind: ResourceKind): readonly string[] {
    if (kind === 'endpoint') return [...this.#endpoints];
    if (kind === 'route') return this.#routing === 'scoped' ? [...this.#routes] : ['outbound'];
    return kind === 'virtualHost' && this.#asked.size > 0 ? ['*', ...this.#asked] : [];
  }

  #ack({ kind, nonce }: Send): void {
    this.#letter(kind, { nonce });
  }

  #letter(kind: ResourceKind, parts: DeltaParts): void {
    const empty = {
      typeUrl: '',
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map<string, string>(),
      nonce: '',
    };
    this.outbox.push({ kind, request: { variant: 'delta', ...empty, ...parts } });
  }
}

/** Bodies say it, for a version is a hash. */
function isBad(resource: EncodedResource): boolean {
  const body = decodeResource(resource);
  const texts = [
    ...('request_headers_to_remove' in body ? (body.request_headers_to_remove ?? []) : []),
    'alt_stat_name' in body ? (body.alt_stat_name ?? '') : '',
  ];
  return texts.some((text) => text.startsWith(BAD));
}

function domainsOf(resource: EncodedResource): readonly string[] {
  const body = decodeResource(resource);
  return 'domains' in body ? (body.domains ?? []) : [];
}

function tableOf(scope: EncodedResource): string {
  const body = decodeResource(scope);
  return 'route_configuration_name' in body ? (body.route_configuration_name ?? '') : '';
}

function keyOf(scope: EncodedResource): string {
  const body = decodeResource(scope);
  const [fragment] = 'key' in body ? (body.key?.fragments ?? []) : [];
  return fragment?.string_key ?? '';
}
