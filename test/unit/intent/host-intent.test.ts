import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKey, portNumber } from '../../../src/base/index.js';
import { hostIntent, rolloutIntent } from '../../../src/intent/index.js';
import type { HostIntent } from '../../../src/intent/index.js';
import type { AppProtocol, BlueGreenStrategy, Role, ServicePort } from '../../../src/model/index.js';
import { hash, ROLLOUT, service, shownRoute, STICKY, weights, world } from './given.js';
import type { Given } from './given.js';

const MID: Given = { steps: [{ setWeight: 20 }, { pause: {} }], status: { stepIndex: 1 } };

function host(given: Given, name: string): HostIntent | undefined {
  const view = world(given);
  const claim = view.claimOn(objectKey('shop', name));
  return hostIntent(view, objectKey('shop', name), claim && rolloutIntent(view, claim.rollout).value);
}

function routes(given: Given, name: string): readonly string[] {
  return host(given, name)?.ports[0]?.routes.map(shownRoute) ?? [];
}

function versions(given: Given, name: string): readonly string[] {
  return (host(given, name)?.ports[0]?.versions ?? []).map((one) => (one.kind === 'all' ? 'all' : one.hash));
}

function port(name: string, number: number, protocol: AppProtocol): ServicePort {
  return { name, port: portNumber(number)!, targetPort: portNumber(number)!, protocol };
}

const HEADER = {
  setHeaderRoute: { name: 'a', match: [{ name: 'x-who', value: { kind: 'exact', value: 'me' } }] },
};
const WITH_HEADER: Given = {
  canary: { routing: 'provider', managedRoutes: ['a'] },
  steps: [HEADER, { setWeight: 20 }],
  status: { stepIndex: 1, weights: weights('v2', 20) },
};
const SPLIT = 'default: v1 80, v2 20';

/** What one host of a canary gets, with these Services. */
const ROLES: readonly {
  readonly name: string;
  readonly claims: Readonly<Record<string, Role>>;
  readonly given?: Given;
  readonly host: string;
  readonly want: readonly string[];
}[] = [
  { name: 'a root host is split', claims: { web: 'root' }, host: 'web', want: [SPLIT] },
  {
    name: 'managed routes come before the split',
    claims: { web: 'root' },
    given: WITH_HEADER,
    host: 'web',
    want: ['a: v2 100', SPLIT],
  },
  {
    name: 'the stable host is stable where there is a root',
    claims: { web: 'root', 'web-stable': 'stable' },
    given: WITH_HEADER,
    host: 'web-stable',
    want: ['default: v1 100'],
  },
  {
    name: 'the stable host is split where there is no root',
    claims: { 'web-canary': 'canary', 'web-stable': 'stable' },
    given: WITH_HEADER,
    host: 'web-stable',
    want: ['a: v2 100', SPLIT],
  },
  {
    name: 'a Service of one version is no root, so the stable host stays split',
    claims: { 'web-v3': 'pinned', 'web-stable': 'stable' },
    given: WITH_HEADER,
    host: 'web-stable',
    want: ['a: v2 100', SPLIT],
  },
  {
    name: 'a Service of one version leads to the pods that it selects',
    claims: { 'web-v3': 'pinned', 'web-stable': 'stable' },
    given: WITH_HEADER,
    host: 'web-v3',
    want: ['default: all 100'],
  },
  {
    name: 'the stable host leads to the canary while stable is empty',
    claims: { web: 'root', 'web-stable': 'stable' },
    given: { ...MID, ready: { v2: 1 } },
    host: 'web-stable',
    want: ['default: v2 100'],
  },
  {
    name: 'the canary host is the canary',
    claims: { 'web-canary': 'canary' },
    host: 'web-canary',
    want: ['default: v2 100'],
  },
  {
    name: 'the canary host is stable while the canary is empty',
    claims: { 'web-canary': 'canary' },
    given: { ...MID, ready: { v1: 4 } },
    host: 'web-canary',
    want: ['default: v1 100'],
  },
  {
    name: 'the canary host is stable when there is no canary',
    claims: { 'web-canary': 'canary' },
    given: { status: { currentPodHash: hash('v1') } },
    host: 'web-canary',
    want: ['default: v1 100'],
  },
  {
    name: 'C the canary host is stable after an abort, and stays so (argo-rollouts #3078)',
    claims: { 'web-canary': 'canary' },
    given: { ...MID, status: { aborted: true } },
    host: 'web-canary',
    want: ['default: v1 100'],
  },
  {
    name: 'ping is stable: pong is the canary',
    claims: { web: 'root', ping: 'ping', pong: 'pong' },
    given: { ...MID, status: { stepIndex: 1, stablePingPong: 'ping' } },
    host: 'pong',
    want: ['default: v2 100'],
  },
  {
    name: 'pong is stable: pong is stable',
    claims: { web: 'root', ping: 'ping', pong: 'pong' },
    given: { ...MID, status: { stepIndex: 1, stablePingPong: 'pong' } },
    host: 'pong',
    want: ['default: v1 100'],
  },
  {
    name: 'ping before the status names one: the canary, as Argo takes it',
    claims: { web: 'root', ping: 'ping', pong: 'pong' },
    host: 'ping',
    want: ['default: v2 100'],
  },
  {
    name: 'the stable one of ping and pong is split where there is no root',
    claims: { ping: 'ping', pong: 'pong' },
    given: { ...MID, status: { stepIndex: 1, stablePingPong: 'ping' } },
    host: 'ping',
    want: [SPLIT],
  },
  {
    name: 'nothing known of the versions: all pods of the Service',
    claims: { web: 'root' },
    given: { status: { stableHash: undefined } },
    host: 'web',
    want: ['default: all 100'],
  },
  {
    name: 'nothing known of the versions: the canary host too',
    claims: { 'web-canary': 'canary' },
    given: { status: { stableHash: undefined } },
    host: 'web-canary',
    want: ['default: all 100'],
  },
  {
    name: 'a Rollout that shapes nothing: all pods of the Service',
    claims: { web: 'root' },
    given: { strategy: { kind: 'none' } },
    host: 'web',
    want: ['default: all 100'],
  },
  {
    name: 'a Rollout that never was good: all pods of the Service',
    claims: { web: 'root' },
    given: { record: { good: undefined } },
    host: 'web',
    want: ['default: all 100'],
  },
];
for (const row of ROLES) {
  test(`hosts: ${row.name}`, () => {
    assert.deepEqual(routes({ ...(row.given ?? MID), claims: row.claims }, row.host), row.want);
  });
}

const BLUE_GREEN: BlueGreenStrategy = { kind: 'blue-green', activeService: 'active', previewService: 'preview' };
const COLORS: readonly {
  readonly name: string;
  readonly given: Given;
  readonly want: readonly [active: string, preview: string];
}[] = [
  { name: 'nothing selected yet: what the Services select', given: {}, want: ['all', 'all'] },
  {
    name: 'preview is on the new version, before the switch',
    given: { status: { activeHash: hash('v1'), previewHash: hash('v2') } },
    want: ['v1', 'v2'],
  },
  {
    name: 'after the switch, stable still the old one',
    given: { status: { activeHash: hash('v2'), previewHash: hash('v2') } },
    want: ['v2', 'v2'],
  },
  {
    name: 'an empty preview shows nobody else',
    given: { status: { activeHash: hash('v1'), previewHash: hash('v2') }, ready: { v1: 4 } },
    want: ['v1', 'v2'],
  },
  {
    name: 'the active version lost all its pods: stable',
    given: { status: { activeHash: hash('v2'), previewHash: hash('v2') }, ready: { v1: 4 } },
    want: ['v1', 'v2'],
  },
  {
    name: 'aborted after the switch: back to stable at once',
    given: { status: { activeHash: hash('v2'), previewHash: hash('v2'), aborted: true } },
    want: ['v1', 'v2'],
  },
  {
    name: 'aborted after the switch, stable scaled down: not before it has its pods',
    given: {
      status: { activeHash: hash('v2'), previewHash: hash('v2'), aborted: true },
      ready: { v1: 1, v2: 4 },
    },
    want: ['v2', 'v2'],
  },
];
for (const { name, given, want } of COLORS) {
  test(`blue-green: ${name}`, () => {
    const whole = { ...given, strategy: BLUE_GREEN, claims: { active: 'active', preview: 'preview' } } as const;
    assert.deepEqual(
      ['active', 'preview'].flatMap((one) => routes(whole, one)),
      want.map((version) => `default: ${version} 100`),
    );
  });
}

test('blue-green: another Service over both versions stays as it is', () => {
  const status = { activeHash: hash('v1'), previewHash: hash('v2') };
  assert.deepEqual(routes({ strategy: BLUE_GREEN, status, claims: { web: 'root' } }, 'web'), ['default: all 100']);
});

test('versions: stable, canary, experiments, the canary also before it has traffic', () => {
  const canary = { routing: 'provider' } as const;
  const experiment = { status: { weights: weights('v2', 0, { x1: 10 }) }, ready: { v1: 4, v2: 1, x1: 1 } };
  assert.deepEqual(versions({ ...experiment, canary }, 'web'), ['v1', 'v2', 'x1']);
});

test("versions: a version's own host holds the other one too, for the day it changes", () => {
  const claims = { web: 'root', 'web-stable': 'stable', 'web-canary': 'canary' } as const;
  assert.deepEqual(versions({ ...MID, claims }, 'web-stable'), ['v1', 'v2']);
  assert.deepEqual(versions({ ...MID, claims }, 'web-canary'), ['v1', 'v2']);
});

test('versions: every version that a route uses is among them, once', () => {
  const all = versions({ ...WITH_HEADER }, 'web');
  assert.deepEqual(all, ['v1', 'v2']);
});

const PORTS = [port('grpc', 9090, 'http2'), port('http', 80, 'http'), port('db', 5432, 'tcp')];

test('ports: HTTP alone, port 80 is the default', () => {
  const found = host({ ...MID, services: [service('web', { ports: PORTS })] }, 'web');
  assert.deepEqual(
    found?.ports.map((one) => [one.port.name, one.isDefault]),
    [
      ['grpc', false],
      ['http', true],
    ],
  );
});

test('ports: without a port 80 the first HTTP port is the default', () => {
  const ports = [port('db', 5432, 'tcp'), port('grpc', 9090, 'http2'), port('admin', 8080, 'http')];
  const found = host({ ...MID, services: [service('web', { ports })] }, 'web');
  assert.deepEqual(
    found?.ports.map((one) => [one.port.name, one.isDefault]),
    [
      ['grpc', true],
      ['admin', false],
    ],
  );
});

test('ports: those that the options leave out are plain, and so is their policy', () => {
  const options = { ports: [portNumber(9090)!], sticky: STICKY };
  const found = host({ ...MID, options, services: [service('web', { ports: PORTS })] }, 'web');
  assert.deepEqual(
    found?.ports.map((one) => [one.port.name, one.routes.map(shownRoute), one.policy.sticky.kind]),
    [
      ['grpc', [SPLIT], 'cookie'],
      ['http', ['default: all 100'], 'off'],
    ],
  );
});

const NOTHING = [
  { name: 'it is gone', services: [] },
  { name: 'it is an ExternalName', services: [service('web', { type: 'external-name' })] },
  { name: 'it has no HTTP port', services: [service('web', { ports: [port('db', 5432, 'tcp')] })] },
];
for (const { name, services } of NOTHING) {
  test(`hosts: nothing to serve for a Service when ${name}`, () => {
    assert.equal(host({ ...MID, services }, 'web'), undefined);
  });
}

test('hosts: a Service without a claim is plain', () => {
  const found = host({ claims: {}, services: [service('other', { type: 'headless' })] }, 'other');
  assert.deepEqual(found?.ports[0]?.routes.map(shownRoute), ['default: all 100']);
  assert.deepEqual(found?.ports[0]?.versions, [{ kind: 'all' }]);
});

test('intent: none for a Rollout that is gone', () => {
  const view = world({});
  assert.deepEqual(rolloutIntent(view, objectKey('shop', 'other')), { value: undefined, problems: [] });
  assert.equal(rolloutIntent(view, ROLLOUT).value?.rollout, ROLLOUT);
});
