import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ControlPlane, type PlaneOptions, startPlane } from '../../harness/control-plane.js';
import { type Manifest, pods, rollout, service, slice } from '../../harness/manifests.js';
import { type ClientOptions, type Response, type Way, XdsClient } from '../../harness/xds-client.js';
import { field, type Kind, list, type Message, type TableKind, unpack } from '../../harness/xds-protos.js';

/** The four ways to speak xDS; every rule holds in each of them unless it says otherwise. */
export const WAYS: readonly Way[] = [
  { variant: 'delta', aggregated: true },
  { variant: 'delta', aggregated: false },
  { variant: 'sotw', aggregated: true },
  { variant: 'sotw', aggregated: false },
];

/** What a test of the protocol has at hand. */
export interface Given {
  readonly plane: ControlPlane;
  readonly way: Way;
  /** Connects a client, which is closed when the test ends. */
  readonly connect: (options?: Partial<ClientOptions>) => XdsClient;
  /** Closes something when the test ends. */
  readonly closing: <T extends { close(): void }>(what: T) => T;
}

/** Which ways, and which plane: five plain Services, unless told otherwise. */
export interface RuleOptions extends PlaneOptions {
  readonly only?: Way['variant'] | 'ADS' | 'separate';
}

/** A test for each way to speak xDS, with a control plane of its own. */
export function rule(sentence: string, body: (given: Given) => Promise<void>, options: RuleOptions = {}): void {
  for (const way of WAYS.filter((each) => isMeant(each, options.only))) {
    test(`${sentence} (${nameOf(way)})`, async () => {
      const plane = await startPlane({ objects: SERVICES, ...options });
      const open: { close(): void }[] = [];
      const closing = <T extends { close(): void }>(what: T): T => {
        open.push(what);
        return what;
      };
      const connect = (more: Partial<ClientOptions> = {}): XdsClient =>
        closing(new XdsClient({ port: plane.port, ...way, ...more }));
      try {
        await body({ plane, way, connect, closing });
      } finally {
        for (const one of open) one.close();
        await plane.stop();
      }
    });
  }
}

export function nameOf({ variant, aggregated }: Way): string {
  return `${variant}, ${aggregated ? 'ADS' : 'a service each'}`;
}

function isMeant({ variant, aggregated }: Way, only: RuleOptions['only']): boolean {
  return only === undefined || only === variant || only === (aggregated ? 'ADS' : 'separate');
}

/** What differs from one plain Service to another. */
export interface PlainOptions {
  readonly h2c?: boolean;
  readonly pod?: number;
  readonly namespace?: string;
}

/** A Service that no Rollout shapes. `h2c` changes its cluster, `pod` its endpoints, and neither the other. */
export function plain(
  name: string,
  { h2c = false, pod = 9001, namespace = 'shop' }: PlainOptions = {},
): readonly Manifest[] {
  const ports = [{ name: 'http', port: 80, targetPort: 8080, ...(h2c ? { appProtocol: 'kubernetes.io/h2c' } : {}) }];
  const base = service(name, { app: name }, namespace);
  return [{ ...base, spec: { selector: { app: name }, ports } }, slice(name, { name: '0', port: pod }, namespace)];
}

/** `shop/NAME:80`: the cluster, and the endpoints, of a plain Service. */
export function c(name: string): string {
  return `shop/${name}:80`;
}

/** The plain Services that are there at the start. */
export const LETTERS: readonly string[] = ['a', 'b', 'c', 'd', 'e'];

/** Their objects. */
export const SERVICES: readonly Manifest[] = LETTERS.flatMap((name) => plain(name));

/** Their clusters. */
export const ALL: readonly string[] = LETTERS.map(c);

/** The Rollout `web` over v1 and v2 at a step of `setWeight` 20, 50, 100 with a pause behind each. */
export function web(status: Manifest, hashes: readonly [stable: string, canary: string] = ['v1', 'v2']): Manifest {
  const steps = [20, 50, 100].flatMap((setWeight) => [{ setWeight }, { pause: {} }]);
  return rollout('web', { steps }, { stableRS: hashes[0], currentPodHash: hashes[1], ...status });
}

/** The Service `web` and the pods of these versions, two each. */
export function webPods(...hashes: readonly string[]): readonly Manifest[] {
  const versions = hashes.map((hash) => ({ hash, ports: [`${hash}1`, `${hash}2`].map(portOf) }));
  return [service('web', { app: 'web' }), ...pods('web', versions)];
}

function portOf(text: string): number {
  return 20_000 + Number(text.replace(/\D/g, ''));
}

/** The cluster of one version of `web`. */
export function w(hash: string): string {
  return `shop/web:80@${hash}`;
}

/** Whether a cluster speaks HTTP/2 only: what `h2c` of a plain Service changes. */
export function isH2c(response: Response, name: string): boolean {
  const options = field(
    response.resources.find((each) => each.name === name)?.body,
    'typed_extension_protocol_options',
  );
  return Object.values(options ?? {}).some((option: Message) => unpack(option)['explicit_http_config'] !== undefined);
}

/** Ports of the endpoints that a response brings for a cluster; `undefined` where it brings none of that name. */
export function portsOf(response: Response, name: string): readonly number[] | undefined {
  const found = response.resources.find((each) => each.name === name);
  return found && portsIn(found.body);
}

/** Ports in an assignment. */
export function portsIn(assignment: Message): readonly number[] {
  return list(assignment, 'endpoints').flatMap((locality) =>
    list(locality, 'lb_endpoints').map((each) =>
      Number(field(each, 'endpoint', 'address', 'socket_address', 'port_value')),
    ),
  );
}

/** Clusters that a route table refers to, by virtual host, with weights where it splits: `web: v1 80, v2 20`. */
export function splitsIn(table: Message): Readonly<Record<string, string>> {
  return Object.fromEntries(
    list(table, 'virtual_hosts').map((host) => [
      String(host['name']).replace('outbound/', '').replace('.svc.cluster.local', ''),
      list(host, 'routes').map(splitOf).join('; '),
    ]),
  );
}

function splitOf(route: Message): string {
  const one = field(route, 'route', 'cluster');
  if (typeof one === 'string' && one !== '') return one.replace(/^.*@/, '');
  return list(route, 'route', 'weighted_clusters', 'clusters')
    .map((each) => `${String(each['name']).replace(/^.*@/, '')} ${String(field(each, 'weight', 'value'))}`)
    .join(', ');
}

/** Whether responses of this kind are full lists, in which absence means removal. */
export function isFull({ variant }: Way, kind: Kind): boolean {
  return variant === 'sotw' && (kind === 'cluster' || kind === 'listener');
}

/**
 * Shows that nothing was sent that the test has not taken: one more name is asked for on the same stream, and its answer is
 * the next response.
 */
export async function expectQuiet(client: XdsClient, kind: Kind, probe: string): Promise<void> {
  client.subscribe(kind, probe);
  const { names, removed } = await client.accept(kind);
  if (isFull(client.options, kind)) assert.ok(names.includes(probe), `${names.join(' ')} instead of ${probe}`);
  else assert.deepEqual({ names, removed }, { names: [probe], removed: [] });
  assert.deepEqual(client.waiting(kind), []);
}

/** Subscribes as a sidecar does, accepts everything that comes at first, and gives it. */
export async function settleIn(client: XdsClient, endpoints: readonly string[]): Promise<Record<TableKind, Response>> {
  client.subscribe('cluster');
  const cluster = await client.accept('cluster');
  client.subscribe('endpoint', ...endpoints);
  const endpoint = await client.accept('endpoint');
  client.subscribe('listener');
  const listener = await client.accept('listener');
  client.subscribe('route', 'outbound');
  const route = await client.accept('route');
  return { cluster, endpoint, listener, route };
}
