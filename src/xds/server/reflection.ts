import { type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { descriptorSet } from '../../codec/index.js';
import type { RawCall } from './stream.js';

interface Loaded {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** The versions of the reflection service, and their only method. */
const VERSIONS = ['v1', 'v1alpha'] as const;
const METHOD = 'ServerReflectionInfo';

/** A method that is added to a server by its path. */
export interface PathMethod {
  readonly path: string;
  readonly serve: (call: RawCall) => void;
}

/**
 * gRPC reflection, both versions. The descriptors are parsed when somebody first asks, for that takes longer than all the
 * rest of the start.
 */
export function reflectionMethods(): readonly PathMethod[] {
  let loading: Promise<ReadonlyMap<string, Loaded>> | undefined;
  return VERSIONS.map((version) => {
    const path = `/grpc.reflection.${version}.ServerReflection/${METHOD}`;
    const serve = (call: RawCall): void => {
      loading ??= load();
      loading.then(
        (services) => connect(call, services.get(path)),
        (error: unknown) => call.emit('error', error),
      );
    };
    return { path, serve };
  });
}

async function load(): Promise<ReadonlyMap<string, Loaded>> {
  const [{ ReflectionService }, { loadFileDescriptorSetFromBuffer }] = await Promise.all([
    import('@grpc/reflection'),
    import('@grpc/proto-loader'),
  ]);
  const services = new Map<string, Loaded>();
  new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSet()))).addToServer({
    addService(definition, implementation) {
      const path = definition[METHOD]?.path;
      if (path !== undefined) services.set(path, { definition, implementation });
    },
  });
  return services;
}

/** Hands a call of bytes to the service, which reads and writes messages. */
function connect(call: RawCall, loaded: Loaded | undefined): void {
  const method = loaded?.definition[METHOD];
  const serve = loaded?.implementation[METHOD];
  if (method === undefined || serve === undefined) return;
  // Bytes that are no request are thrown about, and an error that leaves an event listener ends the process.
  const answer = (listener: (message: unknown) => void, bytes: Buffer): void => {
    if (call.writableEnded) return;
    try {
      listener(method.requestDeserialize(bytes));
    } catch (error) {
      call.emit('error', { code: status.INVALID_ARGUMENT, details: `not a valid request: ${String(error)}` });
    }
  };
  Reflect.apply(serve, undefined, [
    {
      on: (event: string, listener: (message?: unknown) => void) =>
        call.on(event, (bytes?: Buffer) => (bytes === undefined ? listener() : answer(listener, bytes))),
      write: (message: unknown) => call.write(method.responseSerialize(message)),
      end: () => call.end(),
    },
  ]);
}
