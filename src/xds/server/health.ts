import {
  decodeHealthRequest,
  encodeHealthList,
  encodeHealthResponse,
  HEALTH,
  type ServingStatus,
} from '../../codec/index.js';
import type { Call } from '../grpc/call.js';
import { Message } from '../grpc/message.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import type { PathMethod } from './options.js';
import { understood } from './reading.js';

/** The health service of gRPC: what load balancers and probes ask. Every service is `NOT_SERVING` until told otherwise. */
export class Health {
  readonly #statuses: Map<string, ServingStatus>;
  readonly #watches = new Map<Call, string>();

  constructor(services: Iterable<string>) {
    this.#statuses = new Map([...services].map((service) => [service, 'NOT_SERVING']));
  }

  get methods(): readonly PathMethod[] {
    return [
      { path: HEALTH.check, serve: (call) => answerOnce(call, (bytes) => this.#check(bytes)) },
      { path: HEALTH.list, serve: (call) => answerOnce(call, () => encodeHealthList(this.#statuses)) },
      { path: HEALTH.watch, serve: (call) => this.#watch(call) },
    ];
  }

  /** Says it of all services, and to all who watch one. */
  set(status: ServingStatus): void {
    for (const service of this.#statuses.keys()) this.#statuses.set(service, status);
    const message = new Message(encodeHealthResponse(status));
    for (const [call, service] of this.#watches) if (this.#statuses.has(service)) call.write(message);
  }

  /** Ends the watches, which would last for ever. */
  stop(): void {
    for (const call of [...this.#watches.keys()]) call.end(STATUS.UNAVAILABLE, 'the server stops');
  }

  #check(bytes: Buffer): Uint8Array {
    const service = understood(bytes, decodeHealthRequest);
    const status = this.#statuses.get(service);
    if (status === undefined) throw new StreamEnd(STATUS.NOT_FOUND, `no service ${service.slice(0, 200)} is known`);
    return encodeHealthResponse(status);
  }

  #watch(call: Call): void {
    call.onOver(() => this.#watches.delete(call));
    call.read({
      message: (bytes) => {
        // A watch has one request: whoever writes more and reads nothing would fill the memory with answers.
        if (this.#watches.has(call)) throw new StreamEnd(STATUS.INVALID_ARGUMENT, 'a watch has one request');
        const service = understood(bytes, decodeHealthRequest);
        this.#watches.set(call, service);
        call.write(new Message(encodeHealthResponse(this.#statuses.get(service) ?? 'SERVICE_UNKNOWN')));
      },
      finished: () => undefined,
    });
  }
}

/** A call of one message against one. */
function answerOnce(call: Call, answer: (bytes: Buffer) => Uint8Array): void {
  call.read({
    message: (bytes) => {
      call.write(new Message(answer(bytes)));
      call.end(STATUS.OK);
    },
    finished: () => call.end(STATUS.INTERNAL, 'a request is missing'),
  });
}
