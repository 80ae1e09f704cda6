import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeResource } from '../../../src/codec/index.js';
import { hostResources } from '../../../src/resources/index.js';
import { ALL, backend, CANARY, host, json, portIntent, RICH_HOST, route, STABLE } from './given.js';

const ROUTES = 'outbound/web.shop.svc.cluster.local';
const rich = hostResources(RICH_HOST);

test('the route configuration of a host has the virtual hosts of all its ports, as its own namespace sees them', () => {
  const [table, ...others] = rich.routes;
  assert.deepEqual(others, []);
  assert.equal(table?.name, ROUTES);
  assert.deepEqual(decodeResource(table), { name: ROUTES, virtual_hosts: rich.own.map(decodeResource) });
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

test('scopes are those of before, for they do not depend on what the host means now', () => {
  const plain = hostResources(host(portIntent({})));
  const split = portIntent({
    versions: [ALL, STABLE, CANARY],
    routes: [route({ backends: [backend(STABLE, 3), backend(CANARY, 97)] })],
  });
  const later = hostResources(host(split), plain);
  assert.equal(later.scopes, plain.scopes);
  assert.equal(later.ownScopes, plain.ownScopes);
  assert.deepEqual(later, hostResources(host(split)));
});

test('names without a port mean the default one', () => {
  assert.equal(rich.defaultPort, 80);
  assert.equal(hostResources(host(portIntent({ isDefault: false }))).defaultPort, undefined);
});
