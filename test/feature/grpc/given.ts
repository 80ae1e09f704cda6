import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { createConnection, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Call } from '../../../src/xds/grpc/call.js';
import { GrpcServer } from '../../../src/xds/grpc/grpc-server.js';
import type { GrpcLimits } from '../../../src/xds/grpc/limits.js';
import { Message } from '../../../src/xds/grpc/message.js';
import type { StreamEnd } from '../../../src/xds/grpc/status.js';
import { STATUS } from '../../../src/xds/grpc/status.js';

/** How a call ended, as a plain HTTP/2 client sees it. */
export interface Ended {
  readonly http: number | undefined;
  /** Of the trailers, or of the headers where there was nothing else. */
  readonly status: string | undefined;
  readonly message: string | undefined;
  readonly messages: readonly Buffer[];
  /** Why the stream was reset, by the numbers of HTTP/2; 0 where it was not. */
  readonly reset: number;
  readonly headers: IncomingHttpHeaders;
}

/** What a test has at hand. */
export interface Given {
  readonly server: GrpcServer;
  readonly port: number;
  /** Calls as the server has them, in the order in which they came. */
  readonly calls: readonly Call[];
  /** How calls that the server ended because of their client were ended. */
  readonly faults: readonly (StreamEnd | undefined)[];
  /** A connection that is closed when the test ends. */
  readonly session: () => ClientHttp2Session;
  /** A connection that speaks nothing by itself, likewise. */
  readonly socket: () => Socket;
}

/** Echoes every message and ends with OK when the client has finished. */
export const ECHO = '/test.Test/Echo';
/** Answers the first message with a status whose text has to be encoded. */
export const FAIL = '/test.Test/Fail';
/** Answers nothing. */
export const SILENT = '/test.Test/Silent';
/** Throws at the first message. */
export const THROWS = '/test.Test/Throws';
/** Is not read. */
export const UNREAD = '/test.Test/Unread';
/** Answers the first message with as many bytes as it says, again and again. */
export const FLOOD = '/test.Test/Flood';

/** A server of test methods, on a port of its own. */
export function rule(sentence: string, body: (given: Given) => Promise<void>, limits: Partial<GrpcLimits> = {}): void {
  test(sentence, async () => {
    const server = new GrpcServer({ limits });
    const calls: Call[] = [];
    const faults: (StreamEnd | undefined)[] = [];
    const open: { destroy(): void }[] = [];
    const closing = <T extends { destroy(): void }>(what: T): T => {
      open.push(what);
      return what;
    };
    const serving = (serve: (call: Call, bytes: Buffer) => void) => (call: Call) => {
      calls.push(call);
      call.onOver((fault) => faults.push(fault));
      call.read({ message: (bytes) => serve(call, bytes), finished: () => call.end(STATUS.OK) });
    };
    server.register(
      ECHO,
      serving((call, bytes) => call.write(new Message(bytes))),
    );
    server.register(
      FAIL,
      serving((call) => call.end(STATUS.NOT_FOUND, 'über 100%\n')),
    );
    server.register(
      SILENT,
      serving(() => undefined),
    );
    server.register(
      THROWS,
      serving(() => {
        throw new Error('a fault');
      }),
    );
    server.register(UNREAD, (call) => calls.push(call));
    server.register(
      FLOOD,
      serving((call, bytes) => {
        const message = new Message(Buffer.alloc(Number(bytes.toString())));
        const again = (): void => call.write(message, again);
        again();
      }),
    );
    const port = await server.listen('127.0.0.1:0');
    const session = (): ClientHttp2Session => {
      const made = closing(connect(`http://127.0.0.1:${port}`));
      made.on('error', () => undefined);
      return made;
    };
    const socket = (): Socket => {
      const made = closing(createConnection({ host: '127.0.0.1', port }));
      made.on('error', () => undefined);
      return made;
    };
    try {
      await body({ server, port, calls, faults, session, socket });
    } finally {
      for (const one of open) one.destroy();
      await server.stop(0);
    }
  });
}

/** Opens a call; nothing is sent but its headers. */
export function begin(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string> = {},
): ClientHttp2Stream {
  const all = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers };
  const stream = session.request(all, { endStream: false });
  stream.on('error', () => undefined);
  return stream;
}

/** Everything that comes until the call is over. */
export function ended(stream: ClientHttp2Stream): Promise<Ended> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (each) => {
    headers = each;
  });
  stream.on('trailers', (each) => {
    trailers = each;
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A gRPC client that has the status does not send any more.
  stream.on('end', () => stream.end());
  return new Promise((resolve) => {
    stream.on('close', () => {
      const all: IncomingHttpHeaders = { ...headers, ...trailers };
      const one = (name: string): string | undefined => all[name]?.toString();
      resolve({
        http: headers[':status'] === undefined ? undefined : Number(headers[':status']),
        status: one('grpc-status'),
        message: one('grpc-message'),
        messages: split(Buffer.concat(chunks)),
        reset: stream.rstCode,
        headers,
      });
    });
  });
}

/** A call with these pieces as its whole body. */
export function ask(
  session: ClientHttp2Session,
  path: string,
  pieces: readonly Buffer[],
  headers: Record<string, string> = {},
): Promise<Ended> {
  const stream = begin(session, path, headers);
  const end = ended(stream);
  for (const piece of pieces) stream.write(piece);
  stream.end();
  return end;
}

/** A message with its prefix. */
export function framed(text: string | Buffer, flag = 0): Buffer {
  const bytes = Buffer.from(text);
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** The first time that something happens. */
export function once(
  emitter: { once(event: string, listener: (value?: unknown) => void): unknown },
  event: string,
): Promise<unknown> {
  return new Promise((resolve) => {
    emitter.once(event, resolve);
  });
}

/** The connection preface and an empty SETTINGS frame (RFC 9113, 3.4). */
export const PREFACE: Buffer = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)]);

/** A frame of HTTP/2. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function split(bytes: Buffer): readonly Buffer[] {
  if (bytes.length < 5) return [];
  const end = 5 + bytes.readUInt32BE(1);
  return [bytes.subarray(5, end), ...split(bytes.subarray(end))];
}
