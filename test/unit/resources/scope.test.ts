import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeResource } from '../../../src/codec/index.js';
import { hostResources } from '../../../src/resources/index.js';
import type { HostIntent } from '../../../src/intent/index.js';
import type { OutlierDetection } from '../../../src/model/index.js';
import {
  ALL,
  backend,
  CANARY,
  GRPC,
  host,
  HTTP,
  json,
  ms,
  percents,
  PLAIN_POLICY,
  portIntent,
  RICH_HOST,
  route,
  STABLE,
} from './given.js';

const ROUTES = 'outbound/web.shop.svc.cluster.local';
const rich = hostResources(RICH_HOST);

test('the route configuration of a host has the virtual hosts of all its ports, told apart by the port alone', () => {
  const [table, ...others] = rich.routes;
  assert.deepEqual(others, []);
  assert.equal(table?.name, ROUTES);
  const virtualHosts = rich.own.map((own) => {
    const host = decodeResource(own);
    const port = /:(\d+)$/.exec(host.domains?.at(-1) ?? '')?.[1];
    return { ...host, domains: [...(host.domains ?? []).filter((domain) => !domain.includes(':')), `*:${port}`] };
  });
  assert.deepEqual(decodeResource(table), { name: ROUTES, virtual_hosts: virtualHosts });
  assert.deepEqual(table.references, [...new Set(rich.own.flatMap(({ references }) => references))].sort());
});

test('every name of a host leads to its route configuration', () => {
  const scopes = [...rich.scopes, ...rich.ownScopes].map((scope) => [scope.name, json(scope)] as const);
  const keys = ['web.shop', 'web.shop.svc', 'web.shop.svc.cluster.local', 'web'];
  assert.deepEqual(
    scopes.map(([, message]) => message),
    keys.map((key, index) => ({
      name: scopes[index]?.[0],
      route_configuration_name: ROUTES,
      key: { fragments: [{ string_key: key }] },
    })),
  );
});

test('what a scope leads to knows the name that led there', () => {
  const domains: readonly string[] = json(rich.routes[0]!).virtual_hosts.flatMap(
    (one: { domains: string[] }) => one.domains,
  );
  for (const scope of [...rich.scopes, ...rich.ownScopes]) {
    assert.ok(domains.includes(json(scope).key.fragments[0].string_key), scope.name);
  }
});

test('names of scopes differ between namespaces, that of the short name too', () => {
  assert.deepEqual(
    [...rich.scopes, ...rich.ownScopes].map(({ name }) => name),
    ['outbound/web.shop', 'outbound/web.shop.svc', ROUTES, 'outbound/shop/web'],
  );
});

test('what does not depend on what changed is what it was before', () => {
  const before = host(portIntent({ port: HTTP, versions: [ALL, STABLE] }));
  const plain = hostResources(before);
  const split = portIntent({
    versions: [ALL, STABLE, CANARY],
    routes: [route({ backends: [backend(STABLE, 3), backend(CANARY, 97)] })],
  });
  const later = hostResources(host(split), { host: before, resources: plain });
  assert.equal(later.scopes, plain.scopes);
  assert.equal(later.ownScopes, plain.ownScopes);
  assert.deepEqual([later.clusters[0], later.clusters[1]], plain.clusters);
  for (const [index, cluster] of plain.clusters.entries()) assert.equal(later.clusters[index], cluster);
  assert.deepEqual(later, hostResources(host(split)));
});

const outlierDetection: OutlierDetection = {
  kind: 'on',
  consecutiveErrors: 3,
  interval: ms(1),
  ejectionTime: ms(1),
  maxEjected: percents(50),
};
const others: readonly (readonly [string, HostIntent])[] = [
  ['protocol', host(portIntent({ port: { ...HTTP, protocol: 'http2' } }))],
  ['outlier detection', host(portIntent({ policy: { ...PLAIN_POLICY, outlierDetection } }))],
  ['port', host(portIntent({ port: GRPC }))],
];
for (const [name, intent] of others) {
  test(`clusters are made anew for another ${name}`, () => {
    const before = host(portIntent({}));
    const later = hostResources(intent, { host: before, resources: hostResources(before) });
    assert.deepEqual(later, hostResources(intent));
    assert.notEqual(later.clusters[0]?.version, hostResources(before).clusters[0]?.version);
  });
}

test('names without a port mean the default one', () => {
  assert.equal(rich.defaultPort, 80);
  assert.equal(hostResources(host(portIntent({ isDefault: false }))).defaultPort, undefined);
});
