import type { ResourceKind } from '../../codec/index.js';
import type { Identity } from './identity.js';
import type { XdsPublication } from './options.js';
import { Proxy, type ProxyContext, type ResponseStream } from './proxy.js';

/** A stream whose first request has just come. */
export interface Newcomer {
  readonly stream: ResponseStream;
  /** What it asks for; `undefined` for a type that is not served. */
  readonly kind: ResourceKind | undefined;
}

/** The clients that are connected. */
export class Proxies {
  readonly #context: ProxyContext;
  readonly #byId = new Map<string, Set<Proxy>>();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** All of them, each once. */
  *[Symbol.iterator](): Iterator<Proxy> {
    for (const proxies of this.#byId.values()) yield* proxies;
  }

  /**
   * The client that a new stream belongs to, given the type it asks for first. Streams of one node that are one client share
   * a session, so that the order among types holds across them.
   */
  join(identity: Identity, newcomer: Newcomer, publication: XdsPublication): Proxy {
    const { stream, kind } = newcomer;
    const siblings = this.#byId.get(identity.id) ?? new Set();
    for (const sibling of siblings) if (sibling.accepts(stream, kind)) return sibling;
    const proxy = new Proxy(identity, stream, { context: this.#context, publication });
    if (siblings.size === 0) this.#context.facts.connected({ ...identity, peer: stream.peer });
    this.#byId.set(identity.id, siblings.add(proxy));
    return proxy;
  }

  /** A stream of the client has ended. */
  leave(proxy: Proxy, stream: ResponseStream): void {
    if (!proxy.close(stream)) return;
    const { id } = proxy.identity;
    const siblings = this.#byId.get(id);
    if (siblings === undefined || !siblings.delete(proxy) || siblings.size > 0) return;
    this.#byId.delete(id);
    this.#context.facts.disconnected({ proxy: id });
  }
}
