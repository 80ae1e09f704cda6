import assert from 'node:assert/strict';
import {
  objectKey,
  type ObjectKey,
  type PodTemplateHash,
  podTemplateHash,
  type Problem,
} from '../../../src/base/index.js';
import {
  type ModelObject,
  parseObject,
  type Rollout,
  type ServicePort,
  type Touched,
  type World,
  type WorldEvent,
} from '../../../src/model/index.js';

/** An object as a user would write it. */
export type Raw = Readonly<Record<string, unknown>>;

/** A Service `shop/NAME` that selects `app: web` on port 80. */
export function service(name: string, spec: Raw = {}): Raw {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }], ...spec },
  };
}

/** A Rollout `shop/NAME` whose pods have the label `app: web`; `canary` stands in its manifest as given. */
export function rollout(name: string, canary: Raw, more: Raw = {}): Raw {
  const { metadata = {}, spec = {}, status } = more;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace: 'shop', ...record(metadata) },
    spec: { template: { metadata: { labels: { app: 'web' } } }, strategy: { canary }, ...record(spec) },
    ...(status === undefined ? {} : { status }),
  };
}

/** A Pod `shop/NAME`; an empty hash is none. */
export function pod(name: string, hash: string): Raw {
  const labels = { app: 'web', ...(hash !== '' && { 'rollouts-pod-template-hash': hash }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', labels } };
}

/** One endpoint of a slice. */
export interface EndpointGiven {
  readonly address: string;
  readonly pod?: string;
  readonly ready?: boolean;
}

/** A slice of a Service; its port is called as the one of `service`. */
export function slice(of: string, endpoints: readonly EndpointGiven[], more: Raw = {}): Raw {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${of}-a`, namespace: 'shop', labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: endpoints.map(({ address, pod: name, ready = true }) => ({
      addresses: [address],
      conditions: { ready },
      ...(name !== undefined && { targetRef: { kind: 'Pod', name } }),
    })),
    ...more,
  };
}

/** A ReplicaSet `shop/NAME` of a Rollout. */
export function replicaSet(name: string, hash: string, owner: string, createdAt = '2026-01-01T00:00:00Z'): Raw {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'shop',
      creationTimestamp: createdAt,
      labels: { 'rollouts-pod-template-hash': hash },
      ownerReferences: [{ kind: 'Rollout', name: owner }],
    },
  };
}

/** What the parser makes of something; fails where it is not ours. */
export function parsed(raw: unknown): WorldEvent {
  const event = parseObject(raw);
  assert.ok(event !== undefined, 'not one of our kinds');
  return event;
}

/** The object of one kind that the parser makes of something; fails where it can not be used. */
export function used<K extends ModelObject['kind']>(kind: K, raw: unknown): Extract<ModelObject, { readonly kind: K }> {
  const event = parsed(raw);
  assert.ok(event.kind === 'applied', `${event.kind}: ${problemsOf(raw).join(', ')}`);
  assert.equal(event.object.kind, kind);
  return event.object as Extract<ModelObject, { readonly kind: K }>;
}

/** A Rollout as the parser reads it. */
export function usedRollout(canary: Raw, more: Raw = {}): Rollout {
  return used('Rollout', rollout('web', canary, more));
}

/** What is wrong with something: `error CODE at PATH`. */
export function problemsOf(raw: unknown): readonly string[] {
  return findings(raw).map(({ severity, code, path }) => `${severity} ${code} at ${path}`);
}

/** All that is wrong with something. */
export function findings(raw: unknown): readonly Problem[] {
  const event = parsed(raw);
  return event.kind === 'deleted' ? [] : event.problems;
}

/** Takes objects over in one batch. */
export function apply(world: World, ...raws: readonly Raw[]): Touched {
  return world.apply(raws.map(parsed));
}

/** Takes an object away. */
export function remove(world: World, kind: string, name: string): Touched {
  return world.apply([{ kind: 'deleted', ref: { kind, namespace: 'shop', name } }]);
}

/** Touched keys without their namespace, sorted. */
export function names(touched: Touched): { rollouts: string[]; services: string[]; endpoints: string[] } {
  const short = (keys: Iterable<ObjectKey>): string[] => [...keys].map((key) => key.replace('shop/', '')).sort();
  return {
    rollouts: short(touched.rollouts),
    services: short(touched.services),
    endpoints: short(touched.endpoints),
  };
}

/** Key of an object in the namespace `shop`. */
export function key(name: string): ObjectKey {
  return objectKey('shop', name);
}

/** A version's hash. */
export function hash(text: string): PodTemplateHash {
  const value = podTemplateHash(text);
  assert.ok(value !== undefined);
  return value;
}

/** A port of a Service in a world. */
export function portOf(world: World, name: string): ServicePort {
  const port = world.service(key(name))?.ports[0];
  assert.ok(port !== undefined);
  return port;
}

/** Addresses with ports of one version of a Service, or of all of it. */
export function addresses(world: World, name: string, version?: string, adopts = false): readonly string[] {
  const wanted =
    version === undefined ? { kind: 'all' as const } : { kind: 'hash' as const, hash: hash(version), adopts };
  return world.endpoints(key(name), portOf(world, name), wanted).map(({ address, port }) => `${address}:${port}`);
}

/** Claims of a Rollout: `SERVICE as ROLE`. */
export function claims(world: World, name: string): readonly string[] {
  return world.claims(key(name)).map(({ service: of, role }) => `${of.replace('shop/', '')} as ${role}`);
}

function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
