/** What stands before every message: whether it is compressed, and how long it is ("gRPC over HTTP2", Length-Prefixed-Message). */
export const PREFIX_BYTES = 5;

/** A message with its prefix, in one piece: made once, written to any number of calls. */
export class Message {
  /** What goes over the wire. Never changed. */
  readonly framed: Buffer;

  constructor(bytes: Uint8Array) {
    this.framed = Buffer.allocUnsafeSlow(PREFIX_BYTES + bytes.length);
    this.framed[0] = 0;
    this.framed.writeUInt32BE(bytes.length, 1);
    this.framed.set(bytes, PREFIX_BYTES);
  }

  /** The message itself, in the same memory. */
  get bytes(): Buffer {
    return this.framed.subarray(PREFIX_BYTES);
  }

  /** Length of the message itself, in bytes. */
  get size(): number {
    return this.framed.length - PREFIX_BYTES;
  }
}
