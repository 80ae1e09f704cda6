/** What a client may cost the server, and how long it may take. */
export interface GrpcLimits {
  /** Longest message, and most of unfinished messages of one connection, in bytes. */
  readonly messageBytes: number;
  /** Most calls at a time on one connection; clients keep more waiting (SETTINGS_MAX_CONCURRENT_STREAMS). */
  readonly streams: number;
  /** Longest list of headers, as HTTP/2 counts it: names, values, and 32 bytes for each (RFC 9113, 6.5.2). */
  readonly headerBytes: number;
  /** Most connections at a time; `undefined`: as many as come. */
  readonly connections: number | undefined;
  /** A connection is pinged so often, in milliseconds ... */
  readonly pingMs: number;
  /** ... and ended when the answer takes longer than this: its other end is gone without a word. */
  readonly pongMs: number;
  /** How long a connection may take to speak HTTP/2, a message to arrive in full, and a client to take the end of a call. */
  readonly patienceMs: number;
  /** How long a connection may stay without a call. */
  readonly idleMs: number;
}

/** What holds unless told otherwise; pings as `grpc` has them. */
export const GRPC_LIMITS: GrpcLimits = {
  messageBytes: 4 * 1024 * 1024,
  streams: 100,
  headerBytes: 16 * 1024,
  connections: undefined,
  pingMs: 30_000,
  pongMs: 20_000,
  patienceMs: 60_000,
  idleMs: 300_000,
};
