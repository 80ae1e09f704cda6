import assert from 'node:assert/strict';
import { type EncodedResource, RESOURCE_KINDS, type ResourceKind } from '../../../src/codec/index.js';
import type { Request, Send, Session } from '../../../src/xds/protocol/session.js';
import type { Variant } from '../../../src/xds/protocol/type-state.js';

/** Versions of this kind are refused, whoever sends them. */
export const BAD = 'bad';

interface Held {
  readonly version: string;
  readonly references: readonly string[];
}

interface Letter {
  readonly kind: ResourceKind;
  readonly request: Request;
}

/**
 * A client on one aggregated stream that does as Envoy 1.40 does: everything of clusters and listeners, endpoints of the
 * clusters it has, its route table when its clusters are there; the answer to clusters waits until their endpoints came.
 * Network delay is two queues.
 */
export class ModelledEnvoy {
  readonly held: Map<ResourceKind, Map<string, Held>> = new Map();
  readonly inbox: Send[] = [];
  readonly outbox: Letter[] = [];
  /** Whether it names what it refuses, and applies what is good of a refused response. */
  isTalkative = true;
  readonly #variant: Variant;
  readonly #lastNonce = new Map<ResourceKind, string>();
  readonly #endpoints = new Set<string>();
  readonly #warming = new Set<string>();
  readonly #nonces = new Set<string>();
  /** Version of what it last refused on this stream, by `kind name`. */
  readonly #refused = new Map<string, string>();
  /**
   * Clusters that a route may refer to without their being there: the client refused them; or they went while it was not
   * connected, and the state of the world has no way to say that it still has them.
   */
  readonly #excused = new Set<string>();
  #hasClusters = false;
  #waiting: (() => void)[] = [];
  #asksForRoutes = false;

  constructor(variant: Variant) {
    this.#variant = variant;
  }

  /** Opens a stream; what was on the old one is lost. `order` is the order in which a client that was here before asks. */
  connect(order: readonly ResourceKind[]): void {
    this.inbox.length = 0;
    this.outbox.length = 0;
    this.#waiting = [];
    // After 15 seconds Envoy takes a cluster with the endpoints it has.
    this.#warming.clear();
    this.#nonces.clear();
    this.#lastNonce.clear();
    this.#refused.clear();
    if (this.#hasClusters) this.#asksForRoutes = true;
    this.#hasClusters = false;
    // Envoy asks for clusters first; an order of its own has only a client that has something to keep.
    const kinds = this.#of('route').size > 0 ? order : RESOURCE_KINDS;
    for (const kind of kinds) if (this.#isSubscribed(kind)) this.#ask(kind, { isFirst: true });
  }

  #isSubscribed(kind: ResourceKind): boolean {
    if (kind === 'endpoint') return this.#endpoints.size > 0;
    return kind === 'cluster' || this.#asksForRoutes;
  }

  /** Gives the oldest letter to the server. */
  deliver(session: Session, now: number): void {
    const letter = this.outbox.shift();
    if (letter !== undefined) session.request(letter.kind, letter.request, now);
  }

  /** Reads the oldest response. */
  read(): void {
    const send = this.inbox.shift();
    if (send === undefined) return;
    this.#checkForm(send);
    this.#lastNonce.set(send.kind, send.nonce);
    const bad = send.resources.filter(({ version }) => version.startsWith(BAD));
    if (bad.length > 0) this.#refuse(send, bad);
    else this.#accept(send);
    this.#checkReferences();
  }

  #of(kind: ResourceKind): Map<string, Held> {
    const known = this.held.get(kind) ?? new Map<string, Held>();
    this.held.set(kind, known);
    return known;
  }

  #checkForm({ kind, nonce, resources, removed }: Send): void {
    assert.ok(!this.#nonces.has(nonce), `nonce ${nonce} came twice`);
    this.#nonces.add(nonce);
    const names = [...resources.map(({ name }) => name), ...removed];
    assert.equal(new Set(names).size, names.length, `a name stands twice among ${names.join(' ')}`);
    for (const { name, version } of resources) {
      assert.notEqual(this.#refused.get(`${kind} ${name}`), version, `${kind} ${name} was refused and came again`);
    }
  }

  /** No request may meet a route to a cluster that is not there. */
  #checkReferences(): void {
    for (const [name, { references }] of this.#of('route')) {
      for (const cluster of references) {
        const isThere = this.#of('cluster').has(cluster) || this.#excused.has(cluster);
        assert.ok(isThere, `route ${name} refers to cluster ${cluster}, which is not there`);
      }
    }
  }

  #refuse(send: Send, bad: readonly EncodedResource[]): void {
    const isNamed = this.isTalkative;
    for (const { name, version } of isNamed || send.resources.length === 1 ? bad : []) {
      this.#refused.set(`${send.kind} ${name}`, version);
    }
    if (send.kind === 'cluster') for (const { name } of bad) this.#excused.add(name);
    const rest = send.resources.filter((each) => !bad.includes(each));
    if (isNamed && this.#variant === 'delta') this.#apply(send, rest);
    const error = isNamed ? bad.map(({ name }) => `${name}: no`).join(', ') : 'something is wrong';
    this.#ask(send.kind, { error });
  }

  #accept(send: Send): void {
    if (this.#variant === 'sotw' && send.kind === 'cluster') {
      const names = new Set(send.resources.map(({ name }) => name));
      for (const name of this.#of('cluster').keys()) {
        if (names.has(name)) continue;
        this.#of('cluster').delete(name);
        if (!this.#hasClusters) this.#excused.add(name);
      }
    }
    if (send.kind === 'cluster') this.#hasClusters = true;
    this.#apply(send, send.resources);
    // Envoy passes over removals of endpoints and routes.
    if (send.kind === 'cluster') for (const name of send.removed) this.#of('cluster').delete(name);
    if (send.kind !== 'cluster') return this.#ask(send.kind, {});
    const nonce = send.nonce;
    this.#subscribeEndpoints();
    this.#waiting.push(() => this.#ask('cluster', { nonce }));
    this.#answerWarm();
  }

  #apply({ kind }: Send, resources: readonly EncodedResource[]): void {
    for (const { name, version, references } of resources) {
      const isNew = this.#of(kind).get(name)?.version !== version;
      if (kind === 'endpoint' && !this.#endpoints.has(name)) continue;
      this.#of(kind).set(name, { version, references });
      if (kind === 'cluster') this.#excused.delete(name);
      // What it accepts ends what it refused: should that come again, it is a new try.
      this.#refused.delete(`${kind} ${name}`);
      if (kind === 'cluster' && isNew) this.#warming.add(name);
      if (kind === 'endpoint') this.#warming.delete(name);
    }
    if (kind === 'endpoint') this.#answerWarm();
  }

  #answerWarm(): void {
    for (const name of this.#warming) if (!this.#of('cluster').has(name)) this.#warming.delete(name);
    if (this.#warming.size > 0) return;
    for (const answer of this.#waiting) answer();
    const wasWaiting = this.#waiting.length > 0;
    this.#waiting = [];
    if (!wasWaiting || this.#asksForRoutes) return;
    this.#asksForRoutes = true;
    this.#ask('listener', { isFirst: true });
    this.#ask('route', { isFirst: true });
  }

  #subscribeEndpoints(): void {
    const clusters = new Set(this.#of('cluster').keys());
    const added = [...clusters].filter((name) => !this.#endpoints.has(name));
    const gone = [...this.#endpoints].filter((name) => !clusters.has(name));
    if (added.length + gone.length === 0) return;
    const isFirst = !this.outbox.some(({ kind }) => kind === 'endpoint') && !this.#lastNonce.has('endpoint');
    for (const name of added) this.#endpoints.add(name);
    for (const name of gone) {
      this.#endpoints.delete(name);
      this.#of('endpoint').delete(name);
    }
    if (isFirst || this.#variant === 'sotw') this.#ask('endpoint', { isFirst });
    else this.#letter('endpoint', { subscribe: added, unsubscribe: gone });
  }

  #ask(kind: ResourceKind, asked: { isFirst?: boolean; error?: string; nonce?: string }): void {
    const { isFirst = false, error, nonce = isFirst ? '' : (this.#lastNonce.get(kind) ?? '') } = asked;
    const refusal = error === undefined ? {} : { error: { code: 13, message: error } };
    const names = kind === 'endpoint' ? [...this.#endpoints] : kind === 'route' ? ['outbound'] : [];
    const held = this.#of(kind);
    if (this.#variant === 'sotw') {
      const version = held.size > 0 ? 'some' : '';
      this.outbox.push({ kind, request: { variant: 'sotw', typeUrl: '', names, version, nonce, ...refusal } });
    } else if (isFirst) {
      const initialVersions = new Map([...held].map(([name, { version }]) => [name, version]));
      this.#letter(kind, { subscribe: names, initialVersions });
    } else this.#letter(kind, { nonce, ...refusal });
  }

  #letter(kind: ResourceKind, parts: Partial<Extract<Request, { variant: 'delta' }>>): void {
    const empty = { typeUrl: '', subscribe: [], unsubscribe: [], initialVersions: new Map(), nonce: '' };
    this.outbox.push({ kind, request: { variant: 'delta', ...empty, ...parts } });
  }
}
