import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError, decodeDeltaRequest, encodeMessage } from '../../../src/codec/index.js';

const REQUEST = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';

const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '__proto__', 'constructor', 'outbound/web.shop'),
);
const request = fc.record({
  type_url: fc.string(),
  response_nonce: fc.string(),
  resource_names_subscribe: fc.array(name),
  resource_names_unsubscribe: fc.array(name),
  versions: fc.uniqueArray(fc.tuple(name, fc.string()), { selector: ([key]) => key }),
});

/** Strings as they arrive: a lone surrogate is no character, and what was written for it is another one. */
function sent(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

test('what was written is read, whatever names there are', () => {
  fc.assert(
    fc.property(request, ({ versions, ...rest }) => {
      const initial_resource_versions = Object.fromEntries(versions.filter(([key]) => key !== '__proto__'));
      const read = decodeDeltaRequest(encodeMessage(REQUEST, { ...rest, initial_resource_versions }));
      assert.equal(read.typeUrl, sent(rest.type_url));
      assert.equal(read.nonce, sent(rest.response_nonce));
      assert.deepEqual(read.subscribe, rest.resource_names_subscribe.map(sent));
      assert.deepEqual(read.unsubscribe, rest.resource_names_unsubscribe.map(sent));
      const expected = Object.entries(initial_resource_versions).map(
        ([key, value]) => [sent(key), sent(value)] as const,
      );
      assert.deepEqual(read.initialVersions, new Map(expected));
    }),
  );
});

test('a name that is special in JavaScript is a name', () => {
  const key = Buffer.from('__proto__');
  const entry = Buffer.from([0x0a, key.length, ...key, 0x12, 1, 0x31]);
  const read = decodeDeltaRequest(Buffer.from([0x2a, entry.length, ...entry]));
  assert.deepEqual([...read.initialVersions], [['__proto__', '1']]);
});

test('lists and other fields may stand in any order, and a key twice counts as it stands last', () => {
  const bytes = Buffer.from([
    ...[0x1a, 1, 0x61], // subscribe: a
    ...[0x32, 1, 0x6e], // nonce: n
    ...[0x2a, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x31], // k: 1
    ...[0x1a, 1, 0x62], // subscribe: b
    ...[0x2a, 6, 0x12, 1, 0x32, 0x0a, 1, 0x6b], // k: 2, the value first
    ...[0x2a, 3, 0x0a, 1, 0x6c], // l, without a value
    ...[0x78, 0x05], // a field that nobody knows
  ]);
  const { subscribe, initialVersions, nonce } = decodeDeltaRequest(bytes);
  assert.deepEqual(
    [subscribe, [...initialVersions], nonce],
    [
      ['a', 'b'],
      [
        ['k', '2'],
        ['l', ''],
      ],
      'n',
    ],
  );
});

test('bytes that are cut off or changed are an error or a message, and never anything else', () => {
  const whole = encodeMessage(REQUEST, {
    type_url: 't',
    resource_names_subscribe: ['one', 'two'],
    initial_resource_versions: { one: '1', two: '2' },
    response_nonce: '1.1',
  });
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), (length, at, byte) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = byte;
      try {
        decodeDeltaRequest(bytes.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    }),
  );
});

for (const [what, bytes] of [
  ['a list that reaches beyond the message', [0x1a, 5, 0x61]],
  ['an entry whose key reaches beyond it', [0x2a, 3, 0x0a, 9, 0x61]],
  ['an entry that ends within its key', [0x2a, 2, 0x0a, 1, 0x61]],
  ['a number without an end', Array.from({ length: 11 }, () => 0xff)],
  ['a group', [0x1b, 0x1c]],
] as const) {
  test(`${what} is no request`, () => {
    assert.throws(() => decodeDeltaRequest(Uint8Array.from(bytes)), DecodeError);
  });
}
