import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerReflection, DecodeError, descriptorSet } from '../../../src/codec/index.js';
import { codecs } from '../../../src/codec/gen/code.js';
import type { ServerReflectionRequest, ServerReflectionResponse } from '../../../src/codec/gen/messages.js';

function ask(request: ServerReflectionRequest): ServerReflectionResponse {
  const bytes = codecs['grpc.reflection.v1.ServerReflectionRequest'].encode(request);
  return codecs['grpc.reflection.v1.ServerReflectionResponse'].decode(answerReflection(bytes));
}

function filesOf(request: ServerReflectionRequest): readonly (string | undefined)[] {
  const files = ask(request).file_descriptor_response?.file_descriptor_proto ?? [];
  return files.map((file) => codecs['google.protobuf.FileDescriptorProto'].decode(file).name);
}

const ADS = 'envoy/service/discovery/v3/ads.proto';

test('a file comes with everything that it needs, and by every name in it', () => {
  const byName = filesOf({ file_by_filename: ADS });
  assert.equal(byName[0], ADS);
  assert.ok(byName.includes('envoy/config/core/v3/base.proto') && byName.includes('google/protobuf/any.proto'));
  assert.equal(new Set(byName).size, byName.length);
  const service = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
  for (const symbol of [service, `${service}.DeltaAggregatedResources`]) {
    assert.deepEqual(filesOf({ file_containing_symbol: symbol }), byName);
  }
  const discovery = 'envoy/service/discovery/v3/discovery.proto';
  const request = 'envoy.service.discovery.v3.DiscoveryRequest';
  for (const symbol of [request, `${request}.type_url`]) {
    assert.equal(filesOf({ file_containing_symbol: symbol })[0], discovery);
  }
  const nested = 'envoy.config.cluster.v3.Cluster.LbPolicy';
  assert.equal(filesOf({ file_containing_symbol: nested })[0], 'envoy/config/cluster/v3/cluster.proto');
});

test('the question is repeated, and the host with it', () => {
  const answer = ask({ host: 'here', list_services: '' });
  assert.equal(answer.valid_host, 'here');
  assert.deepEqual(answer.original_request, { host: 'here', list_services: '' });
});

test('what is not there is NOT_FOUND, and what is no question UNIMPLEMENTED', () => {
  const code = (request: ServerReflectionRequest): number | undefined => ask(request).error_response?.error_code;
  for (const symbol of ['', 'nothing', '__proto__', 'envoy.service.discovery.v3.Nothing']) {
    assert.equal(code({ file_containing_symbol: symbol }), 5, symbol);
    assert.equal(code({ file_by_filename: symbol }), 5, symbol);
    assert.equal(code({ all_extension_numbers_of_type: symbol }), 5, symbol);
    assert.equal(code({ file_containing_extension: { containing_type: symbol, extension_number: 1 } }), 5, symbol);
  }
  assert.equal(code({}), 12);
  assert.throws(() => answerReflection(Buffer.from([0xff])), DecodeError);
});

test('files are given as they stand in the descriptor set, byte for byte', () => {
  const set = codecs['google.protobuf.FileDescriptorSet'];
  assert.deepEqual(Buffer.from(set.encode(set.decode(descriptorSet()))), Buffer.from(descriptorSet()));
});
