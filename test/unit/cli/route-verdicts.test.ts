import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RouteVerdicts } from '../../../src/cli/route-verdicts.js';
import type { AckFact } from '../../../src/xds/index.js';

type Kind = AckFact['kind'];
type Resource = AckFact['resources'][number];

interface Scene {
  readonly verdicts: RouteVerdicts;
  readonly told: string[];
  readonly acked: (...resources: readonly Resource[]) => void;
  readonly rejected: (...resources: readonly Resource[]) => void;
  /** Lets as many milliseconds pass. */
  readonly pass: (ms: number) => void;
}

function scene(t: TestContext): Scene {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  const told: string[] = [];
  const verdicts = new RouteVerdicts({
    acknowledged: (sequence) => told.push(`table ${sequence} taken`),
    refused: (sequence) => told.push(`table ${sequence} refused`),
    hostsTaken: (routes) => told.push(`taken: ${routes.map(({ host, version }) => `${host} ${version}`).join(', ')}`),
    hostRefused: ({ host, version }, message) => told.push(`refused: ${host} ${version}, ${message}`),
  });
  const fact = ([first]: readonly Resource[]): Pick<AckFact, 'session' | 'proxy' | 'kind' | 'sequence'> => ({
    session: 1,
    proxy: 'a',
    kind: first?.kind ?? 'route',
    sequence: 7,
  });
  return {
    verdicts,
    told,
    acked: (...resources) => verdicts.acked({ ...fact(resources), resources }),
    rejected: (...refused) => verdicts.rejected({ ...fact(refused), message: 'no', refused }),
    pass: (ms) => t.mock.timers.tick(ms),
  };
}

function resource(kind: Kind, name: string, version: string, references: readonly string[] = []): Resource {
  return { kind, name, version, body: new Uint8Array(), references };
}

function host(service: string, version: string, kind: Kind = 'route'): Resource {
  return resource(kind, `outbound/${service}.shop.svc.cluster.local`, version, [`shop/${service}:80`]);
}

test('nothing is told from within a fact, and a version that was taken is told once', (t) => {
  const { acked, told, pass } = scene(t);
  const web = host('web', '1');
  acked(web, host('api', '2'));
  acked(web);
  assert.deepEqual(told, []);
  pass(1);
  assert.deepEqual(told, ['taken: shop/web 1, shop/api 2']);
});

test('a list that proxies share is looked at once', (t) => {
  const { verdicts, told, pass } = scene(t);
  let looks = 0;
  const resources: readonly Resource[] = [host('web', '1', 'virtualHost')];
  const counted = new Proxy(resources, { get: (list, name) => ((looks += 1), Reflect.get(list, name) as unknown) });
  const acked = (): void =>
    verdicts.acked({ kind: 'virtualHost', session: 1, proxy: 'a', sequence: 7, resources: counted });
  acked();
  const once = looks;
  for (let count = 0; count < 999; count += 1) acked();
  assert.equal(looks, once);
  pass(1);
  assert.deepEqual(told, ['taken: shop/web 1']);
});

test('a refusal is told once, after others had the time to contradict', (t) => {
  const { rejected, told, pass } = scene(t);
  const web = host('web', '1', 'virtualHost');
  rejected(web);
  rejected(web);
  pass(999);
  assert.deepEqual(told, []);
  pass(1);
  rejected(web);
  pass(1000);
  assert.deepEqual(told, ['refused: shop/web 1, no']);
});

test('who refuses what another has taken is not listened to', (t) => {
  const { acked, rejected, told, pass } = scene(t);
  const web = host('web', '1');
  acked(web);
  rejected(web);
  pass(1000);
  assert.deepEqual(told, ['taken: shop/web 1']);
});

test('a refusal that names nobody says nothing of anybody', (t) => {
  const { rejected, told, pass } = scene(t);
  rejected();
  pass(1000);
  assert.deepEqual(told, []);
});

test('what is said of other types, and of resources that are nobody’s, does not count', (t) => {
  const { acked, rejected, told, pass } = scene(t);
  const others = [
    resource('cluster', 'shop/web:80', '1'),
    resource('listener', 'web.shop.svc.cluster.local:80', '2', ['shop/web:80']),
    resource('scopedRoute', 'outbound/web.shop', '3'),
    resource('virtualHost', 'outbound/_', '4'),
    resource('route', 'outbound', '5'),
  ];
  for (const other of others) {
    acked(other);
    rejected(resource(other.kind, other.name, 'other'));
  }
  pass(1000);
  assert.deepEqual(told, []);
});

test('a table is spoken of as one, and what comes with it by itself', (t) => {
  const { acked, rejected, told, pass } = scene(t);
  const table = resource('route', 'outbound', '1', ['shop/api:80', 'shop/web:80']);
  acked(table, host('web', '2'));
  pass(1);
  assert.deepEqual(told, ['table 7 taken', 'taken: shop/web 2']);
  rejected(resource('route', 'outbound', '3', ['shop/web:80']));
  pass(1000);
  assert.deepEqual(told.slice(2), [], 'another proxy took the table of that publication');
});

test('after the end nothing is told', (t) => {
  const { verdicts, rejected, told, pass } = scene(t);
  rejected(host('web', '1'));
  verdicts.stop();
  pass(1000);
  assert.deepEqual(told, []);
});
