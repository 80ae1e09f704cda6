import { type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';

/** A version of a gRPC service that says who it is. */
export interface GrpcVersion {
  readonly port: number;
  readonly close: () => void;
}

/** Starts one on loopback: `/test.Version/Get` answers with the version's name. */
export async function startGrpcVersion(version: string): Promise<GrpcVersion> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  const server = new Server();
  const get: handleUnaryCall<Buffer, Buffer> = (_call, reply) => reply(null, Buffer.from(version));
  server.register('/test.Version/Get', get, asIs, asIs, 'unary');
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, close: () => server.forceShutdown() };
}
