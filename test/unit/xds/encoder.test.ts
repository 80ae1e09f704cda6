import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedResource } from '../../../src/codec/index.js';
import { type Message as Framed, PREFIX_BYTES } from '../../../src/xds/grpc/message.js';
import type { Send } from '../../../src/xds/protocol/session.js';
import { Encoder } from '../../../src/xds/server/encoder.js';
import { type Message, method } from '../../harness/xds-protos.js';
import { hostOf, WEB } from './small-server.js';

const ADS = method('envoy.service.discovery.v3.AggregatedDiscoveryService', 'DeltaAggregatedResources');
const SOTW = method('envoy.service.discovery.v3.AggregatedDiscoveryService', 'StreamAggregatedResources');

const HOST = hostOf(WEB);
const [WEB_HOST] = HOST.own;

function send(parts: Partial<Send> = {}): Send {
  return {
    ...{ kind: 'cluster', variant: 'delta', nonce: '7.1', sequence: 7, resources: HOST.clusters },
    ...{ removed: [], unknown: [], aliases: new Map() },
    ...parts,
  };
}

function read(framed: Framed, type = ADS): Message {
  return type.responseDeserialize(framed.framed.subarray(PREFIX_BYTES)) as Message;
}

function items(framed: Framed): readonly Message[] {
  return read(framed)['resources'] as readonly Message[];
}

test('equal responses to many clients are the same bytes', () => {
  const encoder = new Encoder('e');
  const bytes = encoder.encode(send());
  assert.equal(encoder.encode(send({ resources: [...HOST.clusters] })), bytes);
  encoder.encode(send({ kind: 'endpoint', resources: HOST.endpoints }));
  assert.equal(encoder.encode(send()), bytes, 'whatever other types are told meanwhile');
});

const others: readonly (readonly [string, Partial<Send>])[] = [
  ['another nonce', { nonce: '7.2' }],
  ['other resources', { resources: hostOf(WEB, { cluster: '2' }).clusters }],
  ['removals', { removed: ['shop/web:80@v0'] }],
  ['the other form of the protocol', { variant: 'sotw' }],
];
for (const [what, parts] of others) {
  test(`${what} make other bytes`, () => {
    const encoder = new Encoder('e');
    const bytes = encoder.encode(send());
    const different = encoder.encode(send(parts));
    assert.notDeepEqual(different, bytes);
    assert.equal(read(different, parts.variant === 'sotw' ? SOTW : ADS)['nonce'], parts.nonce ?? '7.1');
  });
}

test('a resource repeats the names under which it was asked for', () => {
  assert.ok(WEB_HOST !== undefined);
  const asked = new Set(['outbound/web:80', 'outbound/web']);
  const resources: readonly EncodedResource[] = [WEB_HOST];
  const response = send({ kind: 'virtualHost', resources, aliases: new Map([[WEB_HOST.name, asked]]) });
  const encoder = new Encoder('e');
  const [item] = items(encoder.encode(response));
  assert.deepEqual([item?.['name'], item?.['aliases']], [WEB_HOST.name, ['outbound/web', 'outbound/web:80']]);
  assert.equal(item?.['version'], WEB_HOST.version);
  const [plain] = items(encoder.encode(send({ kind: 'virtualHost', resources })));
  assert.deepEqual(plain?.['aliases'], [], 'and a push to others does not');
});

test('what does not exist has no body, and answers its own name and those under which it was asked for', () => {
  const aliases = new Map([['outbound/gone.shop.svc.cluster.local', new Set(['outbound/gone'])]]);
  const unknown = ['outbound/gone.shop.svc.cluster.local', 'outbound/nope'];
  const found = items(new Encoder('e').encode(send({ kind: 'virtualHost', resources: [], unknown, aliases })));
  assert.deepEqual(
    found.map((item) => [item['name'], item['resource'], item['aliases']]),
    [
      [unknown[0], undefined, [unknown[0], 'outbound/gone']],
      [unknown[1], undefined, [unknown[1]]],
    ],
  );
});

test('what does not exist is another version each time, also at the same nonce and after a restart', () => {
  // Envoy 1.40 takes the same version without a body as a heartbeat, and goes on waiting.
  const [before, after] = [new Encoder('e'), new Encoder('f')];
  const versions = [before, before, before, after, after].map((encoder) => {
    const [item] = items(encoder.encode(send({ kind: 'virtualHost', resources: [], unknown: ['outbound/nope'] })));
    return String(item?.['version']);
  });
  assert.equal(new Set(versions).size, versions.length, versions.join(' '));
  for (const version of versions) assert.match(version, /^unknown-/);
});
