import assert from 'node:assert/strict';
import { startPlane } from '../../harness/control-plane.js';
import { type Response, XdsClient } from '../../harness/xds-client.js';
import { field, type Kind, list } from '../../harness/xds-protos.js';
import { ALL, c, LETTERS, plain, rule, SERVICES, splitsIn, web, webPods } from './given.js';
import { httpFilters, routesBy } from './lazy-given.js';

// Clients of the incremental protocol that are served everything: each Service has a route configuration of its own, found by
// its name (SRDS), so that a change costs the same however many Services there are.

const FULL = (name: string, namespace = 'shop'): string => `outbound/${name}.${namespace}.svc.cluster.local`;

/** Key and route configuration of each scope. */
function scopesOf(response: Response): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    response.resources.map(({ body }) => [
      String(field(list(body, 'key', 'fragments')[0], 'string_key')),
      body['route_configuration_name'],
    ]),
  );
}

rule(
  'the listener finds routes by scopes, and every name of a Service is one that leads to its route configuration',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('listener');
    const [listener] = (await client.accept('listener')).resources;
    assert.equal(routesBy(listener?.body), 'scoped_routes');
    assert.deepEqual(httpFilters(listener?.body), ['envoy.filters.http.router']);
    client.subscribe('scopedRoute');
    const scopes = scopesOf(await client.accept('scopedRoute'));
    const names = LETTERS.flatMap((name) =>
      ['', '.shop', '.shop.svc', '.shop.svc.cluster.local'].map((rest) => [`${name}${rest}`, FULL(name)] as const),
    );
    assert.deepEqual(scopes, Object.fromEntries(names));
  },
  { only: 'delta' },
);

rule(
  'a short name means a Service of the caller’s own namespace',
  async ({ connect, plane }) => {
    plane.apply(...plain('a', { namespace: 'other' }));
    const client = connect({ namespace: 'other' });
    client.subscribe('scopedRoute');
    const scopes = scopesOf(await client.accept('scopedRoute'));
    assert.equal(scopes['a'], FULL('a', 'other'));
    assert.equal(scopes['b'], undefined);
    assert.equal(scopes['a.shop'], FULL('a'));
  },
  { only: 'delta' },
);

rule(
  'a weight changes the one route configuration of its Service, and nothing else',
  async ({ connect, plane }) => {
    const client = connect();
    const names = [...LETTERS, 'web'].map((name) => FULL(name));
    await settle(client, [...ALL, 'shop/web:80@v1', 'shop/web:80@v2'], names);
    const before = plane.facts.length;
    plane.apply(web({ currentStepIndex: 3 }));
    const change = await client.accept('route');
    assert.deepEqual(change.names, [FULL('web')]);
    assert.deepEqual(splitsIn(change.resources[0]?.body ?? {}), { 'web.shop': 'v1 50, v2 50' });
    await plane.settled(client.nodeId);
    const pushed = plane.facts
      .slice(before)
      .flatMap((fact) => (fact.what === 'pushed' ? [[fact.kind, fact.resources]] : []));
    assert.deepEqual(pushed, [['route', 1]]);
  },
  { only: 'delta', objects: [...SERVICES, ...webPods('v1', 'v2'), web({ currentStepIndex: 1 })] },
);

rule(
  'a Service comes with its clusters first, and goes with its scopes first',
  async ({ connect, plane }) => {
    const client = connect();
    await settle(
      client,
      ALL,
      LETTERS.map((name) => FULL(name)),
    );
    plane.apply(...plain('z'));
    assert.deepEqual((await client.accept('cluster')).names, [c('z')]);
    await client.accept('endpoint');
    assert.equal((await client.accept('scopedRoute')).names.length, 4);
    client.subscribe('route', FULL('z'));
    assert.deepEqual((await client.accept('route')).names, [FULL('z')]);
    await plane.settled(client.nodeId);
    plane.remove(...plain('z'));
    assert.equal((await client.accept('scopedRoute')).removed.length, 4);
    assert.deepEqual((await client.accept('route')).removed, [FULL('z')]);
    assert.deepEqual((await client.accept('cluster')).removed, [c('z')]);
  },
  { only: 'delta' },
);

rule(
  'the table of all is still there for who asks for it by name',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('route', 'outbound', FULL('a'));
    const { resources, names } = await client.accept('route');
    assert.deepEqual([...names].sort(), ['outbound', FULL('a')].sort());
    const hosts = (name: string): number =>
      list(resources.find((each) => each.name === name)?.body, 'virtual_hosts').length;
    assert.deepEqual([hosts('outbound'), hosts(FULL('a'))], [5, 1]);
  },
  { only: 'delta' },
);

rule(
  'virtual hosts have a service of their own, by name or all of them',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('virtualHost', FULL('a'), FULL('nobody'), 'outbound/a');
    const { names, unknown } = await client.accept('virtualHost');
    assert.deepEqual(names, [FULL('a')]);
    assert.deepEqual(
      unknown.map(({ name }) => name),
      ['outbound/a', FULL('nobody')],
      'only who asks for hosts may ask by other names',
    );
    plane.apply(...plain('nobody'));
    assert.deepEqual((await client.accept('virtualHost')).names, [FULL('nobody')]);
    const other = connect({ nodeId: 'other' });
    other.subscribe('virtualHost', '*');
    assert.deepEqual(
      [...(await other.accept('virtualHost')).names].sort(),
      [...LETTERS, 'nobody'].map((name) => FULL(name)),
    );
  },
  { only: 'delta' },
);

rule(
  'a client of the state of the world has one table, and its listener names it',
  async ({ connect }) => {
    const client = connect();
    client.subscribe('listener');
    assert.equal(routesBy((await client.accept('listener')).resources[0]?.body), 'rds');
    client.subscribe('route', 'outbound');
    assert.equal(list((await client.accept('route')).resources[0]?.body, 'virtual_hosts').length, 5);
  },
  { only: 'sotw' },
);

rule(
  'scopes in the state of the world are a full list: what is not in it is gone',
  async ({ connect, plane }) => {
    const client = connect();
    client.subscribe('scopedRoute');
    assert.equal((await client.accept('scopedRoute')).names.length, 20);
    plane.remove(...plain('a'));
    assert.equal((await client.accept('scopedRoute')).names.length, 16);
    plane.apply(...plain('z'));
    assert.equal((await client.accept('scopedRoute')).names.length, 20);
  },
  { only: 'sotw' },
);

rule(
  'a client of scopes that comes back to another server with everything as it is gets nothing',
  async ({ connect, way }) => {
    const names = LETTERS.map((name) => FULL(name));
    const held = await settle(connect(), ALL, names);
    const other = await startPlane({ objects: SERVICES.toReversed() });
    const client = new XdsClient({ ...way, port: other.port });
    try {
      for (const kind of ['cluster', 'endpoint', 'listener', 'scopedRoute', 'route'] as const) {
        const { resources } = held[kind];
        const subscribe = kind === 'endpoint' ? ALL : kind === 'route' ? names : [];
        client.say(kind, { subscribe, kept: Object.fromEntries(resources.map((each) => [each.name, each.version])) });
      }
      client.subscribe('endpoint', c('ghost'));
      assert.deepEqual((await client.accept('endpoint')).removed, [c('ghost')]);
      assert.equal(other.facts.filter(({ what }) => what === 'pushed').length, 1);
    } finally {
      client.close();
      await other.stop();
    }
  },
  { only: 'delta' },
);

type Held = Readonly<Record<Exclude<Kind, 'virtualHost'>, Response>>;

/** Subscribes as a sidecar with scopes does, and accepts everything. */
async function settle(client: XdsClient, endpoints: readonly string[], routes: readonly string[]): Promise<Held> {
  client.subscribe('cluster');
  const cluster = await client.accept('cluster');
  client.subscribe('endpoint', ...endpoints);
  const endpoint = await client.accept('endpoint');
  client.subscribe('listener');
  const listener = await client.accept('listener');
  client.subscribe('scopedRoute');
  const scopedRoute = await client.accept('scopedRoute');
  client.subscribe('route', ...routes);
  const route = await client.accept('route');
  return { cluster, endpoint, listener, scopedRoute, route };
}
