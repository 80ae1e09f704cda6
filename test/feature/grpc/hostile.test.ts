import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import type { Socket } from 'node:net';
import { until } from '../../harness/poll.js';
import {
  ask,
  begin,
  ECHO,
  ended,
  FLOOD,
  frame,
  framed,
  type Given,
  once,
  PREFACE,
  rule,
  SILENT,
  UNREAD,
} from './given.js';

// Clients that break the rules, mean harm, or are gone: each loses what is its own, and nobody else notices.

// Node stops to read a connection on which a rule of HTTP/2 was broken, but does not close it: an unanswered ping does.
const CLOSING = { pingMs: 20, pongMs: 20 };

const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [0, 1, 3, 4, 6, 9];

const REQUEST = request('POST', ECHO);

/** Headers in the encoding of HPACK without its tables (RFC 7541, 6.2.2). */
function request(verb: string, path: string): Buffer {
  const headers = [
    [':method', verb],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
  ];
  const parts = headers.flatMap(([name = '', value = '']) => [
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
  return Buffer.concat(parts);
}

async function isServed({ session }: Given): Promise<void> {
  const connection = session();
  const { status, messages } = await ask(connection, ECHO, [framed('still there')]);
  assert.deepEqual([status, messages.map(String)], ['0', ['still there']]);
  connection.destroy();
}

/** A connection that has begun as it should. */
async function greeted({ socket }: Given): Promise<Socket> {
  const made = socket();
  await once(made, 'connect');
  made.write(PREFACE);
  return made;
}

/** Writes as much as the other end takes, until it closes. */
async function floodUntilClosed(socket: Socket, next: () => Buffer): Promise<void> {
  const closed = once(socket, 'close');
  const write = (): void => {
    while (!socket.destroyed && socket.write(next()));
  };
  socket.on('drain', write);
  write();
  await closed;
}

rule('what is no HTTP/2 is hung up on', async (given) => {
  const starts = [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '\u0016\u0003\u0001',
    '\0'.repeat(100),
    'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
  ];
  for (const start of starts) {
    const socket = given.socket();
    const closed = once(socket, 'close');
    socket.resume();
    socket.write(start.padEnd(24, 'x'));
    await closed;
  }
  await isServed(given);
});

rule(
  'a connection on which nothing is said is hung up on',
  async ({ socket }) => {
    const silent = socket();
    silent.resume();
    await once(silent, 'close');
  },
  { patienceMs: 40 },
);

rule(
  'a connection without calls is closed, one with a call is not',
  async ({ session, calls }) => {
    const [idle, busy] = [session(), session()];
    begin(busy, SILENT);
    await until('the call', () => calls[0]);
    await once(idle, 'close');
    assert.equal(busy.closed, false);
  },
  { idleMs: 40 },
);

rule(
  'a connection whose other end is gone without a word is ended',
  async (given) => {
    const gone = await greeted(given);
    gone.write(frame(HEADERS, 4, 1, REQUEST));
    await until('the call', () => given.calls[0]);
    gone.resume();
    await once(gone, 'close');
    assert.equal(given.faults.length, 1);
    await isServed(given);
  },
  { pingMs: 20, pongMs: 20 },
);

rule(
  'a connection whose other end answers stays',
  async ({ session, calls, faults }) => {
    const connection = session();
    begin(connection, SILENT);
    await until('the call', () => calls[0]);
    for (let pings = 0; pings < 5; pings += 1) await once(connection, 'ping');
    assert.deepEqual(faults, []);
  },
  { pingMs: 20, pongMs: 2000 },
);

rule('headers that are too long end their call, and no other', async (given) => {
  const connection = given.session();
  const other = begin(connection, ECHO);
  const { http, reset } = await ask(connection, ECHO, [], { 'x-long': 'x'.repeat(20_000) });
  assert.deepEqual([http, reset], [undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  other.end(framed('x'));
  assert.equal((await ended(other)).status, '0');
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, '']));
  assert.equal((await ask(given.session(), ECHO, [], many)).reset, constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

rule(
  'headers without an end are hung up on',
  async (given) => {
    const socket = await greeted(given);
    socket.resume();
    socket.write(frame(HEADERS, 0, 1, REQUEST));
    const more = frame(CONTINUATION, 0, 1, Buffer.from('\0\x01y\x00'.repeat(1000), 'latin1'));
    await floodUntilClosed(socket, () => more);
    await isServed(given);
  },
  CLOSING,
);

rule(
  'calls that are opened and reset by the thousand are hung up on',
  async (given) => {
    const socket = await greeted(given);
    socket.resume();
    let id = -1;
    await floodUntilClosed(socket, () => {
      id += 2;
      return Buffer.concat([frame(HEADERS, 4, id, REQUEST), frame(RST_STREAM, 0, id, Buffer.from([0, 0, 0, 8]))]);
    });
    // nghttp2 takes a thousand, and 33 a second after that.
    assert.ok(given.calls.length < 3000, `${given.calls.length} calls`);
    await isServed(given);
  },
  CLOSING,
);

rule('a call that is reset in the same packet, or right behind it, hurts nobody', async (given) => {
  const reset = Buffer.from([0, 0, 0, 8]);
  const requests = [
    REQUEST,
    ...['/test.Test/Nothing', '/test.Test/Fail', '/test.Test/Flood', '/test.Test/Throws'].map((path) =>
      request('POST', path),
    ),
    request('GET', ECHO),
  ];
  for (const headers of requests) {
    for (const isApart of [false, true]) {
      const socket = await greeted(given);
      socket.resume();
      const call = Buffer.concat([frame(HEADERS, 4, 1, headers), frame(DATA, 0, 1, framed('1000'))]);
      const end = frame(RST_STREAM, 0, 1, reset);
      if (isApart) await new Promise((resolve) => socket.write(call, resolve));
      socket.write(isApart ? end : Buffer.concat([call, end]));
      await isServed(given);
      socket.destroy();
    }
  }
});

for (const [what, flood] of [
  ['pings', frame(PING, 0, 0, Buffer.alloc(8))],
  ['settings', frame(SETTINGS, 0, 0)],
] as const) {
  rule(`${what} by the thousand whose answers nobody reads are hung up on, or wait at the client`, async (given) => {
    const socket = await greeted(given);
    socket.pause();
    const many = Buffer.concat(Array.from({ length: 1000 }, () => flood));
    const before = process.memoryUsage().rss;
    let sent = 0;
    while (!socket.destroyed && sent < 2000 && socket.write(many)) sent += 1;
    await isServed(given);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 100e6, `${Math.round(grown / 1e6)} MB after ${sent * 1000} frames`);
  });
}

rule(
  'a message whose rest does not come ends its call',
  async ({ session, calls }) => {
    const stream = begin(session(), ECHO);
    stream.write(framed('half').subarray(0, 7));
    const { status, message } = await ended(stream);
    assert.deepEqual([status, message], ['13', 'the client ended in the middle of a message']);
    assert.equal(calls.length, 1);
  },
  { patienceMs: 40 },
);

rule(
  'unfinished messages of one connection have one bound',
  async (given) => {
    const connection = given.session();
    const streams = [1, 2, 3].map(() => begin(connection, SILENT));
    const whole = framed(Buffer.alloc(900));
    const ends = streams.map(ended);
    for (const stream of streams) stream.write(whole.subarray(0, 500));
    const { status, message } = await Promise.race(ends);
    assert.deepEqual([status, message], ['8', 'too much of unfinished messages on one connection']);
    await isServed(given);
  },
  { messageBytes: 1000 },
);

rule(
  'a client that does not read makes the server wait, and keeps no end for ever',
  async (given) => {
    const { session, calls } = given;
    const connection = session();
    const stream = begin(connection, FLOOD);
    stream.pause();
    stream.write(framed('1000000'));
    const call = await until('the call', () => calls[0]);
    // More than the windows is not taken: the second message waits, and a third is not even written.
    assert.equal((await ask(connection, ECHO, [framed('beside it')])).status, '0');
    call.end(8, 'nothing was read');
    await until('the reset', () => stream.closed || undefined);
    assert.equal(stream.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await isServed(given);
  },
  { patienceMs: 40 },
);

rule(
  'a client that goes on sending behind the end is cut off',
  async (given) => {
    const connection = given.session();
    const stream = connection.request(
      { ':method': 'POST', ':path': '/test.Test/Nothing', 'content-type': 'application/grpc' },
      { endStream: false },
    );
    stream.on('error', () => undefined);
    stream.resume();
    await once(stream, 'close');
    assert.equal(given.faults.length, 0);
    await isServed(given);
  },
  { patienceMs: 40 },
);

rule(
  'frames that must not come are hung up on',
  async (given) => {
    const bad = [
      frame(DATA, 0, 0, Buffer.from('x')),
      frame(HEADERS, 4, 2, REQUEST),
      frame(HEADERS, 4, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
      frame(CONTINUATION, 4, 1, REQUEST),
      frame(PING, 0, 0, Buffer.alloc(7)),
      Buffer.concat([Buffer.from([0xff, 0xff, 0xff]), frame(DATA, 0, 1).subarray(3)]),
    ];
    for (const bytes of bad) {
      const socket = await greeted(given);
      const closed = once(socket, 'close');
      socket.resume();
      socket.write(bytes);
      await closed;
    }
    await isServed(given);
  },
  CLOSING,
);

rule('connections that are cut at any moment hurt nobody', async (given) => {
  for (let index = 0; index < 50; index += 1) {
    const connection = given.session();
    const stream = begin(connection, index % 2 === 0 ? FLOOD : UNREAD);
    stream.write(framed('100000'));
    await until('the call', () => given.calls[index]);
    connection.destroy();
  }
  await isServed(given);
});

rule(
  'more connections than are allowed are not taken',
  async ({ session, socket, calls }) => {
    begin(session(), SILENT);
    await until('the call', () => calls[0]);
    const second = socket();
    second.resume();
    await once(second, 'close');
  },
  { connections: 1 },
);
