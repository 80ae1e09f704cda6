import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { admit, type Serve } from './admission.js';
import { Call } from './call.js';
import type { GrpcLimits } from './limits.js';
import { Budget } from './message-reader.js';
import { STATUS } from './status.js';

/** What a connection needs of its server. */
export interface ConnectionContext {
  readonly limits: GrpcLimits;
  readonly methods: ReadonlyMap<string, Serve>;
  closed(connection: Connection): void;
}

/** One connection: its calls, and whether there is still somebody at its other end. */
export class Connection {
  readonly #session: ServerHttp2Session;
  readonly #context: ConnectionContext;
  readonly #peer: string;
  readonly #calls = new Set<Call>();
  readonly #budget: Budget;
  #isGreeted = false;
  #isLeaving = false;
  /** Since when it has had no call. */
  #idleSince: number = performance.now();
  #pingedAt: number = performance.now();
  #awaitsPong = false;

  constructor(session: ServerHttp2Session, context: ConnectionContext) {
    this.#session = session;
    this.#context = context;
    this.#budget = new Budget(context.limits.messageBytes);
    this.#peer = peerOf(session);
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on('remoteSettings', () => {
      this.#isGreeted = true;
    });
    session.on('stream', (stream, headers) => {
      // What goes wrong on a stream ends it, and "close" tells so; without a listener it would end the process.
      stream.on('error', () => undefined);
      // It may be reset by now: it is told of in the turn after the one that has read it.
      if (stream.destroyed || stream.closed) return;
      // Node refuses such a list by itself, but not before the client has acknowledged our SETTINGS.
      if (sizeOf(headers) > context.limits.headerBytes) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      else this.#open(stream, headers);
    });
    session.on('close', () => context.closed(this));
  }

  /** Takes no new calls, and is closed when those there are have ended. */
  leave(): void {
    this.#isLeaving = true;
    this.#session.close();
  }

  /** Ends it and its calls at once. */
  destroy(): void {
    this.#session.destroy();
  }

  /** Looks whether anything takes too long; to be called now and then. */
  check(now: number): void {
    // It is over, and "close" comes in a moment.
    if (this.#session.destroyed) return;
    const { pingMs, pongMs, patienceMs, idleMs } = this.#context.limits;
    for (const call of this.#calls) call.giveUp(now - patienceMs);
    const idle = this.#calls.size === 0 ? now - this.#idleSince : 0;
    const isDead = this.#awaitsPong && now - this.#pingedAt > pongMs;
    if (isDead || (!this.#isGreeted && idle > patienceMs)) this.destroy();
    else if (idle > idleMs) this.leave();
    else if (this.#isGreeted && !this.#awaitsPong && now - this.#pingedAt > pingMs) this.#ping(now);
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    this.#awaitsPong = this.#session.ping((error) => {
      // Without an answer the connection has been closed meanwhile.
      if (error === null) this.#awaitsPong = false;
    });
  }

  #open(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const admission = admit(headers, this.#context.methods);
    if (admission.kind === 'foreign') {
      stream.respond({ ':status': admission.httpStatus }, { endStream: true });
      return;
    }
    const timeoutMs = admission.kind === 'served' ? admission.timeoutMs : undefined;
    const { messageBytes } = this.#context.limits;
    const call = new Call(stream, { peer: this.#peer, messageBytes, budget: this.#budget, timeoutMs });
    this.#calls.add(call);
    stream.on('close', () => {
      this.#calls.delete(call);
      this.#idleSince = performance.now();
    });
    if (this.#isLeaving) call.end(STATUS.UNAVAILABLE, 'this connection takes no new calls');
    else if (admission.kind === 'served') admission.serve(call);
    else call.end(admission.code, admission.message);
  }
}

/** So much of all calls together may have come and not been read yet. */
const CONNECTION_WINDOW = 1024 * 1024;

/** What HTTP/2 counts for a header beside its name and value (RFC 9113, 6.5.2). */
const HEADER_OVERHEAD = 32;

/** Size of a list of headers, as HTTP/2 counts it. */
function sizeOf(headers: IncomingHttpHeaders): number {
  let size = 0;
  for (const [name, value = ''] of Object.entries(headers)) size += name.length + value.length + HEADER_OVERHEAD;
  return size;
}

function peerOf({ socket }: ServerHttp2Session): string {
  const { remoteAddress = '', remotePort = 0 } = socket;
  return `${remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}
