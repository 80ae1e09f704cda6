import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import type { MethodDefinition } from '@grpc/grpc-js';

// The judge must not read with the eyes of the judged: these messages are parsed from the original .proto files by
// proto-loader, and nothing of our own codec takes part.

/** A message as proto-loader gives it: names as in the .proto file, enums and 64-bit numbers as text, nothing filled in. */
export type Message = Readonly<Record<string, unknown>>;

/** What a client subscribes to. */
export type Kind = 'cluster' | 'endpoint' | 'listener' | 'scopedRoute' | 'route' | 'virtualHost';

/** What a client subscribes to that has one table of all hosts. */
export type TableKind = Exclude<Kind, 'scopedRoute' | 'virtualHost'>;

/** Each kind with its message and the service of its own. */
export const KINDS: Readonly<Record<Kind, { readonly type: string; readonly service: string; readonly what: string }>> =
  {
    cluster: { type: 'envoy.config.cluster.v3.Cluster', ...serviceOf('cluster', 'Cluster') },
    endpoint: { type: 'envoy.config.endpoint.v3.ClusterLoadAssignment', ...serviceOf('endpoint', 'Endpoint') },
    listener: { type: 'envoy.config.listener.v3.Listener', ...serviceOf('listener', 'Listener') },
    scopedRoute: { type: 'envoy.config.route.v3.ScopedRouteConfiguration', ...serviceOf('route', 'ScopedRoutes') },
    route: { type: 'envoy.config.route.v3.RouteConfiguration', ...serviceOf('route', 'Route') },
    virtualHost: { type: 'envoy.config.route.v3.VirtualHost', ...serviceOf('route', 'VirtualHost') },
  };

/** The service that serves all kinds. */
export const ADS = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

/** `type_url` of a kind. */
export function typeUrl(kind: Kind): string {
  return `type.googleapis.com/${KINDS[kind].type}`;
}

/** A method by the full name of its service. */
export function method(service: string, name: string): MethodDefinition<object, object> {
  const found = (definitions()[service] as Readonly<Record<string, MethodDefinition<object, object>>> | undefined)?.[
    name
  ];
  if (found === undefined) throw new Error(`no method ${service}/${name} in the .proto files`);
  return found;
}

/** Reads the message in an Any. */
export function unpack(packed: Message): Message {
  const name = String(packed['type_url']).replace('type.googleapis.com/', '');
  const type = definitions()[name] as MessageTypeDefinition<object, object> | undefined;
  if (type === undefined) throw new Error(`no message ${name} in the .proto files`);
  return type.deserialize(packed['value'] as Buffer) as Message;
}

/** What stands in a message at a path of fields; `undefined` where a field on the way is not set. */
export function field(message: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Message | undefined)?.[name], message);
}

/** The repeated field at a path; empty where it is not set. */
export function list(message: unknown, ...path: readonly string[]): readonly Message[] {
  return (field(message, ...path) as readonly Message[] | undefined) ?? [];
}

const require = createRequire(import.meta.url);
const packageOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));

let loaded: PackageDefinition | undefined;

/** Parses the files when they are first needed: that takes about 0.2 s, once a process. */
function definitions(): PackageDefinition {
  const deps = join(packageOf('@grpc/grpc-js-xds'), 'deps');
  loaded ??= loadSync(
    [
      'envoy/service/discovery/v3/ads.proto',
      'envoy/service/cluster/v3/cds.proto',
      'envoy/service/endpoint/v3/eds.proto',
      'envoy/service/listener/v3/lds.proto',
      'envoy/service/route/v3/rds.proto',
      'envoy/service/route/v3/srds.proto',
      'envoy/service/load_stats/v3/lrs.proto',
      'envoy/config/cluster/v3/cluster.proto',
      'envoy/config/endpoint/v3/endpoint.proto',
      'envoy/config/listener/v3/listener.proto',
      'envoy/config/route/v3/route.proto',
      'envoy/config/route/v3/scoped_route.proto',
      'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
      'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
      'reflection/v1/reflection.proto',
      'health/v1/health.proto',
    ],
    {
      keepCase: true,
      longs: String,
      enums: String,
      arrays: true,
      includeDirs: [
        ...['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) => join(deps, folder)),
        join(packageOf('@grpc/reflection'), 'build/proto/grpc'),
        join(packageOf('grpc-health-check'), 'proto'),
      ],
    },
  );
  return loaded;
}

function serviceOf(folder: string, what: string): { readonly service: string; readonly what: string } {
  const plural = what.endsWith('s') ? what : `${what}s`;
  return { service: `envoy.service.${folder}.v3.${what}DiscoveryService`, what: plural };
}
