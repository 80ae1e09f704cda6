import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, type ProxyNode, struct } from '../../../src/codec/index.js';
import { identityOf, type Terms } from '../../../src/xds/server/identity.js';
import { DEFAULT_LIMITS } from '../../../src/xds/server/options.js';
import { STATUS, type StatusCode, StreamEnd } from '../../../src/xds/grpc/status.js';
import { readRequest } from '../../../src/xds/server/request-reader.js';

function node(parts: Partial<ProxyNode>): ProxyNode {
  return { id: 'sidecar~shop~web-1', cluster: 'web', metadata: new Map(), ...parts };
}

const SOTW: Terms = { method: { variant: 'sotw', serves: 'all' }, scope: 'lazy' };
const DELTA: Terms = { method: { variant: 'delta', serves: 'all' }, scope: 'lazy' };
const HERE = { host: '127.0.0.1', port: 15_001 };
const rows: readonly { name: string; node: ProxyNode; namespace: string; outbound: object }[] = [
  { name: 'the node id alone', node: node({}), namespace: 'shop', outbound: HERE },
  { name: 'metadata before the node id', node: node({ namespace: 'other' }), namespace: 'other', outbound: HERE },
  { name: 'an id of another form', node: node({ id: 'envoy' }), namespace: 'default', outbound: HERE },
  { name: 'an id without a namespace', node: node({ id: 'sidecar~~web' }), namespace: 'default', outbound: HERE },
  {
    name: 'an address of its own',
    node: node({ metadata: new Map([['OUTBOUND_ADDRESS', '[::1]:9000']]) }),
    namespace: 'shop',
    outbound: { host: '::1', port: 9000 },
  },
  {
    name: 'an address that is none',
    node: node({ metadata: new Map([['OUTBOUND_ADDRESS', '1.2.3.4:99999']]) }),
    namespace: 'shop',
    outbound: HERE,
  },
];
for (const { name, node: given, namespace, outbound } of rows) {
  test(`identity from ${name}`, () => {
    const identity = identityOf(given, SOTW);
    assert.deepEqual([identity?.namespace, identity?.outbound], [namespace, outbound]);
  });
}

test('a client that does not say who it is has no identity', () => {
  assert.equal(identityOf(undefined, SOTW), undefined);
  assert.equal(identityOf(node({ id: '' }), SOTW), undefined);
});

test('what a client runs is told', () => {
  assert.equal(identityOf(node({ userAgent: 'envoy', version: '1.40.0' }), SOTW)?.client, 'envoy 1.40.0');
  assert.equal(identityOf(node({}), SOTW)?.client, '');
});

const envoy = (version: string, metadata: Readonly<Record<string, string>> = {}): ProxyNode =>
  node({ userAgent: 'envoy', version, metadata: new Map(Object.entries(metadata)) });
const routings: readonly { name: string; node: ProxyNode; terms?: Terms; routing: string }[] = [
  { name: 'a recent Envoy', node: envoy('1.40.0'), routing: 'onDemand' },
  { name: 'the first Envoy that can', node: envoy('1.40.0-dev'), routing: 'onDemand' },
  { name: 'an Envoy of a next major version', node: envoy('2.0.1'), routing: 'onDemand' },
  { name: 'an Envoy that can not', node: envoy('1.39.3'), routing: 'scoped' },
  { name: 'an Envoy that wants everything', node: envoy('1.40.0', { SCOPE: 'full' }), routing: 'scoped' },
  {
    name: 'an Envoy of a server of full scope',
    node: envoy('1.40.0'),
    terms: { ...DELTA, scope: 'full' },
    routing: 'scoped',
  },
  {
    name: 'a stream of one type',
    node: envoy('1.40.0'),
    terms: { ...DELTA, method: { variant: 'delta', serves: 'cluster' } },
    routing: 'scoped',
  },
  { name: 'the state of the world', node: envoy('1.40.0'), terms: SOTW, routing: 'table' },
  { name: 'a client that does not say what it is', node: node({}), routing: 'scoped' },
  { name: 'a version that is none', node: envoy('main'), routing: 'scoped' },
];
for (const { name, node: given, terms = DELTA, routing } of routings) {
  test(`${name} gets its routes as ${routing}`, () => {
    assert.equal(identityOf(given, terms)?.routing, routing);
  });
}

const LIMITS = { ...DEFAULT_LIMITS, names: 2, nameLength: 4 };
const refused: readonly { name: string; bytes: Uint8Array; code: StatusCode }[] = [
  { name: 'bytes that are no request', bytes: Uint8Array.of(255, 255, 255), code: STATUS.INVALID_ARGUMENT },
  {
    name: 'too many names',
    bytes: encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      resource_names_subscribe: ['a', 'b', 'c'],
    }),
    code: STATUS.RESOURCE_EXHAUSTED,
  },
  {
    name: 'too many names that it brings',
    bytes: encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      initial_resource_versions: { a: '1', b: '1', c: '1' },
    }),
    code: STATUS.RESOURCE_EXHAUSTED,
  },
  {
    name: 'a name that is too long',
    bytes: encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', { resource_names_subscribe: ['abcde'] }),
    code: STATUS.RESOURCE_EXHAUSTED,
  },
  {
    name: 'a version that is too long',
    bytes: encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      initial_resource_versions: { a: '12345' },
    }),
    code: STATUS.RESOURCE_EXHAUSTED,
  },
  {
    name: 'a type that is too long',
    bytes: encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', { type_url: 'abcde' }),
    code: STATUS.RESOURCE_EXHAUSTED,
  },
  ...[
    { id: 'abcde' },
    { cluster: 'abcde' },
    { user_agent_name: 'envoy' },
    { metadata: struct({ NAMESPACE: 'abcde' }) },
    { metadata: struct({ OUTBOUND_ADDRESS: '[::1]:9000' }) },
  ].map((node) => ({
    name: `a node whose ${Object.keys(node).join()} is too long`,
    bytes: encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', { node }),
    code: STATUS.RESOURCE_EXHAUSTED,
  })),
];
for (const { name, bytes, code } of refused) {
  test(`a request is refused for ${name}`, () => {
    assert.throws(
      () => readRequest(bytes, 'delta', LIMITS),
      (error) => error instanceof StreamEnd && error.code === code,
    );
  });
}

test('of the message of a refusal only the beginning is kept, and what of a node nobody needs is passed over', () => {
  const bytes = encodeMessage('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
    node: { id: 'web', metadata: struct({ LABELS: 'as long as they like' }) },
    error_detail: { code: 13, message: 'cluster a: no such thing' },
  });
  assert.equal(readRequest(bytes, 'delta', { ...LIMITS, messageLength: 9 }).error?.message, 'cluster a');
});
