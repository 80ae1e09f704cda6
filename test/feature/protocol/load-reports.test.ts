import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js';
import { durationMs } from '../../../src/base/index.js';
import type { ClusterLoad } from '../../../src/codec/index.js';
import { GrpcServer } from '../../../src/xds/grpc/grpc-server.js';
import { loadReportMethods, type ProxyLoad } from '../../../src/xds/server/load-reports.js';
import { DEFAULT_LIMITS } from '../../../src/xds/server/options.js';
import { type Message, method } from '../../harness/xds-protos.js';

// The rules of the load reporting service: lrs.proto, and the limits that hold for every client.

const LRS = method('envoy.service.load_stats.v3.LoadReportingService', 'StreamLoadStats');
const WEB = { id: 'sidecar~shop~web', cluster: 'web', metadata: { fields: { NAMESPACE: { stringValue: 'shop' } } } };
const LIMITS = { ...DEFAULT_LIMITS, names: 3, nameLength: 64, requestBytes: 4096 };

/** What was told, in order. */
type Told =
  | ['reported', string, string, readonly ClusterLoad[]]
  | ['silent', string]
  | ['turned away', string, number, string];

/** How a stream ended. */
type Ended = readonly [code: number, details: string];

/** A client's side of one stream. */
interface Reporter {
  readonly send: (message: object) => void;
  readonly sendBytes: (bytes: Buffer) => void;
  readonly answer: Promise<Message>;
  readonly answers: () => number;
  readonly ended: Promise<Ended>;
  readonly call: ClientDuplexStream<Buffer, Buffer>;
}

interface Given {
  /** A stream on a connection of its own. */
  readonly open: () => Reporter;
  /** The next thing that is told. */
  readonly told: () => Promise<Told>;
  /** Metadata of the next proxy that might be asked. */
  readonly metadataKept: () => Promise<object>;
  readonly stop: () => void;
}

function rule(sentence: string, body: (given: Given) => Promise<void>, isWanted = true): void {
  test(sentence, async () => {
    const [tell, told] = queue<Told>();
    const [keep, metadataKept] = queue<object>();
    const interval = durationMs(30_000);
    assert.ok(interval !== undefined);
    const reports = loadReportMethods({
      ...{ limits: LIMITS, interval },
      isWanted: ({ metadata }) => {
        keep(Object.fromEntries(metadata));
        return isWanted;
      },
      reported: ({ node, clusters }: ProxyLoad) => tell(['reported', node.id, node.namespace ?? '', clusters]),
      silent: (nodeId) => tell(['silent', nodeId]),
      turnedAway: ({ proxy, code, message }) => tell(['turned away', proxy, code, message]),
    });
    const server = new GrpcServer({ limits: { messageBytes: LIMITS.requestBytes } });
    for (const { path, serve } of reports.methods) server.register(path, serve);
    const clients: Client[] = [];
    try {
      const port = await server.listen('127.0.0.1:0');
      const open = (): Reporter => {
        const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
        });
        clients.push(client);
        return reporter(client.makeBidiStreamRequest<Buffer, Buffer>(LRS.path, asIs, asIs));
      };
      await body({ open, told, metadataKept, stop: () => reports.stop() });
    } finally {
      for (const client of clients) client.close();
      await server.stop(0);
    }
  });
}

function reporter(call: ClientDuplexStream<Buffer, Buffer>): Reporter {
  let count = 0;
  const answer = new Promise<Message>((resolve) => {
    call.on('data', (bytes: Buffer) => {
      count += 1;
      resolve(LRS.responseDeserialize(bytes) as Message);
    });
  });
  const ended = new Promise<Ended>((resolve) => {
    call.on('status', ({ code, details }) => resolve([code, details]));
  });
  call.on('error', () => undefined);
  return {
    send: (message) => call.write(LRS.requestSerialize(message)),
    sendBytes: (bytes) => call.write(bytes),
    ...{ answer, answers: () => count, ended, call },
  };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** Values in the order in which they come; who asks first waits. */
function queue<T>(): [put: (value: T) => void, next: () => Promise<T>] {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return [
    (value) => {
      const first = waiting.shift();
      if (first === undefined) values.push(value);
      else first(value);
    },
    () => {
      const value = values.shift();
      return value === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(value);
    },
  ];
}

const stats = (name: string, issued: number): object => ({
  cluster_name: name,
  upstream_locality_stats: [{ total_issued_requests: issued }],
});
const load = (name: string, issued: number): ClusterLoad => ({
  ...{ name, issued },
  ...{ active: 0, successes: 0, errors: 0, intervalMs: 0 },
});

rule('a proxy that says who it is is asked once, for all its clusters', async ({ open, told }) => {
  const proxy = open();
  proxy.send({ node: WEB });
  assert.deepEqual(await proxy.answer, {
    clusters: [],
    load_reporting_interval: { seconds: '30' },
    send_all_clusters: true,
  });
  assert.deepEqual(await told(), ['reported', WEB.id, 'shop', []]);
  proxy.send({ node: WEB, cluster_stats: [stats('a', 1)] });
  assert.deepEqual(await told(), ['reported', WEB.id, 'shop', [load('a', 1)]]);
  proxy.call.end();
  assert.deepEqual(await proxy.ended, [status.OK, '']);
  assert.equal(proxy.answers(), 1);
  assert.deepEqual(await told(), ['silent', WEB.id]);
});

rule('the node of the first message holds for the whole stream', async ({ open, told }) => {
  const proxy = open();
  proxy.send({ node: WEB });
  proxy.send({ cluster_stats: [stats('a', 1), stats('b', 2)] });
  proxy.send({ node: { id: 'somebody else' }, cluster_stats: [stats('a', 0)] });
  await told();
  assert.deepEqual(await told(), ['reported', WEB.id, 'shop', [load('a', 1), load('b', 2)]]);
  assert.deepEqual(await told(), ['reported', WEB.id, 'shop', [load('a', 0)]]);
});

rule('a proxy that comes back before its old stream is seen to end is not silent', async ({ open, told }) => {
  const [before, after, other] = [open(), open(), open()];
  before.send({ node: WEB });
  await told();
  after.send({ node: WEB });
  await told();
  before.call.cancel();
  await before.ended;
  other.send({ node: { id: 'other' } });
  assert.deepEqual(await told(), ['reported', 'other', '', []]);
  after.call.cancel();
  assert.deepEqual(await told(), ['silent', WEB.id]);
});

rule(
  'a proxy that is not wanted is left unanswered, and what it reports is told',
  async ({ open, told }) => {
    const proxy = open();
    proxy.send({ node: WEB });
    // An Envoy that another server has asked before goes on.
    proxy.send({ node: WEB, cluster_stats: [stats('a', 1)] });
    await told();
    assert.deepEqual(await told(), ['reported', WEB.id, 'shop', [load('a', 1)]]);
    proxy.call.end();
    await proxy.ended;
    assert.equal(proxy.answers(), 0);
  },
  false,
);

for (const node of [undefined, {}, { id: '' }, { cluster: 'web' }]) {
  rule(`a first message with the node ${JSON.stringify(node)} ends its stream`, async ({ open, told }) => {
    const proxy = open();
    proxy.send({ ...(node === undefined ? {} : { node }), cluster_stats: [stats('a', 1)] });
    const why = 'the first load report of a stream has to carry node.id';
    assert.deepEqual(await proxy.ended, [status.INVALID_ARGUMENT, why]);
    assert.deepEqual(await told(), ['turned away', '', status.INVALID_ARGUMENT, why]);
  });
}

const LONG = 'x'.repeat(65);
const tooMuch = [
  {
    name: 'too many clusters',
    code: 8,
    message: { cluster_stats: ['a', 'b', 'c', 'd'].map((name) => stats(name, 1)) },
  },
  { name: 'a long cluster name', code: 8, message: { cluster_stats: [stats(LONG, 1)] } },
  { name: 'a long text of the node', code: 8, message: { node: { ...WEB, cluster: LONG } } },
  { name: 'bytes that are no report', code: 3, bytes: Buffer.from([0x0a, 0x7f]) },
];
for (const { name, code, message, bytes } of tooMuch) {
  rule(`${name} cost a client its stream, and nobody else`, async ({ open, told }) => {
    const [bad, good] = [open(), open()];
    good.send({ node: { id: 'good' } });
    await told();
    bad.send({ node: WEB });
    await told();
    if (bytes === undefined) bad.send(message);
    else bad.sendBytes(bytes);
    const [ended, why] = await bad.ended;
    assert.equal(ended, code);
    const facts = [await told(), await told()];
    assert.deepEqual(facts, [
      ['turned away', WEB.id, code, why],
      ['silent', WEB.id],
    ]);
    good.send({ cluster_stats: [stats('a', 1)] });
    assert.deepEqual(await told(), ['reported', 'good', '', [load('a', 1)]]);
  });
}

rule('a message that is too large costs a client its stream, and nobody else', async ({ open, told }) => {
  const [bad, good] = [open(), open()];
  bad.send({ node: WEB });
  await told();
  bad.send({ node: { id: 'x'.repeat(5000) } });
  assert.equal((await bad.ended)[0], status.RESOURCE_EXHAUSTED);
  const [what, proxy, code] = await told();
  assert.deepEqual([what, proxy, code], ['turned away', WEB.id, status.RESOURCE_EXHAUSTED]);
  assert.deepEqual(await told(), ['silent', WEB.id]);
  good.send({ node: { id: 'good' } });
  assert.deepEqual(await told(), ['reported', 'good', '', []]);
});

rule('of what a node says, only what an identity is made of is kept', async ({ open, metadataKept }) => {
  const proxy = open();
  const text = (stringValue: string): object => ({ stringValue });
  const kept = { OUTBOUND_ADDRESS: text('127.0.0.1:1'), SCOPE: text('full') };
  const fields = { ...WEB.metadata.fields, ...kept, LABELS: text('y'.repeat(1000)) };
  proxy.send({ node: { ...WEB, metadata: { fields } } });
  assert.deepEqual(await metadataKept(), { OUTBOUND_ADDRESS: '127.0.0.1:1', SCOPE: 'full' });
});

rule('when the server stops, streams end with UNAVAILABLE, and so do those that come later', async (given) => {
  const { open, told, stop } = given;
  const [proxy, unsaid, late] = [open(), open(), open()];
  proxy.send({ node: WEB });
  await told();
  stop();
  late.send({ node: WEB });
  const ends = await Promise.all([proxy, late].map(({ ended }) => ended));
  for (const end of ends) assert.deepEqual(end, [status.UNAVAILABLE, 'the server stops']);
  assert.deepEqual(await told(), ['silent', WEB.id]);
  unsaid.call.cancel();
});
