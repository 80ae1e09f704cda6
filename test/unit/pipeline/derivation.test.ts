import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ObjectKey, objectKey } from '../../../src/base/index.js';
import { parseObject, World } from '../../../src/model/index.js';
import { Derivation } from '../../../src/pipeline/derivation.js';
import { ProblemLedger } from '../../../src/pipeline/problem-ledger.js';
import { type Manifest, pods, service } from '../../harness/manifests.js';

const WEB: ObjectKey = objectKey('shop', 'web');

function scene(...manifests: readonly Manifest[]): { world: World; derivation: Derivation } {
  const world = new World();
  const failed = (): never => assert.fail('nothing fails here');
  const derivation = new Derivation(world, new ProblemLedger(() => undefined), failed);
  derivation.derive(world.apply(manifests.flatMap((manifest) => parseObject(manifest) ?? [])));
  return { world, derivation };
}

const shop = [service('web', { app: 'web' }), ...pods('web', [{ hash: 'old', ports: [8001] }])];
const ONLY_ENDPOINTS = { services: new Set<ObjectKey>(), rollouts: new Set<ObjectKey>(), endpoints: new Set([WEB]) };

test('endpoints that change leave the routes and clusters of their host as they are', () => {
  const { derivation } = scene(...shop);
  const [first] = derivation.derive(ONLY_ENDPOINTS).entries.values();
  const [second] = derivation.derive(ONLY_ENDPOINTS).entries.values();
  assert.ok(first);
  assert.equal(second?.clusters, first.clusters);
  assert.equal(second?.own, first.own);
});

test('a host whose entry was refused is derived from the start when its endpoints change', () => {
  const { derivation } = scene(...shop);
  const [before] = derivation.derive(ONLY_ENDPOINTS).entries.values();
  derivation.refused(WEB);
  const [after] = derivation.derive(ONLY_ENDPOINTS).entries.values();
  assert.notEqual(after?.clusters, before?.clusters);
  assert.deepEqual(
    after?.clusters.map(({ name, version }) => [name, version]),
    before?.clusters.map(({ name, version }) => [name, version]),
  );
});
