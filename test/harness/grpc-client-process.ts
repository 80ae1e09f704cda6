import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

// Runs in a process of its own: gRPC's xDS client reads its bootstrap from the environment and never lets go of its timers.
// `fork` it with the target as its argument; each message asks for some calls, and each answer tells who answered them.

/** What the test asks for. */
export interface Calls {
  readonly count: number;
  /** Sent with every call. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Answers by the version that gave them, and failures by what they say. */
export type Answered = Readonly<Record<string, number>>;

/** Calls that are on their way at the same time. */
const PARALLEL = 20;

register();
const client = new Client(process.argv[2] ?? '', credentials.createInsecure());

process.on('message', ({ count, metadata }: Calls) => {
  const answered: Record<string, number> = {};
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const who = await call(metadata);
      answered[who] = (answered[who] ?? 0) + 1;
    }
  };
  void Promise.all(Array.from({ length: PARALLEL }, worker)).then(() => process.send?.(answered));
});
process.on('disconnect', () => process.exit(0));

function call(metadata: Calls['metadata']): Promise<string> {
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  const asIs = (bytes: Buffer): Buffer => bytes;
  const deadline = Date.now() + 10_000;
  return new Promise((resolve) => {
    client.makeUnaryRequest('/test.Version/Get', asIs, asIs, Buffer.alloc(0), headers, { deadline }, (error, reply) => {
      resolve(error === null ? String(reply) : `error: ${error.message}`);
    });
  });
}
