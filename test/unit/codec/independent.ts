import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';

// The judge of our codec: `@grpc/proto-loader`, which brings a protobuf runtime of its own, reads Envoy's whole .proto files.

const require = createRequire(import.meta.url);
const deps = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
const includeDirs = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => join(deps, name));

const FILES = [
  'envoy/service/discovery/v3/ads.proto',
  'envoy/service/route/v3/rds.proto',
  'envoy/service/route/v3/srds.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/config/bootstrap/v3/bootstrap.proto',
  'envoy/config/common/mutation_rules/v3/mutation_rules.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/http/on_demand/v3/on_demand.proto',
  'envoy/extensions/filters/listener/original_dst/v3/original_dst.proto',
  'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto',
  'envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/service/listener/v3/lds.proto',
  'envoy/service/cluster/v3/cds.proto',
  'envoy/service/endpoint/v3/eds.proto',
  'envoy/service/status/v3/csds.proto',
  'envoy/service/load_stats/v3/lrs.proto',
];

let loaded: PackageDefinition | undefined;

/** Envoy's API as the judge knows it. */
export function envoyApi(): PackageDefinition {
  loaded ??= loadSync(FILES, { keepCase: true, longs: Number, includeDirs });
  return loaded;
}

/** A message type as the judge knows it. */
export function messageType(name: string): MessageTypeDefinition<object, object> {
  const type = envoyApi()[name];
  if (type === undefined || !('serialize' in type)) throw new Error(`no message ${name}`);
  return type as MessageTypeDefinition<object, object>;
}

/** What the judge reads from some bytes. */
export function readIndependently(name: string, bytes: Uint8Array): unknown {
  return messageType(name).deserialize(Buffer.from(bytes));
}

/** The bytes the judge writes for a message. */
export function writeIndependently(name: string, message: object): Uint8Array {
  return messageType(name).serialize(message);
}
