import { lookup } from 'node:dns/promises';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, isIP } from 'node:net';
import type { Serve } from './admission.js';
import { Connection } from './connection.js';
import { GRPC_LIMITS, type GrpcLimits } from './limits.js';

/** How a gRPC server serves. */
export interface GrpcOptions {
  readonly limits?: Partial<GrpcLimits>;
}

/** gRPC over HTTP/2 as Node speaks it (nghttp2): calls of bytes, by their paths. It knows no messages and no services. */
export class GrpcServer {
  readonly #limits: GrpcLimits;
  readonly #methods = new Map<string, Serve>();
  readonly #servers: Http2Server[] = [];
  readonly #connections = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;
  #left: (() => void) | undefined;

  constructor({ limits }: GrpcOptions = {}) {
    this.#limits = { ...GRPC_LIMITS, ...limits };
  }

  /** Serves a method by its path, `/service/method`. `serve` is called with each call when its headers have come. */
  register(path: string, serve: Serve): void {
    this.#methods.set(path, serve);
  }

  /**
   * Listens on `host:port`, on every address that the host has, and gives the port: where 0 is asked for, any that is free.
   * Rejects with the error of Node (`EADDRINUSE` among them) where that is not possible on any of them.
   */
  async listen(address: string): Promise<number> {
    const { host, port } = parse(address);
    let fault = new Error(`${host} has no address`);
    let bound: number | undefined;
    for (const each of await addressesOf(host)) {
      try {
        bound = await this.#bind(each, bound ?? port);
      } catch (error) {
        fault = new Error(String(error), { cause: error });
      }
    }
    if (bound === undefined) throw fault;
    const { pingMs, pongMs, patienceMs, idleMs } = this.#limits;
    const period = Math.min(LONGEST_PERIOD_MS, Math.ceil(Math.min(pingMs, pongMs, patienceMs, idleMs) / 4));
    this.#timer = setInterval(() => this.#check(), period).unref();
    return bound;
  }

  /** Takes no new calls, waits at most `graceMs` for those there are, and ends them then. */
  async stop(graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    for (const server of this.#servers) server.close();
    for (const connection of this.#connections) connection.leave();
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const connection of this.#connections) connection.destroy();
        resolve();
      }, graceMs);
      this.#left = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #bind(host: string, port: number): Promise<number> {
    const server = this.#newServer();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        // For example too many open files: it is told to nobody, and the next connection is tried anew.
        server.on('error', () => undefined);
        this.#servers.push(server);
        resolve(portOf(server.address()));
      });
    });
  }

  /** The one place that knows that connections are in plain text: with TLS it is `createSecureServer`, with the same options. */
  #newServer(): Http2Server {
    const { streams, headerBytes, connections } = this.#limits;
    const server = createServer({
      settings: {
        enablePush: false,
        maxConcurrentStreams: streams,
        maxHeaderListSize: headerBytes,
        initialWindowSize: STREAM_WINDOW,
      },
      maxSessionMemory: SESSION_MEGABYTES,
      maxSettings: MOST_SETTINGS,
    });
    if (connections !== undefined) server.maxConnections = connections;
    server.on('session', (session) => this.#connect(session));
    // A client that breaks the rules of HTTP/2 loses its connection, and nobody else notices.
    server.on('sessionError', () => undefined);
    return server;
  }

  #connect(session: ServerHttp2Session): void {
    const connection = new Connection(session, {
      limits: this.#limits,
      methods: this.#methods,
      closed: (closed) => {
        this.#connections.delete(closed);
        if (this.#connections.size === 0) this.#left?.();
      },
    });
    this.#connections.add(connection);
  }

  #check(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }
}

const LONGEST_PERIOD_MS = 5000;

/** So much of one call may have come and not been read yet. */
const STREAM_WINDOW = 256 * 1024;

/** More parameters than HTTP/2 has; a client sends them in one frame. */
const MOST_SETTINGS = 32;

/** Most memory of one connection within Node's HTTP/2. */
const SESSION_MEGABYTES = 64;

function parse(address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) throw new Error(`${address} is not HOST:PORT`);
  return { host, port: Number(port) };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function portOf(address: AddressInfo | string | null): number {
  return address === null || typeof address === 'string' ? 0 : address.port;
}
