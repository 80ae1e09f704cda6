// The .proto files of Envoy and gRPC, as protobufjs reflection.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';

const require = createRequire(import.meta.url);

/** Entry files: each imports what it needs, so these few bring the whole of what `wanted.mjs` names. */
const ENTRY_FILES = [
  'envoy/service/discovery/v3/ads.proto',
  'envoy/service/listener/v3/lds.proto',
  'envoy/service/route/v3/rds.proto',
  'envoy/service/route/v3/srds.proto',
  'envoy/service/cluster/v3/cds.proto',
  'envoy/service/endpoint/v3/eds.proto',
  'envoy/service/load_stats/v3/lrs.proto',
  'envoy/service/status/v3/csds.proto',
  'envoy/config/bootstrap/v3/bootstrap.proto',
  'envoy/config/common/mutation_rules/v3/mutation_rules.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/http/on_demand/v3/on_demand.proto',
  'envoy/extensions/filters/listener/original_dst/v3/original_dst.proto',
  'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto',
  'envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto',
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'google/protobuf/descriptor.proto',
  'health/v1/health.proto',
  'reflection/v1/reflection.proto',
];

function packageFolder(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch (cause) {
    throw new Error(`proto: the package ${name} is not installed; run npm ci`, { cause });
  }
}

function includePaths() {
  const deps = join(packageFolder('@grpc/grpc-js-xds'), 'deps');
  const paths = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => join(deps, name));
  const grpc = [
    join(packageFolder('grpc-health-check'), 'proto'),
    join(packageFolder('@grpc/reflection'), 'build/proto/grpc'),
  ];
  return [...paths, ...grpc, packageFolder('protobufjs')];
}

/** The whole API as reflection. Throws with the file's name when one is missing. */
export function loadEnvoyApi() {
  const paths = includePaths();
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const path = paths.map((folder) => join(folder, target)).find((candidate) => existsSync(candidate));
    if (path === undefined && protobuf.common.get(target) === undefined) {
      throw new Error(`proto: ${target} is in none of ${paths.join(', ')}; run npm ci`);
    }
    return path ?? target;
  };
  root.loadSync(ENTRY_FILES, { keepCase: true });
  root.resolveAll();
  return { root, fileOf: (object) => protoFile(object, paths) };
}

/** The path a .proto file is imported by, for example `envoy/config/route/v3/route.proto`. */
function protoFile(object, paths) {
  let holder = object;
  while (holder !== null && holder.filename === null) holder = holder.parent;
  const filename = holder?.filename ?? wellKnownFile(object);
  const folder = paths.find((path) => filename.startsWith(`${path}/`));
  return folder === undefined ? filename : filename.slice(folder.length + 1);
}

/** protobufjs carries the well-known types itself and gives them no file. */
function wellKnownFile(object) {
  for (const [file, definition] of Object.entries(protobuf.common)) {
    if (definition.nested?.google?.nested?.protobuf?.nested?.[object.name] !== undefined) return file;
  }
  throw new Error(`proto: no file known for ${object.fullName}`);
}
