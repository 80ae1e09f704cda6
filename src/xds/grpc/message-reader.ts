import { PREFIX_BYTES } from './message.js';
import { STATUS, StreamEnd } from './status.js';

/** Memory for messages of which only a part has come: one for all calls of a connection. */
export class Budget {
  #left: number;

  /** `bytes` may be held at a time. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes bytes, or gives them back where they are less than 0. Throws a `StreamEnd` where there are not so many. */
  take(bytes: number): void {
    if (bytes > this.#left) {
      throw new StreamEnd(STATUS.RESOURCE_EXHAUSTED, 'too much of unfinished messages on one connection');
    }
    this.#left -= bytes;
  }
}

/** Cuts what comes on a call into its messages, wherever the network has cut it. */
export class MessageReader {
  readonly #limit: number;
  readonly #budget: Budget;
  #held: Buffer = NOTHING;
  #filled = 0;
  #isClosed = false;

  /** Messages have at most `limit` bytes. */
  constructor(limit: number, budget: Budget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Whether only a part of a message has come. */
  get isWithin(): boolean {
    return this.#filled > 0;
  }

  /**
   * Hands on every message that is complete now; its bytes are good until `take` returns. Throws a `StreamEnd` for what is
   * no message, and for one that is too long as soon as its length is known.
   */
  read(chunk: Buffer, take: (message: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length && !this.#isClosed) {
      const end = this.#filled > 0 ? undefined : this.#endOf(chunk, at);
      if (end !== undefined && end <= chunk.length) {
        take(chunk.subarray(at + PREFIX_BYTES, end));
        at = end;
      } else {
        at += this.#hold(chunk, at);
        this.#release(take);
      }
    }
  }

  /** Lets go of what is held; nothing is read after this. */
  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  #drop(): void {
    this.#budget.take(-this.#held.length);
    this.#held = NOTHING;
    this.#filled = 0;
  }

  /** Where the message ends that begins at `at`; `undefined` as long as its prefix is incomplete. */
  #endOf(bytes: Buffer, at: number, filled: number = bytes.length): number | undefined {
    if (filled - at < PREFIX_BYTES) return undefined;
    const flag = bytes.readUInt8(at);
    const size = bytes.readUInt32BE(at + 1);
    if (flag === 1) throw new StreamEnd(STATUS.UNIMPLEMENTED, 'compressed messages are not taken, only identity');
    if (flag !== 0) throw new StreamEnd(STATUS.INTERNAL, `not a gRPC message: the flag before it is ${flag}`);
    if (size > this.#limit) {
      throw new StreamEnd(STATUS.RESOURCE_EXHAUSTED, `a message of ${size} bytes, at most ${this.#limit} are taken`);
    }
    return at + PREFIX_BYTES + size;
  }

  /** Keeps what belongs to the message that is under way; gives how much that is. Memory follows what came, not what was announced. */
  #hold(chunk: Buffer, at: number): number {
    const wanted = this.#endOf(this.#held, 0, this.#filled) ?? PREFIX_BYTES;
    const count = Math.min(wanted - this.#filled, chunk.length - at);
    const needed = this.#filled + count;
    if (needed > this.#held.length) this.#grow(Math.min(wanted, Math.max(needed, 2 * this.#held.length)));
    chunk.copy(this.#held, this.#filled, at, at + count);
    this.#filled = needed;
    return count;
  }

  #grow(size: number): void {
    this.#budget.take(size - this.#held.length);
    const grown = Buffer.allocUnsafeSlow(size);
    this.#held.copy(grown, 0, 0, this.#filled);
    this.#held = grown;
  }

  #release(take: (message: Buffer) => void): void {
    const end = this.#endOf(this.#held, 0, this.#filled);
    if (end === undefined || end > this.#filled) return;
    const message = this.#held.subarray(PREFIX_BYTES, end);
    this.#drop();
    take(message);
  }
}

const NOTHING = Buffer.alloc(0);
