import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { GrpcServer } from '../../../src/xds/grpc/grpc-server.js';
import { until } from '../../harness/poll.js';
import { ask, begin, ECHO, ended, FAIL, framed, rule, SILENT, THROWS, UNREAD } from './given.js';

// The rules of "gRPC over HTTP2", as a client sees them that is no gRPC library.

rule('messages come back, and OK when the client has finished', async ({ session }) => {
  const { http, status, message, messages, headers } = await ask(session(), ECHO, [
    framed('one'),
    framed(''),
    framed('two'),
  ]);
  assert.deepEqual([http, status, message], [200, '0', undefined]);
  assert.deepEqual(messages.map(String), ['one', '', 'two']);
  assert.equal(headers['content-type'], 'application/grpc');
  assert.equal(headers['grpc-accept-encoding'], 'identity');
});

rule('messages are the same wherever they were cut', async ({ session }) => {
  const bytes = Buffer.concat([framed('first'), framed(Buffer.alloc(70_000, 'x')), framed(''), framed('last')]);
  for (const size of [1, 3, 5, 6, 1000, 16_384, bytes.length]) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < (size === 1 ? 200 : bytes.length); at += size) pieces.push(bytes.subarray(at, at + size));
    if (size === 1) pieces.push(bytes.subarray(200));
    const { status, messages } = await ask(session(), ECHO, pieces);
    assert.equal(status, '0');
    assert.deepEqual(
      messages.map((each) => each.length),
      [5, 70_000, 0, 4],
      `pieces of ${size}`,
    );
  }
});

rule('a call without any message ends too', async ({ session }) => {
  const { http, status, messages } = await ask(session(), ECHO, []);
  assert.deepEqual([http, status, messages], [200, '0', []]);
});

rule('a status comes with its text, percent-encoded', async ({ session }) => {
  const { http, status, message } = await ask(session(), FAIL, [framed('x')]);
  assert.deepEqual([http, status, message], [200, '5', '%C3%BCber 100%25%0A']);
});

rule('a method that is not there is UNIMPLEMENTED', async ({ session }) => {
  const { http, status, message } = await ask(session(), '/test.Test/Nothing', [framed('x')]);
  assert.deepEqual([http, status, message], [200, '12', '/test.Test/Nothing is not served here']);
});

rule('what is no gRPC is answered by HTTP', async ({ session }) => {
  const connection = session();
  for (const type of ['application/json', 'application/grpc-web', 'application/grpcx', 'text/application/grpc']) {
    assert.equal((await ask(connection, ECHO, [], { 'content-type': type })).http, 415, type);
  }
  assert.equal((await ask(connection, ECHO, [], { ':method': 'GET' })).http, 405);
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc+own', 'application/grpc;x=1']) {
    assert.equal((await ask(connection, ECHO, [], { 'content-type': type })).status, '0', type);
  }
});

rule('headers that mean nothing here are passed over', async ({ session }) => {
  const { status } = await ask(session(), ECHO, [framed('x')], { 'grpc-encoding': 'gzip', 'x-any': 'thing' });
  assert.equal(status, '0');
});

rule('a compressed message is UNIMPLEMENTED, a flag that does not exist INTERNAL', async ({ session }) => {
  const { status, headers } = await ask(session(), ECHO, [framed('x', 1)], { 'grpc-encoding': 'gzip' });
  assert.deepEqual([status, headers['grpc-accept-encoding']], ['12', 'identity']);
  assert.equal((await ask(session(), ECHO, [framed('x', 2)])).status, '13');
});

rule(
  'a message that is too long ends its call when its length is known, and no other call',
  async ({ session, faults }) => {
    const connection = session();
    const other = begin(connection, ECHO);
    const stream = begin(connection, ECHO);
    stream.write(framed(Buffer.alloc(101)).subarray(0, 5));
    const { status, message } = await ended(stream);
    assert.deepEqual([status, message], ['8', 'a message of 101 bytes, at most 100 are taken']);
    assert.equal(faults[0]?.code, 8);
    other.end(framed(Buffer.alloc(100)));
    assert.equal((await ended(other)).messages[0]?.length, 100);
  },
  { messageBytes: 100 },
);

rule('a call that ends within a message is INTERNAL', async ({ session }) => {
  const { status, message } = await ask(session(), ECHO, [framed('whole'), framed('half').subarray(0, 7)]);
  assert.deepEqual([status, message], ['13', 'the client ended in the middle of a message']);
});

rule('a fault of ours ends one call', async ({ session }) => {
  const connection = session();
  const { status, message } = await ask(connection, THROWS, [framed('x')]);
  assert.deepEqual([status, message], ['13', 'internal fault: Error: a fault']);
  assert.equal((await ask(connection, ECHO, [framed('x')])).status, '0');
});

rule('a deadline ends the call', async ({ session }) => {
  const connection = session();
  for (const timeout of ['10m', '100000u', '1n']) {
    const stream = begin(connection, SILENT, { 'grpc-timeout': timeout });
    assert.equal((await ended(stream)).status, '4', timeout);
  }
  for (const timeout of ['1H', '2M', '30S', '99999999H']) {
    assert.equal((await ask(connection, ECHO, [framed('x')], { 'grpc-timeout': timeout })).status, '0', timeout);
  }
  for (const timeout of ['', '1', 'S', '1s', '123456789S', '-1S']) {
    assert.equal((await ask(connection, ECHO, [framed('x')], { 'grpc-timeout': timeout })).status, '13', timeout);
  }
});

rule('what is cancelled is over at the server', async ({ session, faults, calls }) => {
  const connection = session();
  const stream = begin(connection, SILENT);
  await until('the call', () => calls[0]);
  stream.close(8);
  await until('its end', () => faults.length === 1 || undefined);
  const second = begin(connection, SILENT);
  await until('the second call', () => calls[1]);
  connection.destroy();
  await until('its end', () => faults.length === 2 || undefined);
  assert.deepEqual(faults, [undefined, undefined]);
  assert.equal(second.destroyed, true);
});

rule('nothing is written or ended twice', async ({ session, calls }) => {
  const stream = begin(session(), SILENT);
  const end = ended(stream);
  const call = await until('the call', () => calls[0]);
  call.end(9 as never, 'first');
  call.end(0, 'second');
  assert.deepEqual([(await end).status, (await end).message], ['9', 'first']);
});

rule('a client is named by its address', async ({ session, calls }) => {
  begin(session(), SILENT);
  assert.match((await until('the call', () => calls[0])).peer, /^127\.0\.0\.1:\d+$/);
});

rule(
  'one connection has so many calls at a time, and the others wait or are refused',
  async ({ session, calls }) => {
    const connection = session();
    await new Promise((resolve) => {
      connection.once('remoteSettings', resolve);
    });
    assert.equal(connection.remoteSettings.maxConcurrentStreams, 2);
    const streams = [1, 2, 3].map(() => begin(connection, ECHO));
    await until('two calls', () => calls.length === 2 || undefined);
    streams[0]?.end();
    await until('the third', () => calls.length === 3 || undefined);
  },
  { streams: 2 },
);

rule('stopping waits for what is under way, and takes nothing new', async ({ server, session, calls }) => {
  const connection = session();
  const stream = begin(connection, ECHO);
  const end = ended(stream);
  await until('the call', () => calls[0]);
  let isLeaving = false;
  connection.on('goaway', () => {
    isLeaving = true;
  });
  const stopped = server.stop(60_000);
  await until('GOAWAY', () => isLeaving || undefined);
  stream.end(framed('late'));
  const { status, messages } = await end;
  assert.deepEqual([status, messages.map(String)], ['0', ['late']]);
  await stopped;
});

rule('stopping does not wait for ever', async ({ server, session, calls }) => {
  const stream = begin(session(), SILENT);
  const end = ended(stream);
  await until('the call', () => calls[0]);
  await server.stop(10);
  await end;
});

rule('what a call that is not read sends waits at the client', async ({ session, calls }) => {
  const connection = session();
  const stream = begin(connection, UNREAD);
  stream.write(Buffer.alloc(8 * 1024 * 1024));
  await until('the call', () => calls[0]);
  // Calls beside it are served.
  assert.equal((await ask(connection, ECHO, [framed('x')])).status, '0');
  assert.ok(stream.writableLength > 0);
});

test('addresses are listened on, or refused with the reason', async () => {
  const servers: GrpcServer[] = [];
  const listen = async (address: string): Promise<number> => {
    const server = new GrpcServer();
    servers.push(server);
    return await server.listen(address);
  };
  const port = await listen('127.0.0.1:0');
  await assert.rejects(listen(`127.0.0.1:${port}`), /EADDRINUSE/);
  for (const bad of ['', 'localhost', '127.0.0.1', ':1', '::1:1', '192.0.2.1:0', '127.0.0.1:x', '127.0.0.1:99999']) {
    await assert.rejects(listen(bad), (error) => error instanceof Error && !error.message.includes('EADDRINUSE'), bad);
  }
  const named = await listen('localhost:0');
  const session = connect(`http://127.0.0.1:${named}`);
  await new Promise((resolve) => {
    session.once('connect', resolve);
  });
  session.destroy();
  for (const server of servers) await server.stop(0);
});

test('IPv6 is listened on in brackets, and shown in brackets', async (t) => {
  const server = new GrpcServer();
  let peer: string | undefined;
  server.register(ECHO, (call) => {
    ({ peer } = call);
    call.end(0);
  });
  let port: number;
  try {
    port = await server.listen('[::1]:0');
  } catch {
    t.skip('this machine has no IPv6');
    return;
  }
  const session = connect(`http://[::1]:${port}`);
  assert.equal((await ask(session, ECHO, [])).status, '0');
  assert.match(peer ?? '', /^\[::1\]:\d+$/);
  session.destroy();
  await server.stop(0);
});
