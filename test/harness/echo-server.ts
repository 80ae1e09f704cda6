import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A version of a service that says who it is: every answer has `x-version`, and every request is counted. */
export interface EchoServer {
  readonly version: string;
  readonly port: number;
  /** Requests that callers sent. */
  readonly requests: () => number;
  /** Copies that Envoy made: it adds `-shadow` to their host. */
  readonly mirrored: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Starts one on loopback. The path picks what it does: `/status/503` answers with that status, `/slow/200` waits that many
 * milliseconds first, anything else answers 200 at once.
 */
export async function startEcho(version: string): Promise<EchoServer> {
  const seen = { requests: 0, mirrored: 0 };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (isShadow(request)) seen.mirrored += 1;
    else seen.requests += 1;
    request.resume();
    request.on('end', () => answer(version, request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    version,
    port: (server.address() as AddressInfo).port,
    requests: () => seen.requests,
    mirrored: () => seen.mirrored,
    close: () => close(server),
  };
}

function isShadow(request: IncomingMessage): boolean {
  return /-shadow(:\d+)?$/.test(request.headers.host ?? '');
}

function answer(version: string, request: IncomingMessage, response: ServerResponse): void {
  const [, verb, argument] = (request.url ?? '/').split(/[/?]/);
  const status = verb === 'status' ? Number(argument) : 200;
  const delay = verb === 'slow' ? Number(argument) : 0;
  const write = (): void => {
    response.writeHead(status, { 'x-version': version, 'x-shadow': String(isShadow(request)) });
    response.end(`${version}\n`);
  };
  if (delay > 0) setTimeout(write, delay);
  else write();
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
