import fc from 'fast-check';
import { type ObjectKey, objectKey } from '../../../src/base/index.js';
import { encode, type EncodedResource } from '../../../src/codec/index.js';
import { EMPTY_SNAPSHOT, type HostEntry, type Snapshot, withHosts } from '../../../src/snapshot/index.js';

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
  port: number,
  domains: readonly string[],
  references: readonly string[] = [`${key}:${port}`],
): EncodedResource<'virtualHost'> =>
  encode('virtualHost', `outbound/${fullName(key)}:${port}`, { domains }, references);

export const apiListener = (key: ObjectKey, port: number): EncodedResource<'listener'> =>
  encode('listener', `${fullName(key)}:${port}`, { name: 'api' }, [`${key}:${port}`]);

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
export function resourcesOf(snapshot: Snapshot, ...parts: readonly (keyof HostEntry)[]): ReadonlyMap<string, string> {
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
