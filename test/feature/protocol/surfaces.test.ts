import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { type ControlPlane, startPlane } from '../../harness/control-plane.js';
import { type Ended, XdsClient } from '../../harness/xds-client.js';
import { ADS, field, KINDS, list, type Message, method } from '../../harness/xds-protos.js';
import { ask, framed } from '../grpc/given.js';
import { ALL, c, isH2c, nameOf, plain, rule, SERVICES, WAYS } from './given.js';

/** A plane that stops when the test ends. */
function withPlane(
  sentence: string,
  body: (plane: ControlPlane) => Promise<void>,
  options?: Parameters<typeof startPlane>[0],
): void {
  test(sentence, async () => {
    const plane = await startPlane(options);
    try {
      await body(plane);
    } finally {
      await plane.stop();
    }
  });
}

async function withClient<T>({ port }: ControlPlane, body: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  try {
    return await body(client);
  } finally {
    client.close();
  }
}

function health(plane: ControlPlane, service: string): Promise<unknown> {
  const { path, requestSerialize, responseDeserialize } = method('grpc.health.v1.Health', 'Check');
  return withClient(
    plane,
    (client) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, reply) => {
          if (error === null) resolve(field(reply, 'status'));
          else reject(error);
        });
      }),
  );
}

const SERVICE_NAMES = [ADS, ...Object.values(KINDS).map(({ service }) => service)];

for (const service of ['', ...SERVICE_NAMES]) {
  const who = service === '' ? 'the server' : service.split('.').at(-1);
  withPlane(
    `health of ${who} is NOT_SERVING before the first publication, and SERVING from then on`,
    async (plane) => {
      assert.equal(await health(plane, service), 'NOT_SERVING');
      plane.apply();
      assert.equal(await health(plane, service), 'SERVING');
    },
    { objects: undefined },
  );
}

withPlane('health of a service that is not there is NOT_FOUND', async (plane) => {
  await assert.rejects(health(plane, 'nobody'), { code: status.NOT_FOUND });
});

withPlane(
  'who watches a service is told how it stands, and each time that it changes',
  async (plane) => {
    const { path, requestSerialize, responseDeserialize } = method('grpc.health.v1.Health', 'Watch');
    await withClient(plane, async (client) => {
      const watch = (service: string): AsyncIterator<unknown> => {
        const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
        call.on('error', () => undefined);
        return call[Symbol.asyncIterator]();
      };
      const next = async (watched: AsyncIterator<unknown>): Promise<unknown> => {
        const { value } = await watched.next();
        return field(value, 'status');
      };
      const [server, nobody] = [watch(''), watch('nobody')];
      assert.deepEqual([await next(server), await next(nobody)], ['NOT_SERVING', 'SERVICE_UNKNOWN']);
      plane.apply();
      assert.equal(await next(server), 'SERVING');
      const stopped = plane.stop();
      assert.equal(await next(server), 'NOT_SERVING');
      await assert.rejects(next(server), { code: status.UNAVAILABLE });
      await stopped;
    });
  },
  { objects: undefined },
);

withPlane('health of all services is listed at once', async (plane) => {
  const { path, requestSerialize, responseDeserialize } = method('grpc.health.v1.Health', 'List');
  const reply = await withClient(
    plane,
    (client) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error, found) => {
          if (error === null) resolve(found);
          else reject(error);
        });
      }),
  );
  const statuses = field(reply, 'statuses') as Readonly<Record<string, Message>>;
  for (const service of ['', ...SERVICE_NAMES]) assert.equal(statuses[service]?.['status'], 'SERVING', service);
});

async function withSession<T>({ port }: ControlPlane, body: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    return await body(session);
  } finally {
    session.destroy();
  }
}

withPlane('a watch that asks once more is ended: its answers would pile up where nobody reads', async (plane) => {
  await withSession(plane, async (session) => {
    const { status: code, messages } = await ask(session, '/grpc.health.v1.Health/Watch', [framed(''), framed('')]);
    assert.deepEqual([Number(code), messages.length], [status.INVALID_ARGUMENT, 1]);
  });
});

withPlane('whoever asks the reflection service again and again without reading is ended', async (plane) => {
  const { path, requestSerialize } = method('grpc.reflection.v1.ServerReflection', 'ServerReflectionInfo');
  const question = framed(requestSerialize({ file_containing_symbol: 'envoy.config.listener.v3.Listener' }));
  await withSession(plane, async (session) => {
    const questions = Buffer.concat(Array.from({ length: 100 }, () => question));
    const { status: code, messages } = await ask(session, path, [questions]);
    assert.deepEqual([Number(code), messages.length], [status.RESOURCE_EXHAUSTED, 64]);
  });
});

/** Asks the reflection service one thing, in one of its versions. */
function reflect(plane: ControlPlane, version: 'v1' | 'v1alpha', question: Message): Promise<Message> {
  const { path, requestSerialize, responseDeserialize } = method(
    'grpc.reflection.v1.ServerReflection',
    'ServerReflectionInfo',
  );
  return withClient(plane, async (client) => {
    const call = client.makeBidiStreamRequest(
      path.replace('.v1.', `.${version}.`),
      requestSerialize,
      responseDeserialize,
    );
    const answer = new Promise<Message>((resolve, reject) => {
      call.on('data', resolve);
      call.on('error', reject);
    });
    call.write(question);
    const reply = await answer;
    call.end();
    return reply;
  });
}

for (const version of ['v1', 'v1alpha'] as const) {
  withPlane(`reflection ${version} lists every xDS service`, async (plane) => {
    const reply = await reflect(plane, version, { list_services: '' });
    const names = list(reply, 'list_services_response', 'service').map(({ name }) => name);
    for (const service of SERVICE_NAMES) assert.ok(names.includes(service), `${service} in ${names.join(' ')}`);
  });

  withPlane(`reflection ${version} gives the file in which a service stands`, async (plane) => {
    const reply = await reflect(plane, version, { file_containing_symbol: ADS });
    const files = field(reply, 'file_descriptor_response', 'file_descriptor_proto') as readonly Buffer[];
    assert.ok(files.some((file) => file.includes('AggregatedDiscoveryService')));
  });
}

withPlane('bytes that are no question to reflection end their own stream, and not the server', async (plane) => {
  const code = await withClient(
    plane,
    (client) =>
      new Promise((resolve) => {
        const { path } = method('grpc.reflection.v1.ServerReflection', 'ServerReflectionInfo');
        const asIs = (bytes: Buffer): Buffer => bytes;
        const call = client.makeBidiStreamRequest(path, asIs, asIs);
        call.on('error', ({ code: status }: { readonly code?: unknown }) => resolve(status));
        call.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
        call.write(Buffer.from([0x0a, 0x7f]));
      }),
  );
  assert.equal(code, status.INVALID_ARGUMENT);
  assert.equal(await health(plane, ''), 'SERVING');
});

for (const way of WAYS) {
  withPlane(
    `streams that open before the first publication wait, and then get everything (${nameOf(way)})`,
    async (plane) => {
      const client = new XdsClient({ ...way, port: plane.port });
      try {
        client.subscribe('cluster');
        client.subscribe('endpoint', ...ALL);
        // The server answers others meanwhile, so it has had time for these.
        assert.equal(await health(plane, ''), 'NOT_SERVING');
        assert.deepEqual([...client.waiting('cluster'), ...client.waiting('endpoint')], []);
        plane.apply(...SERVICES);
        assert.deepEqual((await client.accept('cluster')).names, ALL);
        assert.deepEqual([...(await client.accept('endpoint')).names].sort(), ALL);
      } finally {
        client.close();
      }
    },
    { objects: undefined },
  );
}

rule('when the server stops, streams end with UNAVAILABLE, so that clients come back', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  client.subscribe('endpoint', ...ALL);
  await client.accept('endpoint');
  const ended: Promise<Ended>[] = [client.ended('cluster'), client.ended('endpoint')];
  await plane.stop();
  for (const { code, details } of await Promise.all(ended)) {
    assert.deepEqual([code, details], [status.UNAVAILABLE, 'the server stops']);
  }
  assert.deepEqual(plane.proxies(), []);
});

rule('what was published just before the stop still arrives', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  await plane.told('acked');
  plane.apply(...plain('a', { h2c: true }));
  const stopped = plane.stop();
  assert.ok(isH2c(await client.next('cluster'), c('a')));
  await stopped;
});

rule('a client that says that it is done is answered with OK', async ({ connect, plane }) => {
  const client = connect();
  client.subscribe('cluster');
  await client.accept('cluster');
  client.finish('cluster');
  assert.equal((await client.ended('cluster')).code, status.OK);
  await plane.told('disconnected');
});
