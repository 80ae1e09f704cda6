import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DecodeError,
  decodeDeltaRequest,
  decodeSotwRequest,
  deltaEntry,
  encode,
  encodeDeltaResponse,
  encodeSotwResponse,
  sotwEntry,
  TYPE,
} from '../../../src/codec/index.js';
import { readIndependently, writeIndependently } from './independent.js';
import { cluster, virtualHost } from './samples.js';

const DISCOVERY = 'envoy.service.discovery.v3';
const one = encode('cluster', 'one', cluster);
const two = encode('cluster', 'two', { name: 'two' });

test('an independent reader understands a delta response', () => {
  const bytes = encodeDeltaResponse({
    typeUrl: TYPE.cluster,
    nonce: 'n1',
    systemVersion: 'debug',
    resources: [one, two],
    removed: ['gone'],
    controlPlane: 'penstock-0',
  });
  const resource = ({ name, version, body }: typeof one) => ({
    name,
    version,
    resource: { type_url: TYPE.cluster, value: body },
  });
  assert.deepEqual(readIndependently(`${DISCOVERY}.DeltaDiscoveryResponse`, bytes), {
    system_version_info: 'debug',
    resources: [resource(one), resource(two)],
    type_url: TYPE.cluster,
    nonce: 'n1',
    removed_resources: ['gone'],
    control_plane: { identifier: 'penstock-0' },
  });
});

test('an independent reader understands a state-of-the-world response', () => {
  const bytes = encodeSotwResponse({ typeUrl: TYPE.cluster, nonce: 'n2', version: 'v9', resources: [one, two] });
  assert.deepEqual(readIndependently(`${DISCOVERY}.DiscoveryResponse`, bytes), {
    version_info: 'v9',
    resources: [one, two].map(({ body }) => ({ type_url: TYPE.cluster, value: body })),
    type_url: TYPE.cluster,
    nonce: 'n2',
  });
});

test('a response without resources is complete too', () => {
  const bytes = encodeSotwResponse({ typeUrl: TYPE.listener, nonce: 'n', version: 'v', resources: [] });
  assert.deepEqual(readIndependently(`${DISCOVERY}.DiscoveryResponse`, bytes), {
    version_info: 'v',
    type_url: TYPE.listener,
    nonce: 'n',
  });
});

test('a virtual host can carry aliases, and an unknown one has a name and no body', () => {
  const host = encode('virtualHost', 'outbound/cart.shop', virtualHost);
  const bytes = encodeDeltaResponse({
    typeUrl: TYPE.virtualHost,
    nonce: 'n',
    systemVersion: '',
    resources: [
      { kind: 'aliased', resource: host, aliases: ['outbound/cart'] },
      { kind: 'unknown', name: 'outbound/nowhere', version: 'unknown-1.1', aliases: ['outbound/nowhere'] },
    ],
    removed: [],
  });
  assert.deepEqual(readIndependently(`${DISCOVERY}.DeltaDiscoveryResponse`, bytes), {
    resources: [
      {
        name: host.name,
        version: host.version,
        aliases: ['outbound/cart'],
        resource: { type_url: TYPE.virtualHost, value: host.body },
      },
      { name: 'outbound/nowhere', version: 'unknown-1.1', aliases: ['outbound/nowhere'] },
    ],
    type_url: TYPE.virtualHost,
    nonce: 'n',
  });
});

test('the entry of a resource is made once and shared', () => {
  assert.equal(deltaEntry(one), deltaEntry(one));
  assert.equal(sotwEntry(one), sotwEntry(one));
});

const node = {
  id: 'sidecar~shop~web-0',
  cluster: 'web',
  user_agent_name: 'envoy',
  user_agent_build_version: { version: { major_number: 1, minor_number: 40 } },
  // The judge's well-known types are camelCase; the bytes are the same.
  metadata: { fields: { NAMESPACE: { stringValue: 'shop' }, REPLICAS: { numberValue: 3 } } },
  extensions: [{ name: 'envoy.filters.http.router', category: 'envoy.filters.http' }],
};

const readNode = {
  id: 'sidecar~shop~web-0',
  cluster: 'web',
  metadata: new Map([['NAMESPACE', 'shop']]),
  namespace: 'shop',
  userAgent: 'envoy',
  version: '1.40.0',
};

test('a delta request is read as an independent writer wrote it', () => {
  const bytes = writeIndependently(`${DISCOVERY}.DeltaDiscoveryRequest`, {
    node,
    type_url: TYPE.cluster,
    resource_names_subscribe: ['*', 'a'],
    resource_names_unsubscribe: ['b'],
    initial_resource_versions: { a: '1', ['__proto__']: '2', constructor: '3' },
    response_nonce: 'n',
    error_detail: { code: 13, message: 'no' },
  });
  assert.deepEqual(decodeDeltaRequest(bytes), {
    node: readNode,
    typeUrl: TYPE.cluster,
    subscribe: ['*', 'a'],
    unsubscribe: ['b'],
    initialVersions: new Map([
      ['a', '1'],
      ['__proto__', '2'],
      ['constructor', '3'],
    ]),
    nonce: 'n',
    error: { code: 13, message: 'no' },
  });
});

test('a state-of-the-world request is read as an independent writer wrote it', () => {
  const bytes = writeIndependently(`${DISCOVERY}.DiscoveryRequest`, {
    node,
    type_url: TYPE.endpoint,
    resource_names: ['a', 'b'],
    version_info: 'v',
    response_nonce: 'n',
  });
  assert.deepEqual(decodeSotwRequest(bytes), {
    node: readNode,
    typeUrl: TYPE.endpoint,
    names: ['a', 'b'],
    version: 'v',
    nonce: 'n',
  });
});

test('an empty request is a request with nothing in it', () => {
  assert.deepEqual(decodeSotwRequest(new Uint8Array()), { typeUrl: '', names: [], version: '', nonce: '' });
  assert.deepEqual(decodeDeltaRequest(new Uint8Array()), {
    typeUrl: '',
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    nonce: '',
  });
});

test('an error_detail is a refusal even when it is empty', () => {
  const bytes = writeIndependently(`${DISCOVERY}.DiscoveryRequest`, { error_detail: {} });
  assert.deepEqual(decodeSotwRequest(bytes).error, { code: 0, message: '' });
});

const broken = [
  { name: 'a length that points past the end', bytes: [0x0a, 0x7f, 0x00] },
  { name: 'a tag that never ends', bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] },
  { name: 'a string that is not UTF-8', bytes: [0x12, 0x02, 0xc3, 0x28] },
  { name: 'a group that is never closed', bytes: [0x9b, 0x06] },
];
for (const { name, bytes } of broken) {
  test(`${name} is a DecodeError in both protocols`, () => {
    assert.throws(() => decodeDeltaRequest(Uint8Array.from(bytes)), DecodeError);
    assert.throws(() => decodeSotwRequest(Uint8Array.from(bytes)), DecodeError);
  });
}

test('fields we do not know are passed over', () => {
  const unknown = [((200 << 3) & 0x7f) | 0x80, (200 << 3) >> 7, 1];
  const known = writeIndependently(`${DISCOVERY}.DiscoveryRequest`, { response_nonce: 'n' });
  assert.equal(decodeSotwRequest(Uint8Array.from([...unknown, ...known])).nonce, 'n');
});
