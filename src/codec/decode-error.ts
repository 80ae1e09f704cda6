/** Bytes from outside that are not the message they should be; the server answers with INVALID_ARGUMENT. */
export class DecodeError extends Error {
  constructor(messageName: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`not a valid ${messageName}: ${reason}`, { cause });
    this.name = 'DecodeError';
  }
}

/** The decoded message; whatever a decoder throws comes out as a `DecodeError`. */
export function decoded<T>(messageName: string, bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new DecodeError(messageName, cause);
  }
}
