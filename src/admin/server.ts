import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ControlPlaneError } from '../base/index.js';
import type { Logger } from '../observe/index.js';
import { type Answer, answerTo, wrongAnswer } from './answers.js';
import type { AdminFacts } from './facts.js';
import { isHostAllowed } from './host-check.js';

/** Where the admin server listens; port 0 takes a free one. */
export interface AdminOptions {
  readonly host: string;
  readonly port: number;
}

// JSON and text are all we serve: no script, no frame, no guessing of types, nothing kept in a cache.
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** The admin server: health, metrics and the JSON API, over plain HTTP, read only. */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #facts: AdminFacts;
  readonly #log: Logger;
  readonly #server: Server;

  constructor(options: AdminOptions, facts: AdminFacts, log: Logger) {
    this.#options = options;
    this.#facts = facts;
    this.#log = log;
    this.#server = createServer({ headersTimeout: 10_000, requestTimeout: 20_000 }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.#log.error({ error, path: request.url }, 'an admin request failed');
        if (response.headersSent) response.destroy();
        else write(response, wrongAnswer(500, 'INTERNAL', 'the request failed; the server log says why'), false);
      });
    });
  }

  /**
   * Listens. Throws `ADDRESS_IN_USE` or `ADDRESS_INVALID`.
   * @returns the port that is listened on
   */
  async start(): Promise<{ readonly port: number }> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, host, port)));
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    return { port: typeof address === 'object' && address !== null ? address.port : port };
  }

  /** Stops listening and ends what is open. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isHead = request.method === 'HEAD';
    if (!isHostAllowed(request.headers.host, this.#options.host)) {
      write(response, wrongAnswer(403, 'REQUEST_INVALID', HOST_REFUSED), isHead);
    } else if (request.method !== 'GET' && !isHead) {
      response.setHeader('allow', 'GET, HEAD');
      write(response, wrongAnswer(405, 'REQUEST_INVALID', 'only GET and HEAD: nothing can be changed here'), false);
    } else {
      const [pathname = ''] = (request.url ?? '').split('?');
      write(response, await answerTo(pathname, this.#facts), isHead);
    }
  }
}

const HOST_REFUSED =
  'this Host is not answered, to be safe from DNS rebinding; use an address, localhost, or the name in --admin-address';

function write(response: ServerResponse, answer: Answer, isHead: boolean): void {
  response.writeHead(answer.status, {
    ...SECURITY_HEADERS,
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
  });
  response.end(isHead ? undefined : answer.body);
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ControlPlaneError {
  if (error.code === 'EADDRINUSE') {
    const message = `port ${port} of ${host} is in use: stop what holds it, or choose another with --admin-address`;
    return new ControlPlaneError('ADDRESS_IN_USE', message, { cause: error });
  }
  const message = `can not listen on ${host} port ${port} (--admin-address): ${error.message}`;
  return new ControlPlaneError('ADDRESS_INVALID', message, { cause: error });
}
