import { kindOf, type ResourceKind, type ServiceMethod, TYPE } from '../../codec/index.js';
import type { Call } from '../grpc/call.js';
import type { Message } from '../grpc/message.js';
import { STATUS, type StatusCode, StreamEnd, streamEnd } from '../grpc/status.js';
import type { XdsFacts } from './facts.js';
import { type Identity, identityOf, type ScopeChoice } from './identity.js';
import type { XdsLimits } from './options.js';
import type { Newcomer } from './proxies.js';
import type { Proxy, ResponseStream } from './proxy.js';
import { readRequest, tooManyNames } from './request-reader.js';

/** What a stream needs from the server. */
export interface StreamContext {
  readonly facts: XdsFacts;
  readonly limits: XdsLimits;
  readonly scope: ScopeChoice;
  readonly now: () => number;
  /** Finds or makes the client that this stream belongs to. */
  join(identity: Identity, newcomer: Newcomer): Proxy;
  /** The stream is over. */
  leave(stream: XdsStream, proxy: Proxy | undefined): void;
}

/** One gRPC stream: bytes to requests, who sent them, and the end of it all. */
export class XdsStream implements ResponseStream {
  readonly peer: string;
  readonly serves: ServiceMethod['serves'];
  readonly #call: Call;
  readonly #method: ServiceMethod;
  readonly #context: StreamContext;
  readonly #unserved = new Set<string>();
  #proxy: Proxy | undefined;
  #isOver = false;
  #unflushed = 0;
  #stalledSince = 0;

  constructor(call: Call, method: ServiceMethod, context: StreamContext) {
    this.peer = call.peer;
    this.serves = method.serves;
    this.#call = call;
    this.#method = method;
    this.#context = context;
    call.onOver((fault) => {
      if (fault !== undefined) this.#tell(fault);
      this.#over();
    });
  }

  /** Starts to read; until then the client waits. */
  begin(): void {
    this.#call.read({
      message: (bytes) => this.#read(bytes),
      finished: () => this.#call.end(STATUS.OK),
    });
  }

  write(message: Message, flushed: () => void): void {
    if (this.#isOver) return;
    if (this.#unflushed === 0) this.#stalledSince = this.#context.now();
    this.#unflushed += 1;
    this.#call.write(message, () => {
      this.#unflushed -= 1;
      this.#stalledSince = this.#context.now();
      flushed();
    });
  }

  /** Node id of the client; empty where it has not said who it is. */
  get proxyId(): string {
    return this.#proxy?.identity.id ?? '';
  }

  /** Since when the client has not taken anything, although something waits for it; `undefined` where nothing waits. */
  get stalledSince(): number | undefined {
    return this.#unflushed > 0 ? this.#stalledSince : undefined;
  }

  fail(error: unknown): void {
    const end = streamEnd(error);
    this.#tell(end);
    this.end(end.code, end.message);
  }

  /** Ends the stream with a status, behind what is already written. */
  end(code: StatusCode, message: string): void {
    this.#call.end(code, message);
  }

  #tell({ code, message }: StreamEnd): void {
    this.#context.facts.turnedAway({ peer: this.peer, proxy: this.proxyId, code, message });
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.leave(this, this.#proxy);
  }

  #read(bytes: Buffer): void {
    const { limits, scope } = this.#context;
    const request = readRequest(bytes, this.#method.variant, limits);
    const kind = this.#kindOf(request.typeUrl);
    const proxy = (this.#proxy ??= this.#join(identityOf(request.node, { method: this.#method, scope }), kind));
    if (kind === undefined) return this.#passOver(proxy, request.typeUrl);
    proxy.open(kind, this);
    proxy.request(kind, request);
    const { count, length } = proxy.subscribed(kind);
    if (count > limits.names || length > limits.namesLength) throw tooManyNames(count, length, limits);
  }

  #join(identity: Identity | undefined, kind: ResourceKind | undefined): Proxy {
    if (identity === undefined) {
      throw new StreamEnd(STATUS.INVALID_ARGUMENT, 'the first request of a stream has to carry node.id');
    }
    return this.#context.join(identity, { stream: this, kind });
  }

  /** `undefined` for a type that is not served here. */
  #kindOf(typeUrl: string): ResourceKind | undefined {
    if (this.serves === 'all') return kindOf(typeUrl);
    // A service of one type may leave the type out (discovery.proto, DiscoveryRequest.type_url).
    if (typeUrl !== '' && typeUrl !== TYPE[this.serves]) {
      throw new StreamEnd(
        STATUS.INVALID_ARGUMENT,
        `type_url is ${typeUrl.slice(0, 200)}, this service serves ${TYPE[this.serves]}`,
      );
    }
    return this.serves;
  }

  // A client may ask for more types than a server has; that is no reason to refuse it the others.
  #passOver(proxy: Proxy, typeUrl: string): void {
    if (this.#unserved.has(typeUrl) || this.#unserved.size >= MOST_UNSERVED) return;
    this.#unserved.add(typeUrl);
    this.#context.facts.unserved({ proxy: proxy.identity.id, typeUrl: typeUrl.slice(0, 200) });
  }
}

/** More unserved types than Envoy has; only a hostile client names more. */
const MOST_UNSERVED = 32;
