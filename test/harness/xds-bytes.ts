import { Client, credentials } from '@grpc/grpc-js';
import type { ClientOptions, Ended } from './xds-client.js';
import { ADS, type Kind, KINDS, method } from './xds-protos.js';

/** Sends bytes that need not be a request on a stream of their own, and tells how it ends. */
export async function openBytes(options: ClientOptions, kind: Kind, messages: readonly Buffer[]): Promise<Ended> {
  const { port, variant, aggregated } = options;
  const prefix = variant === 'delta' ? 'Delta' : 'Stream';
  const service = aggregated ? ADS : KINDS[kind].service;
  const { path } = method(service, `${prefix}${aggregated ? 'AggregatedResources' : KINDS[kind].what}`);
  const asIs = (bytes: Buffer): Buffer => bytes;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs);
  try {
    return await new Promise<Ended>((resolve) => {
      call.on('status', ({ code, details }) => resolve({ code, details }));
      call.on('error', () => undefined);
      call.on('data', () => undefined);
      for (const bytes of messages) call.write(bytes);
    });
  } finally {
    client.close();
  }
}
