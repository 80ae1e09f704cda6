import { mock } from 'node:test';
import { durationMs, invariant, type ObjectKey, objectKey, portNumber } from '../../../src/base/index.js';
import { encode, type EncodedResource, type ResourceKind } from '../../../src/codec/index.js';
import {
  diff,
  EMPTY_SNAPSHOT,
  type HostEntry,
  ownerOf,
  type Snapshot,
  viewsWith,
  withHosts,
} from '../../../src/snapshot/index.js';
import type { Message } from '../../../src/xds/grpc/message.js';
import type { Request, Send } from '../../../src/xds/protocol/session.js';
import { Sharing } from '../../../src/xds/protocol/sharing.js';
import { Audience, type Listener } from '../../../src/xds/server/audience.js';
import { Encoder } from '../../../src/xds/server/encoder.js';
import type { XdsFacts } from '../../../src/xds/server/facts.js';
import type { Identity } from '../../../src/xds/server/identity.js';
import type { XdsPublication } from '../../../src/xds/server/options.js';
import { Proxies } from '../../../src/xds/server/proxies.js';
import type { Proxy, ResponseStream } from '../../../src/xds/server/proxy.js';
import { Workloads } from '../../../src/xds/server/workloads.js';
import type { Asked } from './given.js';

/** What differs from one host to another. */
export interface HostParts {
  /** Part of the content of its virtual hosts and its route configuration. */
  readonly weight?: string;
  /** Hashes of the versions behind its first port. */
  readonly versions?: readonly string[];
  readonly pods?: string;
  readonly cluster?: string;
  /** The first is the default one. */
  readonly ports?: readonly number[];
}

/** All that one Service gives, made by hand; names are as the real ones. */
export function hostOf(key: ObjectKey, parts: HostParts = {}): HostEntry {
  const { weight = '1', versions = ['v1'], pods = '1', cluster = '1', ports = [80] } = parts;
  const [namespace = '', name = ''] = key.split('/');
  const full = `${name}.${namespace}.svc.cluster.local`;
  const clusterNames = ports.map((port) => versions.map((version) => `${key}:${port}@${version}`));
  const virtualHosts = (names: readonly string[]): readonly EncodedResource<'virtualHost'>[] =>
    ports.map((port, index) => {
      const own = `outbound/${full}${index === 0 ? '' : `:${port}`}`;
      const domains = names.flatMap((each) => (index === 0 ? [each, `${each}:${port}`] : [`${each}:${port}`]));
      const references = clusterNames[index] ?? [];
      // As in the real ones the body tells where it leads.
      const body = { name: own, domains, request_headers_to_remove: [weight, ...references] };
      return encode('virtualHost', own, body, references);
    });
  const spellings = [`${name}.${namespace}`, `${name}.${namespace}.svc`, full];
  const scope = (resource: string, text: string): EncodedResource<'scopedRoute'> =>
    encode('scopedRoute', resource, {
      ...{ name: resource, route_configuration_name: `outbound/${full}` },
      key: { fragments: [{ string_key: text }] },
    });
  const flat = clusterNames.flat();
  return {
    clusters: flat.map((each) => encode('cluster', each, { name: each, alt_stat_name: cluster })),
    endpoints: flat.map((each) => encode('endpoint', each, { cluster_name: `${each} ${pods}` })),
    own: virtualHosts([name, ...spellings]),
    others: virtualHosts(spellings),
    routes: [encode('route', `outbound/${full}`, { name: full, request_headers_to_remove: [weight, ...flat] }, flat)],
    scopes: spellings.map((text) => scope(`outbound/${text}`, text)),
    ownScopes: [scope(`outbound/${key}`, name)],
    defaultPort: portNumber(ports[0] ?? 0),
    apiListeners: [],
  };
}

export const WEB: ObjectKey = objectKey('shop', 'web');
export const CART: ObjectKey = objectKey('shop', 'cart');
export const LOG: ObjectKey = objectKey('infra', 'log');

/** The server without its transport, and with a clock of its own: `tick` lets time pass. Timers have to be mocked. */
export class SmallServer {
  readonly facts: { readonly what: keyof XdsFacts; readonly [key: string]: unknown }[] = [];
  readonly audience: Audience<Listener> = new Audience();
  readonly workloads: Workloads;
  readonly proxies: Proxies;
  now = 0;
  snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** How many listeners the last publication was brought to. */
  touched = 0;
  #publication: XdsPublication = {
    sequence: 1,
    snapshot: EMPTY_SNAPSHOT,
    changes: diff(EMPTY_SNAPSHOT, EMPTY_SNAPSHOT),
  };
  readonly #encoder: RecordingEncoder;

  constructor({ forgetAfter, drainDelay = 5000, epoch = 'e' }: SmallOptions = {}) {
    const now = (): number => this.now;
    const publication = (): XdsPublication => this.#publication;
    const tell = (what: keyof XdsFacts) => (fact: object) => void this.facts.push({ what, ...fact });
    const facts: XdsFacts = {
      ...{ connected: tell('connected'), disconnected: tell('disconnected'), awaited: tell('awaited') },
      ...{ pushed: tell('pushed'), acked: tell('acked'), rejected: tell('rejected'), settled: tell('settled') },
      ...{ learned: tell('learned'), forgot: tell('forgot') },
      ...{ unserved: tell('unserved'), turnedAway: tell('turnedAway') },
    };
    const { audience } = this;
    this.#encoder = new RecordingEncoder(epoch);
    this.workloads = new Workloads({
      ...{ facts, audience, now, publication },
      forgetAfter: forgetAfter === undefined ? undefined : ms(forgetAfter),
    });
    const viewOf = viewsWith({
      routeTable: (hosts) =>
        encode('route', 'outbound', { vhds: {}, name: hosts.map(({ version }) => version).join() }),
      outboundListener: (_address, routing) => encode('listener', 'outbound', { name: routing }),
      onDemandTable: (turn) => encode('route', 'outbound', { request_headers_to_remove: [turn] }),
      placeholder: () => encode('virtualHost', 'outbound/_', { name: 'outbound/_', domains: ['_.invalid'] }),
    });
    this.proxies = new Proxies({
      ...{ facts, audience, publication, now, wallClock: now, viewOf, drainDelay: ms(drainDelay), mostAsked: 10_000 },
      ...{ workloads: this.workloads, encoder: this.#encoder, sharing: new Sharing() },
    });
    this.workloads.start();
  }

  /** Publishes hosts; `undefined` takes one away. Gives how many proxies have something to receive. */
  publish(hosts: Iterable<readonly [ObjectKey, HostEntry | undefined]>): number {
    const before = this.snapshot;
    this.snapshot = withHosts(before, new Map(hosts));
    const changes = diff(before, this.snapshot);
    this.#publication = { sequence: this.#publication.sequence + 1, snapshot: this.snapshot, changes };
    const listeners = [...this.audience.of(changes.hosts)];
    this.touched = listeners.length;
    const told = this.facts.length;
    for (const listener of listeners) listener.publish(this.#publication);
    return this.facts.slice(told).filter(({ what }) => what === 'awaited').length;
  }

  /** A new stream for all types. */
  connect(parts: Partial<Identity> = {}): SmallStream {
    const identity: Identity = {
      ...{ id: 'sidecar~shop~a', namespace: 'shop', workload: 'front', client: 'envoy 1.40.0' },
      ...{ outbound: { host: '127.0.0.1', port: 15_001 }, routing: 'onDemand' },
      ...parts,
    };
    return new SmallStream(this, identity, (message) => this.#encoder.sendOf(message));
  }

  /** How many messages were ever made; what goes to many alike is one. */
  get made(): number {
    return this.#encoder.made;
  }

  /** Lets time pass. */
  tick(by: number): void {
    this.now += by;
    mock.timers.tick(by);
  }

  told(what: keyof XdsFacts): readonly { readonly [key: string]: unknown }[] {
    return this.facts.filter((fact) => fact.what === what);
  }
}

interface SmallOptions {
  readonly forgetAfter?: number;
  readonly drainDelay?: number;
  readonly epoch?: string;
}

/** One stream for all types; what is written waits until `flush` where it is stalled. */
export class SmallStream implements ResponseStream {
  readonly peer: string;
  readonly serves = 'all' as const;
  readonly inbox: Send[] = [];
  readonly nonces: Map<ResourceKind, string> = new Map();
  /** Version of everything that ever came, by `kind name`. */
  readonly versions: Map<string, string> = new Map();
  failure: unknown;
  isStalled = false;
  readonly #server: SmallServer;
  readonly #identity: Identity;
  readonly #sendOf: (message: Message) => Send;
  #flushes: (() => void)[] = [];
  #unanswered: Send[] = [];
  #proxy: Proxy | undefined;
  static #peers = 0;

  constructor(server: SmallServer, identity: Identity, sendOf: (message: Message) => Send) {
    this.peer = `127.0.0.1:${(SmallStream.#peers += 1)}`;
    this.#server = server;
    this.#identity = identity;
    this.#sendOf = sendOf;
  }

  get proxy(): Proxy {
    invariant(this.#proxy !== undefined, 'the client has not asked for anything yet');
    return this.#proxy;
  }

  write(message: Message, flushed: () => void): void {
    const send = this.#sendOf(message);
    this.inbox.push(send);
    this.#unanswered.push(send);
    this.nonces.set(send.kind, send.nonce);
    for (const { name, version } of send.resources) this.versions.set(`${send.kind} ${name}`, version);
    if (this.isStalled) this.#flushes.push(flushed);
    else flushed();
  }

  fail(error: unknown): void {
    this.failure = error;
    throw error;
  }

  request(kind: ResourceKind, request: Request): void {
    this.#proxy ??= this.#server.proxies.join(this.#identity, { stream: this, kind });
    this.#proxy.open(kind, this);
    this.#unanswered = this.#unanswered.filter((send) => send.kind !== kind || send.nonce !== request.nonce);
    this.#proxy.request(kind, request);
  }

  /** Sends a request and gives what has come, as a line a response. */
  ask(kind: ResourceKind, asked: Asked = {}): readonly string[] {
    const { names = [], unsubscribe = [], brought = {}, nonce = '', error } = asked;
    this.request(kind, {
      ...{ variant: 'delta', typeUrl: '', subscribe: names, unsubscribe, nonce },
      initialVersions: new Map(Object.entries(brought)),
      ...(error === undefined ? {} : { error: { code: 13, message: error } }),
    });
    return this.take();
  }

  ack(kind: ResourceKind, asked: Asked = {}): readonly string[] {
    return this.ask(kind, { nonce: this.nonces.get(kind) ?? '', ...asked });
  }

  /** Acknowledges everything that has come and comes, until nothing more does; gives what nobody has taken yet. */
  settle(): readonly string[] {
    const lines = [...this.take()];
    for (let send = this.#unanswered.shift(); send !== undefined; send = this.#unanswered.shift()) {
      this.request(send.kind, answerTo(send));
      lines.push(...this.take());
    }
    return lines;
  }

  /** What has come since the last time. */
  take(): readonly string[] {
    return this.inbox.splice(0).map(lineOf);
  }

  flush(): void {
    this.isStalled = false;
    for (const flushed of this.#flushes.splice(0)) flushed();
  }

  close(): void {
    if (this.#proxy !== undefined) this.#server.proxies.leave(this.#proxy, this);
  }
}

function answerTo({ nonce }: Send): Request {
  return { variant: 'delta', typeUrl: '', subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce };
}

/** `virtualHost +web=outbound/web -cart ?nope`: what comes, under which names it was asked, what goes, what there is not. */
export function lineOf({ kind, resources, removed, unknown, aliases }: Send): string {
  const also = (name: string): string =>
    [...(aliases.get(name) ?? [])]
      .toSorted()
      .map((each) => `=${each}`)
      .join('');
  return [
    kind,
    ...resources.map(({ name }) => `+${short(kind, name)}${also(name)}`),
    ...removed.map((name) => `-${short(kind, name)}`),
    ...unknown.map((name) => `?${short(kind, name)}${also(name)}`),
  ].join(' ');
}

/** Names without what all have. */
function short(kind: ResourceKind, name: string): string {
  if (kind !== 'virtualHost' || ownerOf(kind, name) === undefined) return name;
  return name.replace('outbound/', '').replace('.shop.svc.cluster.local', '');
}

class RecordingEncoder extends Encoder {
  readonly #sends = new WeakMap<Message, Send>();

  /** How many messages were ever made. */
  made = 0;

  override encode(send: Send): Message {
    const message = super.encode(send);
    if (!this.#sends.has(message)) this.made += 1;
    this.#sends.set(message, send);
    return message;
  }

  sendOf(message: Message): Send {
    const send = this.#sends.get(message);
    invariant(send !== undefined, 'messages come from the encoder');
    return send;
  }
}

function ms(value: number): NonNullable<ReturnType<typeof durationMs>> {
  const duration = durationMs(value);
  invariant(duration !== undefined, 'the durations of the tests are some');
  return duration;
}
