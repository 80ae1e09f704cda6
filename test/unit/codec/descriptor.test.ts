import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFileDescriptorSetFromBuffer, type PackageDefinition } from '@grpc/proto-loader';
import { descriptorSet, LOAD_REPORTS, SERVICES } from '../../../src/codec/index.js';
import { codecs } from '../../../src/codec/gen/code.js';
import { envoyApi } from './independent.js';

const ours = loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSet()), {});

test('every method we serve is in the descriptor set, with the streaming and the messages Envoy gave it', () => {
  const theirs = envoyApi();
  for (const { service, method, path } of [...SERVICES, LOAD_REPORTS]) {
    for (const api of [ours, theirs]) {
      const found = methodOf(api, service, method);
      assert.equal(found.path, path);
      assert.ok(found.requestStream && found.responseStream);
      assert.match(found.requestType, /^((Delta)?Discovery|LoadStats)Request$/);
    }
  }
});

test('every field we kept has the number, type and label it has in the .proto files', () => {
  const theirs = messagesOf(envoyApi());
  let compared = 0;
  for (const [name, kept] of messagesOf(ours)) {
    // Names in google.protobuf differ in case between the two readers, and entries of maps have names of their own making.
    if (name.startsWith('google.protobuf.') || name.endsWith('Entry')) continue;
    for (const field of kept.filter(({ number }) => !NEWER.has(`${name}#${number}`))) {
      const original = theirs.get(name)?.find(({ number }) => number === field.number);
      assert.deepEqual(field, original, `${name}#${field.number}`);
      compared += 1;
    }
  }
  assert.ok(compared > 500, `only ${compared} fields compared`);
});

test('every message of the descriptor set can be encoded and decoded', () => {
  const names = [...messagesOf(ours).keys()].filter((name) => !name.endsWith('Entry'));
  for (const name of names) assert.ok(Object.hasOwn(codecs, name), name);
  assert.ok(names.length > 100, `only ${names.length} messages`);
});

const NEWER: ReadonlySet<string> = new Set([
  'envoy.config.route.v3.WeightedCluster#5',
  'envoy.config.route.v3.RouteAction.RequestMirrorPolicy#7',
  'envoy.config.route.v3.RouteAction.RequestMirrorPolicy#8',
]);

interface FieldFacts {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
}

interface MethodFacts {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestType: string;
}

function methodOf(api: PackageDefinition, service: string, method: string): MethodFacts {
  const definition = (
    api[service] as unknown as Record<string, MethodFacts & { requestType: { type: { name: string } } }>
  )[method];
  assert.ok(definition, `${service}/${method}`);
  const { path, requestStream, responseStream, requestType } = definition;
  return { path, requestStream, responseStream, requestType: requestType.type.name };
}

interface MessageFacts {
  readonly name: string;
  readonly field: readonly FieldFacts[];
  readonly nestedType: readonly MessageFacts[];
}

/** Fields of every message, nested ones too, by full name. */
function messagesOf(api: PackageDefinition): ReadonlyMap<string, readonly FieldFacts[]> {
  const found = new Map<string, readonly FieldFacts[]>();
  const visit = (name: string, message: MessageFacts): void => {
    const facts = message.field.map(({ name: own, number, label, type }) => ({ name: own, number, label, type }));
    found.set(name, facts);
    for (const nested of message.nestedType) visit(`${name}.${nested.name}`, nested);
  };
  for (const [name, definition] of Object.entries(api)) {
    if (definition.format === 'Protocol Buffer 3 DescriptorProto') visit(name, definition.type as MessageFacts);
  }
  return found;
}
