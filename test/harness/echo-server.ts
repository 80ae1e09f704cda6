import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A version of a service that says who it is: every answer has `x-version`, and every request is counted. */
export interface EchoServer {
  readonly version: string;
  readonly port: number;
  /** Requests that callers sent. */
  readonly requests: () => number;
  /** Copies that Envoy made: it adds `-shadow` to their host. */
  readonly mirrored: () => number;
  /** Ends at once, as a pod that is killed. */
  readonly close: () => Promise<void>;
  /** Ends as a pod that is asked to: takes nothing new and answers what is under way. */
  readonly drain: () => Promise<void>;
}

/**
 * Starts one on loopback. The path picks what it does: `/status/503` answers with that status, `/slow/200` waits that many
 * milliseconds first, `/stream/200` writes a line every 20 ms for so long, `/flaky/KEY` answers 503 the first time it sees the
 * key; anything else answers `status` at once. A WebSocket gets back what it sends.
 */
export async function startEcho(version: string, status = 200): Promise<EchoServer> {
  const seen = { requests: 0, mirrored: 0 };
  const keys = new Set<string>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (isShadow(request)) seen.mirrored += 1;
    else seen.requests += 1;
    request.resume();
    request.on('end', () => answer({ version, status, keys }, request, response));
  });
  server.on('upgrade', (request, socket) => {
    seen.requests += 1;
    upgrade(version, request, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    version,
    port: (server.address() as AddressInfo).port,
    requests: () => seen.requests,
    mirrored: () => seen.mirrored,
    close: () => {
      server.closeAllConnections();
      return closed(server);
    },
    drain: () => closed(server),
  };
}

/** What answers depend on. */
interface Echo {
  readonly version: string;
  readonly status: number;
  /** Keys of `/flaky` that were seen before. */
  readonly keys: Set<string>;
}

function isShadow(request: IncomingMessage): boolean {
  return /-shadow(:\d+)?$/.test(request.headers.host ?? '');
}

function answer(echo: Echo, request: IncomingMessage, response: ServerResponse): void {
  const [, verb, argument = ''] = (request.url ?? '/').split(/[/?]/);
  const status = statusOf(echo, verb, argument);
  const write = (): void => {
    response.writeHead(status, { 'x-version': echo.version, 'x-shadow': String(isShadow(request)) });
    if (verb === 'stream') stream(response, Number(argument));
    else response.end(`${echo.version}\n`);
  };
  if (verb === 'slow') setTimeout(write, Number(argument));
  else write();
}

function statusOf({ status, keys }: Echo, verb: string | undefined, argument: string): number {
  if (verb === 'status') return Number(argument);
  if (verb !== 'flaky' || keys.has(argument)) return status;
  keys.add(argument);
  return 503;
}

function stream(response: ServerResponse, ms: number): void {
  const end = performance.now() + ms;
  const timer = setInterval(() => {
    if (performance.now() < end) response.write('data\n');
    else response.end();
  }, 20);
  response.on('close', () => clearInterval(timer));
}

/** Answers the handshake (RFC 6455, section 4.2.2) and returns the frames' bytes as they come: the test looks at bytes. */
function upgrade(version: string, request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: Upgrade',
    `x-version: ${version}`,
  ];
  socket.on('error', () => socket.destroy());
  socket.write(`${[...lines, `sec-websocket-accept: ${accept}`].join('\r\n')}\r\n\r\n`);
  socket.pipe(socket);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
