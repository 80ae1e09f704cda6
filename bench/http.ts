import { connect, createServer, type Socket } from 'node:net';
import { nowNs } from './clock.js';

// HTTP by hand, for a request has to cost less than what it looks at: one connection, one request at a time, no bodies.

const END_OF_HEAD = '\r\n\r\n';

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Which version of the service it was; empty where Envoy itself answered. */
  readonly version: string;
  /** When its last byte was there, in nanoseconds of the shared clock. */
  readonly at: number;
}

interface Settle {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** A kept connection to an Envoy. */
export class Client {
  readonly #socket: Socket;
  #head = '';
  #settle: Settle | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('Envoy closed the connection')));
  }

  static open(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Client(socket));
      });
    });
  }

  /** Sends a request and waits for its answer, not longer than `timeoutMs`. Requests do not overlap. */
  async get(host: string, timeoutMs = 30_000): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${host} did not answer within ${timeoutMs} ms`)), timeoutMs);
        this.#settle = { resolve, reject };
        this.#socket.write(`GET / HTTP/1.1\r\nhost: ${host}${END_OF_HEAD}`);
      });
    } finally {
      clearTimeout(timer);
      this.#settle = undefined;
    }
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#head += text;
    if (!this.#head.endsWith(END_OF_HEAD)) return;
    const status = Number(this.#head.slice(9, 12));
    const version = /\r\nx-version: ([^\r]*)/.exec(this.#head)?.[1] ?? '';
    this.#head = '';
    this.#settle?.resolve({ status, version, at: nowNs() });
  }
}

/** A version of every service: it answers each request with its name. */
export interface Echo {
  readonly port: number;
  close(): void;
}

/** Starts one on loopback. */
export function startEcho(version: string): Promise<Echo> {
  const answer = `HTTP/1.1 200 OK\r\nx-version: ${version}\r\ncontent-length: 0${END_OF_HEAD}`;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let head = '';
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (text: string) => {
      head += text;
      // Envoy sends a request on a connection when the one before is answered.
      if (!head.endsWith(END_OF_HEAD)) return;
      head = '';
      socket.write(answer);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      resolve({
        port: bound === null || typeof bound === 'string' ? 0 : bound.port,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}
