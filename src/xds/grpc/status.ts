/** How a call ends, by the numbers of gRPC ("Status codes and their use in gRPC"). */
export const STATUS = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

/** One of these numbers. */
export type StatusCode = (typeof STATUS)[keyof typeof STATUS];

/** Why a call is ended: a status for the client. */
export class StreamEnd extends Error {
  readonly code: StatusCode;

  constructor(code: StatusCode, message: string) {
    super(message);
    this.name = 'StreamEnd';
    this.code = code;
  }
}

/** The error as a status: what is none is a fault of ours. */
export function streamEnd(error: unknown): StreamEnd {
  return error instanceof StreamEnd ? error : new StreamEnd(STATUS.INTERNAL, `internal fault: ${String(error)}`);
}

/** Trailers are headers, which clients limit: gRPC's own usual limit is 8 KiB for all of them. */
const LONGEST = 1000;

/** A message for the trailer `grpc-message`: percent-encoded UTF-8 ("gRPC over HTTP2", Status-Message). */
export function statusMessage(message: string): string {
  const text = message.slice(0, LONGEST);
  if (!/[^ -$&-~]/.test(text)) return text;
  return [...Buffer.from(text)].map(encodedByte).join('');
}

const PERCENT = 0x25;

function encodedByte(byte: number): string {
  const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== PERCENT;
  return isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
