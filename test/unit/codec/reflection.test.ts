import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  credentials,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { descriptorSet, SERVICES } from '../../../src/codec/index.js';

interface ReflectionStream {
  write(request: object): void;
  end(): void;
  on(event: 'data', listener: (response: Answer) => void): ReflectionStream;
  on(event: 'error', listener: (error: Error) => void): ReflectionStream;
}

interface Answer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Uint8Array[] };
}

test('gRPC reflection lists our services and describes a message of theirs', async (t) => {
  const server = new Server();
  new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSet()))).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());

  const client = reflectionClient(`127.0.0.1:${port}`);
  t.after(() => client.close());
  const services = await client.ask({ list_services: '' });
  const names = services.list_services_response?.service.map(({ name }) => name) ?? [];
  for (const { service } of SERVICES) assert.ok(names.includes(service), service);

  const file = await client.ask({ file_containing_symbol: 'envoy.config.route.v3.RouteConfiguration' });
  const files = file.file_descriptor_response?.file_descriptor_proto ?? [];
  assert.ok(files.some((bytes) => Buffer.from(bytes).includes('use_hash_policy')));
});

function reflectionClient(address: string): { ask: (request: object) => Promise<Answer>; close: () => void } {
  const package_ = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
  const proto = join(package_, 'build/proto/grpc/reflection/v1/reflection.proto');
  const api = loadPackageDefinition(loadSync(proto, { keepCase: true })) as unknown as {
    grpc: { reflection: { v1: { ServerReflection: ServiceClientConstructor } } };
  };
  const client = new api.grpc.reflection.v1.ServerReflection(address, credentials.createInsecure());
  const ask = (request: object): Promise<Answer> => {
    const open = client['ServerReflectionInfo'] as unknown as () => ReflectionStream;
    const stream = open.call(client);
    return new Promise<Answer>((resolve, reject) => {
      stream.on('data', resolve).on('error', reject);
      stream.write(request);
    }).finally(() => stream.end());
  };
  return { ask, close: () => client.close() };
}
