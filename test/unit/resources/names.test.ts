import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKey } from '../../../src/base/index.js';
import { clustersOf } from '../../../src/resources/index.js';
import {
  apiListenerName,
  clusterFor,
  domains,
  routeConfigurationName,
  virtualHostOf,
} from '../../../src/resources/names.js';
import { ALL, CANARY, GRPC, host, port, portIntent, STABLE } from './given.js';

const http = portIntent({});
const grpc = portIntent({ port: GRPC, isDefault: false, versions: [STABLE, CANARY] });
const web = host(http, grpc);

const domainRows = [
  {
    name: 'the default port is meant with and without its number',
    given: [http, 'other'],
    want: [
      ...['web.shop', 'web.shop:80', 'web.shop.svc', 'web.shop.svc:80'],
      ...['web.shop.svc.cluster.local', 'web.shop.svc.cluster.local:80'],
    ],
  },
  {
    name: 'callers of the same namespace may use the short name',
    given: [http, 'own'],
    want: [
      ...['web', 'web:80', 'web.shop', 'web.shop:80', 'web.shop.svc', 'web.shop.svc:80'],
      ...['web.shop.svc.cluster.local', 'web.shop.svc.cluster.local:80'],
    ],
  },
  {
    name: 'another port is meant with its number only',
    given: [grpc, 'own'],
    want: ['web:9090', 'web.shop:9090', 'web.shop.svc:9090', 'web.shop.svc.cluster.local:9090'],
  },
] as const;
for (const { name, given, want } of domainRows) {
  test(`domains: ${name}`, () => assert.deepEqual(domains(web, given[0], given[1]), want));
}

const nameRows = [
  {
    name: 'virtual host of the default port',
    given: virtualHostOf(web, http),
    want: 'outbound/web.shop.svc.cluster.local',
  },
  {
    name: 'virtual host of another port',
    given: virtualHostOf(web, grpc),
    want: 'outbound/web.shop.svc.cluster.local:9090',
  },
  {
    name: 'route configuration of a host',
    given: routeConfigurationName(web),
    want: 'outbound/web.shop.svc.cluster.local',
  },
  { name: 'API listener', given: apiListenerName(web, http), want: 'web.shop.svc.cluster.local:80' },
  { name: 'cluster of all pods', given: clusterFor(objectKey('shop', 'web'), port(80), ALL), want: 'shop/web:80' },
  {
    name: 'cluster of a version',
    given: clusterFor(objectKey('shop', 'web'), port(80), STABLE),
    want: 'shop/web:80@5f6d',
  },
];
for (const { name, given, want } of nameRows) test(`name of a ${name}`, () => assert.equal(given, want));

test('the clusters of a host are those of its ports, in the order of their versions', () => {
  assert.deepEqual(clustersOf(web), [
    { name: 'shop/web:80', port: http.port, version: ALL },
    { name: 'shop/web:9090@5f6d', port: GRPC, version: STABLE },
    { name: 'shop/web:9090@9a8b', port: GRPC, version: CANARY },
  ]);
});
