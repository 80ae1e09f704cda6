import { Client, credentials, Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

const SAY = '/test.Greeter/Say';
const CHAT = '/test.Greeter/Chat';
const asIs = (bytes: Buffer): Buffer => bytes;

/** A gRPC server that says who it is. */
export interface Greeter {
  readonly server: Server;
  readonly version: string;
  readonly port: number;
}

/** A client of a greeter behind an Envoy. */
export function greeterClient(port: number, host: string): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.default_authority': host });
}

/** Answers its version; in a chat, each message with its version before it. */
export async function startGreeter(version: string): Promise<Greeter> {
  const server = new Server();
  server.register(
    SAY,
    (_call: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, Buffer.from(version)),
    asIs,
    asIs,
    'unary',
  );
  server.register(
    CHAT,
    (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (bytes: Buffer) => call.write(Buffer.from(`${version} ${String(bytes)}`)));
      call.on('end', () => call.end());
    },
    asIs,
    asIs,
    'bidi',
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, version, port };
}

/** One call. */
export function unary(client: Client, metadata: Metadata): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(SAY, asIs, asIs, Buffer.from('?'), metadata, (error, answer) => {
      if (error !== null) reject(error);
      else resolve(String(answer));
    });
  });
}

/** A chat: says all, then hears all. */
export async function echoed(client: Client, messages: readonly string[]): Promise<readonly string[]> {
  const call = client.makeBidiStreamRequest(CHAT, asIs, asIs, new Metadata());
  for (const message of messages) call.write(Buffer.from(message));
  call.end();
  const answers: string[] = [];
  for await (const bytes of call) answers.push(String(bytes));
  return answers;
}
