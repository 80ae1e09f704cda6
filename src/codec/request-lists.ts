/** The two lists of an incremental request that grow with what a client holds, and the bytes of everything else. */
export interface RequestLists {
  readonly subscribe: readonly string[];
  readonly initialVersions: ReadonlyMap<string, string>;
  /** A message of the same type without them. */
  readonly rest: Uint8Array;
}

// discovery.proto, DeltaDiscoveryRequest.
const SUBSCRIBE = 3;
const INITIAL_VERSIONS = 5;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/**
 * Takes the long lists out of a DeltaDiscoveryRequest. A client that reconnects sends thousands of names, and all clients
 * reconnect at once: read as any other message, with an object that has thousands of keys, they cost five times as much.
 * Throws where the bytes are not a message. Groups, which no message of xDS has, are refused.
 */
export function takeLists(bytes: Uint8Array): RequestLists {
  const reader = new Reader(bytes);
  const subscribe: string[] = [];
  const initialVersions = new Map<string, string>();
  const others: Uint8Array[] = [];
  let from = 0;
  while (!reader.isAtEnd) {
    const start = reader.at;
    const tag = reader.varint();
    const isList = (tag & 7) === DELIMITED && (tag >>> 3 === SUBSCRIBE || tag >>> 3 === INITIAL_VERSIONS);
    if (!isList) {
      reader.skip(tag & 7);
      continue;
    }
    if (start > from) others.push(bytes.subarray(from, start));
    if (tag >>> 3 === SUBSCRIBE) subscribe.push(reader.text());
    else entry(reader, initialVersions);
    from = reader.at;
  }
  if (from === 0) return { subscribe, initialVersions, rest: bytes };
  others.push(bytes.subarray(from));
  return { subscribe, initialVersions, rest: Buffer.concat(others) };
}

/** One entry of a map: a message with the key as field 1 and the value as field 2, either of which may be missing. */
function entry(reader: Reader, into: Map<string, string>): void {
  const end = reader.delimitedEnd();
  let key = '';
  let value = '';
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === ((1 << 3) | DELIMITED)) key = reader.text();
    else if (tag === ((2 << 3) | DELIMITED)) value = reader.text();
    else reader.skip(tag & 7);
  }
  if (reader.at !== end) throw new RangeError('an entry of a map is longer than it says');
  into.set(key, value);
}

class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** A number of up to 32 bits; what is longer is cut, as protobuf says for tags and lengths. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) throw new RangeError('a number is cut off');
      this.at += 1;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a number has more than ten bytes');
  }

  /** Where the length-delimited field that begins here ends. */
  delimitedEnd(): number {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.#bytes.length) throw new RangeError(`a field of ${length} bytes reaches beyond the message`);
    return end;
  }

  text(): string {
    const end = this.delimitedEnd();
    const text = this.#bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === DELIMITED) this.at = this.delimitedEnd();
    else if (wireType === FIXED64) this.at += 8;
    else if (wireType === FIXED32) this.at += 4;
    else throw new RangeError(`wire type ${wireType} is not known`);
    if (this.at > this.#bytes.length) throw new RangeError('a field is cut off');
  }
}
