import type { Identity } from './identity.js';
import type { XdsPublication } from './options.js';
import { Proxy, type ProxyContext, type ResponseStream } from './proxy.js';

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
   * The client that a new stream belongs to. Streams of one type each, from one node, are one client, so that the order
   * among types holds for them too; an aggregated stream is a client by itself.
   */
  join(identity: Identity, stream: ResponseStream, publication: XdsPublication): Proxy {
    const { serves } = stream;
    const siblings = this.#byId.get(identity.id) ?? new Set();
    if (serves !== 'all') {
      for (const sibling of siblings) {
        if (!sibling.lacks(serves)) continue;
        sibling.open(serves, stream);
        return sibling;
      }
    }
    const proxy = new Proxy(identity, stream, { context: this.#context, publication });
    if (serves !== 'all') proxy.open(serves, stream);
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
