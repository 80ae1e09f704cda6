import fc from 'fast-check';
import { type ObjectKey, objectKey } from '../../../src/base/index.js';
import { encode, encodeRouteTable, type EncodedResource } from '../../../src/codec/index.js';
import {
  EMPTY_SNAPSHOT,
  type HostEntry,
  type Snapshot,
  type ViewOf,
  viewsWith,
  withHosts,
} from '../../../src/snapshot/index.js';

/** Hosts in small, for the tests of this room: `ports` are its clusters, each with a virtual host; `rest` is what may differ. */

export const cluster = (key: ObjectKey, port: number, timeout = 1): EncodedResource<'cluster'> =>
  encode('cluster', `${key}:${port}`, { name: `${key}:${port}`, connect_timeout: { seconds: timeout } });

export const endpoint = (key: ObjectKey, port: number, address = ''): EncodedResource<'endpoint'> =>
  encode('endpoint', `${key}:${port}`, { cluster_name: `${key}:${port}/${address}` });

export const fullName = (key: ObjectKey): string => {
  const [namespace, name] = key.split('/');
  return `${name}.${namespace}.svc.cluster.local`;
};

export const virtualHost = (
  key: ObjectKey,
  port: number | undefined,
  domains: readonly string[],
  references: readonly string[] = [`${key}:${port}`],
): EncodedResource<'virtualHost'> =>
  encode('virtualHost', `outbound/${fullName(key)}${port === undefined ? '' : `:${port}`}`, { domains }, references);

export const apiListener = (key: ObjectKey, port: number): EncodedResource<'listener'> =>
  encode('listener', `${fullName(key)}:${port}`, { name: 'api' }, [`${key}:${port}`]);

export const route = (key: ObjectKey, domain: string, ports: readonly number[]): EncodedResource<'route'> =>
  encode(
    'route',
    `outbound/${fullName(key)}`,
    { request_headers_to_remove: [domain, ...ports.map(String)] },
    ports.map((port) => `${key}:${port}`),
  );

const scope = (key: ObjectKey, name: string): EncodedResource<'scopedRoute'> =>
  encode('scopedRoute', name, { name, route_configuration_name: `outbound/${fullName(key)}` });

/** `web.shop` and `web.shop.svc`. */
export const scopes = (key: ObjectKey): readonly EncodedResource<'scopedRoute'>[] => {
  const [namespace, name] = key.split('/');
  return [scope(key, `outbound/${name}.${namespace}`), scope(key, `outbound/${name}.${namespace}.svc`)];
};

export const ownScopes = (key: ObjectKey): readonly EncodedResource<'scopedRoute'>[] => [scope(key, `outbound/${key}`)];

export interface Rest {
  readonly timeout?: number;
  readonly domain?: string;
  readonly address?: string;
}

export function entry(key: ObjectKey, ports: readonly number[], rest: Rest = {}): HostEntry {
  const domain = rest.domain ?? 'x';
  return {
    clusters: ports.map((port) => cluster(key, port, rest.timeout)),
    own: ports.map((port) => virtualHost(key, port, ['short', domain])),
    others: ports.map((port) => virtualHost(key, port, [domain])),
    routes: [route(key, domain, ports)],
    scopes: scopes(key),
    ownScopes: ownScopes(key),
    defaultPort: undefined,
    apiListeners: ports.map((port) => apiListener(key, port)),
    endpoints: ports.map((port) => endpoint(key, port, rest.address)),
  };
}

export const WEB: ObjectKey = objectKey('shop', 'web');
export const CART: ObjectKey = objectKey('shop', 'cart');
export const LOG: ObjectKey = objectKey('infra', 'log');

export type HostChanges = ReadonlyMap<ObjectKey, HostEntry | undefined>;

export const snapshotOf = (...hosts: readonly (readonly [ObjectKey, HostEntry])[]): Snapshot =>
  withHosts(EMPTY_SNAPSHOT, new Map(hosts));

const keys = fc.constantFrom(WEB, CART, LOG, objectKey('a', 'b'), objectKey('a', 'b-c'), objectKey('shop-2', 'web'));

/** Some hosts that come, change or go. */
export const someChanges: fc.Arbitrary<HostChanges> = fc
  .array(
    fc.tuple(
      keys,
      fc.option(
        fc.record({
          ports: fc.uniqueArray(fc.integer({ min: 80, max: 83 }), { maxLength: 3 }),
          timeout: fc.integer({ min: 1, max: 2 }),
          domain: fc.constantFrom('x', 'y'),
          address: fc.constantFrom('p', 'q'),
        }),
        { nil: undefined },
      ),
    ),
    { maxLength: 6 },
  )
  .map((list) => new Map(list.map(([key, given]) => [key, given && entry(key, given.ports, given)])));

export const after = (history: readonly HostChanges[]): Snapshot =>
  history.reduce<Snapshot>((snapshot, changes) => withHosts(snapshot, changes), EMPTY_SNAPSHOT);

/** All resources of one kind of a snapshot by name, as an independent reading of it. */
export function resourcesOf(
  snapshot: Snapshot,
  ...parts: readonly Exclude<keyof HostEntry, 'defaultPort'>[]
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const key of snapshot.keys) {
    for (const part of parts) {
      for (const { name, version } of snapshot.hosts.get(key)![part]) {
        found.set(name, `${found.get(name) ?? ''}${version}`);
      }
    }
  }
  return found;
}

/** Where the proxies of the tests listen. */
export const OUTBOUND = { host: '127.0.0.1', port: 15001 };

/** Views that count how often their parts are put together. */
export function counting(): { readonly viewOf: ViewOf; readonly made: { tables: number; listeners: number } } {
  const made = { tables: 0, listeners: 0 };
  const viewOf = viewsWith({
    routeTable: (virtualHosts) => {
      made.tables += 1;
      return encodeRouteTable('outbound', {}, virtualHosts);
    },
    outboundListener: ({ port }, routing) => {
      made.listeners += 1;
      return encode('listener', 'outbound', { name: 'outbound', stat_prefix: `${port} ${routing}` });
    },
    onDemandTable: (turn) => encode('route', 'outbound', { request_headers_to_remove: [turn] }),
    placeholder: () => encode('virtualHost', 'outbound/_', { domains: ['_.invalid'] }),
  });
  return { viewOf, made };
}
