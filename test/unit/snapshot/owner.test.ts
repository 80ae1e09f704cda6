import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceKind } from '../../../src/codec/index.js';
import { hostAsked } from '../../../src/snapshot/index.js';
import { ownerOf } from '../../../src/snapshot/owner.js';

const owners: readonly (readonly [ResourceKind, string, string | undefined])[] = [
  ['cluster', 'shop/web:80', 'shop/web'],
  ['endpoint', 'shop/web:80@abc', 'shop/web'],
  ['listener', 'web.shop.svc.cluster.local:80', 'shop/web'],
  ['listener', 'outbound', undefined],
  ['virtualHost', 'outbound/web.shop.svc.cluster.local:80', 'shop/web'],
  ['virtualHost', 'outbound/_', undefined],
  ['route', 'outbound', undefined],
  ['route', 'outbound/web.shop.svc.cluster.local', 'shop/web'],
  ['scopedRoute', 'outbound/web.shop', 'shop/web'],
  ['scopedRoute', 'outbound/web.shop.svc', 'shop/web'],
  ['scopedRoute', 'outbound/web.shop.svc.cluster.local', 'shop/web'],
  ['scopedRoute', 'outbound/shop/web', 'shop/web'],
  ['scopedRoute', 'outbound/web', undefined],
  ['scopedRoute', 'outbound/shop/', undefined],
  ['scopedRoute', 'outbound//web', undefined],
  ['scopedRoute', 'outbound', undefined],
  ['scopedRoute', '', undefined],
];
for (const [kind, name, want] of owners) {
  test(`the ${kind} '${name}' is of ${want ?? 'no host'}`, () => assert.equal(ownerOf(kind, name), want));
}

const asked: readonly (readonly [string, string | undefined])[] = [
  ['outbound/web', 'shop/web'],
  ['outbound/web:80', 'shop/web'],
  ['outbound/web.infra', 'infra/web'],
  ['outbound/web.infra:8080', 'infra/web'],
  ['outbound/web.infra.svc', 'infra/web'],
  ['outbound/web.infra.svc:65535', 'infra/web'],
  ['outbound/web.infra.svc.cluster.local', 'infra/web'],
  ['outbound/web.infra.svc.cluster.local:1', 'infra/web'],
  ['outbound/WEB.Infra.SVC', 'infra/web'],
  ['outbound/svc.svc.svc', 'svc/svc'],
  ['outbound/', undefined],
  ['outbound', undefined],
  ['', undefined],
  ['web.shop', undefined],
  ['inbound/web', undefined],
  ['outbound/_', undefined],
  ['outbound/*', undefined],
  ['outbound/a.b.c', undefined],
  ['outbound/web.infra.svc.cluster', undefined],
  ['outbound/web.infra.svc.cluster.local.', undefined],
  ['outbound/web.infra.svc.cluster.local.evil', undefined],
  ['outbound/web..svc', undefined],
  ['outbound/.infra', undefined],
  ['outbound/infra/web', undefined],
  ['outbound/web:', undefined],
  ['outbound/web:0', undefined],
  ['outbound/web:080', undefined],
  ['outbound/web:65536', undefined],
  ['outbound/web:80:80', undefined],
  ['outbound/10.0.0.1:80', undefined],
  ['outbound/[::1]:80', undefined],
  ['outbound/web\n', undefined],
  ['outbound/w\u0000b', undefined],
  ['outbound/\u212aube', undefined],
  [`outbound/${'a'.repeat(64)}`, undefined],
  [`outbound/${'a.'.repeat(100_000)}`, undefined],
  [`outbound/web:${'9'.repeat(100_000)}`, undefined],
];
for (const [name, want] of asked) {
  const shown = name.length > 60 ? `${name.slice(0, 20)}… (${name.length} characters)` : JSON.stringify(name);
  test(`${shown}, asked for in shop, means ${want ?? 'nothing'}`, () => assert.equal(hostAsked(name, 'shop'), want));
}

test('a short name means nothing to a caller without a namespace', () => {
  assert.equal(hostAsked('outbound/web', ''), undefined);
  assert.equal(hostAsked('outbound/web.shop', ''), 'shop/web');
});
