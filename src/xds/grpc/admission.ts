import type { IncomingHttpHeaders } from 'node:http2';
import type { Call } from './call.js';
import { STATUS, type StatusCode } from './status.js';

/** What a call is served by. */
export type Serve = (call: Call) => void;

/** What becomes of a call, by its headers. */
export type Admission =
  | { readonly kind: 'served'; readonly serve: Serve; readonly timeoutMs: number | undefined }
  | { readonly kind: 'ended'; readonly code: StatusCode; readonly message: string }
  /** It is no gRPC at all: the answer is HTTP's. */
  | { readonly kind: 'foreign'; readonly httpStatus: number };

/** Reads the headers of a call ("gRPC over HTTP2", Requests). */
export function admit(headers: IncomingHttpHeaders, methods: ReadonlyMap<string, Serve>): Admission {
  if (headers[':method'] !== 'POST') return { kind: 'foreign', httpStatus: 405 };
  if (!GRPC.test(headers['content-type'] ?? '')) return { kind: 'foreign', httpStatus: 415 };
  const path = String(headers[':path']);
  const serve = methods.get(path);
  if (serve === undefined) {
    return { kind: 'ended', code: STATUS.UNIMPLEMENTED, message: `${path.slice(0, 200)} is not served here` };
  }
  const timeout = headers['grpc-timeout'];
  if (timeout === undefined) return { kind: 'served', serve, timeoutMs: undefined };
  const timeoutMs = typeof timeout === 'string' ? millisecondsOf(timeout) : undefined;
  if (timeoutMs === undefined) return { kind: 'ended', code: STATUS.INTERNAL, message: 'grpc-timeout is not one' };
  return { kind: 'served', serve, timeoutMs };
}

/** With any name behind the plus, for clients call their codecs as they like: what messages are, whoever serves the call sees. */
const GRPC = /^application\/grpc(\+|;|$)/i;

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** More is more than a timer of Node can wait, and four weeks. */
const LONGEST_MS = 0x7fff_ffff;

function millisecondsOf(timeout: string): number | undefined {
  const [, amount, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  const factor = UNITS[unit];
  if (factor === undefined) return undefined;
  return Math.min(Math.ceil(Number(amount) * factor), LONGEST_MS);
}
