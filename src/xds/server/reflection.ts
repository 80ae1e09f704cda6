import { answerReflection, REFLECTION } from '../../codec/index.js';
import type { Call } from '../grpc/call.js';
import { Message } from '../grpc/message.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import type { PathMethod } from './options.js';
import { understood } from './reading.js';

/** gRPC reflection, both versions: what the codec knows of the services. */
export function reflectionMethods(): readonly PathMethod[] {
  return REFLECTION.map((path) => ({ path, serve }));
}

/** A question is a few bytes and its answer thousands: whoever asks and does not read would fill the memory. */
const MOST_UNREAD = 64;

function serve(call: Call): void {
  let unread = 0;
  call.read({
    message: (bytes) => {
      if (unread === MOST_UNREAD) throw new StreamEnd(STATUS.RESOURCE_EXHAUSTED, `${unread} answers were not read yet`);
      unread += 1;
      call.write(new Message(understood(bytes, answerReflection)), () => {
        unread -= 1;
      });
    },
    finished: () => call.end(STATUS.OK),
  });
}
