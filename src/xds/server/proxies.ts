import type { ResourceKind } from '../../codec/index.js';
import type { Identity } from './identity.js';
import { Proxy, type ProxyContext, type ResponseStream } from './proxy.js';
import type { Workloads } from './workloads.js';

/** A stream whose first request has just come. */
export interface Newcomer {
  readonly stream: ResponseStream;
  /** What it asks for; `undefined` for a type that is not served. */
  readonly kind: ResourceKind | undefined;
}

/** What the clients share. */
export interface ProxiesContext extends ProxyContext {
  readonly workloads: Workloads;
}

/**
 * A client that begins with anything but clusters has a stream of its own for those (Envoy names its types in one order, also
 * when it comes back, but its streams come in any). It is not for one stream to say what such a client asks for.
 */
function withoutAsking(node: Identity): Identity {
  return node.routing === 'onDemand' ? { ...node, routing: 'scoped' } : node;
}

/** The clients that are connected. */
export class Proxies {
  readonly #context: ProxiesContext;
  readonly #byId = new Map<string, Set<Proxy>>();
  #sessions = 0;

  constructor(context: ProxiesContext) {
    this.#context = context;
  }

  /** All of them, each once. */
  *[Symbol.iterator](): Iterator<Proxy> {
    for (const proxies of this.#byId.values()) yield* proxies;
  }

  /** Those of one node. */
  of(id: string): Iterable<Proxy> {
    return this.#byId.get(id) ?? [];
  }

  /**
   * The client that a new stream belongs to, given the type it asks for first. Streams of one node that are one client share
   * a session, so that the order among types holds across them.
   */
  join(node: Identity, newcomer: Newcomer): Proxy {
    const { stream, kind } = newcomer;
    const identity = kind === 'cluster' ? node : withoutAsking(node);
    const siblings = this.#byId.get(identity.id) ?? new Set();
    for (const sibling of siblings) if (sibling.accepts(stream, kind)) return sibling;
    const workload = identity.routing === 'onDemand' ? this.#context.workloads.of(identity) : undefined;
    const session = (this.#sessions += 1);
    const proxy = new Proxy(identity, stream, { context: this.#context, workload, session });
    this.#context.facts.connected({ ...identity, session, peer: stream.peer });
    this.#byId.set(identity.id, siblings.add(proxy));
    return proxy;
  }

  /** A stream of the client has ended. */
  leave(proxy: Proxy, stream: ResponseStream): void {
    if (!proxy.close(stream)) return;
    const { id } = proxy.identity;
    const { audience, workloads, facts } = this.#context;
    audience.delete(proxy);
    const siblings = this.#byId.get(id);
    if (siblings?.delete(proxy) !== true) return;
    if (siblings.size === 0) {
      this.#byId.delete(id);
      workloads.left(id);
    }
    facts.disconnected({ session: proxy.session, proxy: id });
  }
}
