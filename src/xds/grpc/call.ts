import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Message } from './message.js';
import { type Budget, MessageReader } from './message-reader.js';
import { STATUS, type StatusCode, StreamEnd, statusMessage, streamEnd } from './status.js';

/** What comes on a call. Both are called as long as the call is not over. */
export interface CallSink {
  /** A message. Its bytes are good until this returns. What it throws ends the call. */
  message(bytes: Buffer): void;
  /** The client will send nothing more. */
  finished(): void;
}

/** Within which bounds a call is read. */
export interface CallBounds {
  readonly peer: string;
  readonly messageBytes: number;
  /** Of the connection. */
  readonly budget: Budget;
  /** After this the call ends with DEADLINE_EXCEEDED, in milliseconds; `undefined`: never. */
  readonly timeoutMs: number | undefined;
}

const HEADERS: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
};

/** One gRPC call: messages to and fro, and a status at its end. */
export class Call {
  /** `address:port`, or `[address]:port`. */
  readonly peer: string;
  readonly #stream: ServerHttp2Stream;
  readonly #reader: MessageReader;
  readonly #deadline: NodeJS.Timeout | undefined;
  #over: ((fault: StreamEnd | undefined) => void) | undefined;
  #trailers: OutgoingHttpHeaders | undefined;
  #isOver = false;
  /** Since when the client is waited for: for the rest of a message, or to take the end. */
  #waitingSince: number | undefined;

  constructor(stream: ServerHttp2Stream, { peer, messageBytes, budget, timeoutMs }: CallBounds) {
    this.peer = peer;
    this.#stream = stream;
    this.#reader = new MessageReader(messageBytes, budget);
    stream.on('aborted', () => this.#close());
    stream.on('close', () => this.#close());
    if (timeoutMs !== undefined) {
      const late = (): void => this.end(STATUS.DEADLINE_EXCEEDED, 'the deadline of the client has passed');
      this.#deadline = setTimeout(late, timeoutMs).unref();
    }
  }

  /** Called once when the call is over, for whatever reason; with the fault where the client broke the rules of gRPC. */
  onOver(listener: (fault: StreamEnd | undefined) => void): void {
    this.#over = listener;
  }

  /** Starts to read; until then the client has to wait once the windows of HTTP/2 are full. */
  read(sink: CallSink): void {
    if (this.#isOver) return;
    const take = (message: Buffer): void => {
      if (!this.#isOver) sink.message(message);
    };
    this.#stream.on('data', (chunk: Buffer) => {
      if (!this.#isOver) this.#guard(() => this.#read(chunk, take));
    });
    this.#stream.on('end', () => {
      if (this.#isOver) return;
      if (this.#reader.isWithin) this.#fail(halfMessage());
      else this.#guard(() => sink.finished());
    });
  }

  /** Writes a message; `flushed` is called when it has left for the network, and not at all when the call ends before. */
  write(message: Message, flushed?: () => void): void {
    if (this.#isOver || this.#stream.destroyed || this.#stream.closed) return;
    this.#respond();
    this.#stream.write(message.framed, (error) => {
      if (flushed !== undefined && (error === undefined || error === null)) flushed();
    });
  }

  /** Ends the call with a status, behind what is already written. */
  end(code: StatusCode, message = ''): void {
    this.#end(code, message, undefined);
  }

  /** Gives up where the client is waited for since `before`. */
  giveUp(before: number): void {
    if (this.#waitingSince === undefined || this.#waitingSince > before) return;
    if (this.#isOver) this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else this.#fail(halfMessage());
  }

  #read(chunk: Buffer, take: (message: Buffer) => void): void {
    this.#reader.read(chunk, take);
    if (this.#isOver) return;
    if (!this.#reader.isWithin) this.#waitingSince = undefined;
    else this.#waitingSince ??= performance.now();
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(streamEnd(error));
    }
  }

  #fail(fault: StreamEnd): void {
    this.#end(fault.code, fault.message, fault);
  }

  #end(code: StatusCode, message: string, fault: StreamEnd | undefined): void {
    if (this.#isOver) return;
    this.#finish(fault);
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    this.#waitingSince = performance.now();
    const trailers = { 'grpc-status': code, ...(message === '' ? {} : { 'grpc-message': statusMessage(message) }) };
    if (stream.headersSent) {
      this.#trailers = trailers;
      stream.end();
    } else {
      stream.respond({ ...HEADERS, ...trailers }, { endStream: true, ...NO_DATE });
    }
    // What the client still sends is for nobody; it closes its side when it sees the end, or `giveUp` does.
    stream.resume();
  }

  #respond(): void {
    const stream = this.#stream;
    if (stream.headersSent) return;
    stream.respond(HEADERS, { waitForTrailers: true, ...NO_DATE });
    stream.on('wantTrailers', () => stream.sendTrailers(this.#trailers ?? {}));
  }

  #close(): void {
    this.#finish(undefined);
    this.#waitingSince = undefined;
  }

  #finish(fault: StreamEnd | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#reader.close();
    this.#over?.(fault);
  }
}

/** An option that the types of Node 20 leave out. */
const NO_DATE: object = { sendDate: false };

function halfMessage(): StreamEnd {
  return new StreamEnd(STATUS.INTERNAL, 'the client ended in the middle of a message');
}
