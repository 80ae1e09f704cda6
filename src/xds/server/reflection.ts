import { answerReflection, DecodeError, REFLECTION } from '../../codec/index.js';
import type { Call } from '../grpc/call.js';
import { Message } from '../grpc/message.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import type { PathMethod } from './options.js';

/** gRPC reflection, both versions: what the codec knows of the services. */
export function reflectionMethods(): readonly PathMethod[] {
  return REFLECTION.map((path) => ({ path, serve }));
}

function serve(call: Call): void {
  call.read({
    message: (bytes) => call.write(new Message(answer(bytes))),
    finished: () => call.end(STATUS.OK),
  });
}

function answer(bytes: Buffer): Uint8Array {
  try {
    return answerReflection(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new StreamEnd(STATUS.INVALID_ARGUMENT, error.message);
    throw error;
  }
}
