import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKey, type Problem } from '../../../src/base/index.js';
import { parseObject } from '../../../src/model/index.js';
import { Pipeline, type Publication } from '../../../src/pipeline/index.js';
import { type Manifest, pods, rollout, service } from '../../harness/manifests.js';

interface Scene {
  readonly pipeline: Pipeline;
  readonly publications: Publication[];
  readonly appeared: Problem[];
  readonly gone: Problem[];
  readonly apply: (...manifests: readonly Manifest[]) => void;
}

function scene(): Scene {
  const publications: Publication[] = [];
  const appeared: Problem[] = [];
  const gone: Problem[] = [];
  const pipeline = new Pipeline({
    now: () => 0,
    publish: (publication) => publications.push(publication),
    problems: (change) => {
      appeared.push(...change.appeared);
      gone.push(...change.gone);
    },
    locate: () => undefined,
    failed: (_, error) => assert.ifError(error),
  });
  const apply: Scene['apply'] = (...manifests) => pipeline.apply(manifests.flatMap((each) => parseObject(each) ?? []));
  apply(...shop('web'), ...shop('api'), canary('web', 10), canary('api', 10));
  pipeline.acknowledged(1);
  return { pipeline, publications, appeared, gone, apply };
}

function shop(name: string): readonly Manifest[] {
  const versions = ['old', 'new'].map((hash, index) => ({ hash, ports: [8001 + index] }));
  return [service(name, { app: name }), ...pods(name, versions)];
}

function canary(name: string, weight: number): Manifest {
  const status = {
    currentPodHash: 'new',
    stableRS: 'old',
    canary: { weights: { canary: { podTemplateHash: 'new', weight }, stable: { podTemplateHash: 'old', weight: 90 } } },
  };
  return rollout(name, { steps: [], trafficRouting: { plugins: { 'penstock/xds': {} } } }, status);
}

function weightOf({ pipeline }: Scene, name: string): number | undefined {
  const [port] = pipeline.derived.hosts.get(objectKey('shop', name))?.ports ?? [];
  return port?.routes[0]?.backends.find(({ version }) => version.kind === 'hash' && version.hash === 'new')?.weight;
}

test('refused routes go back to the last good ones, the others move on, and a correction heals', () => {
  const at = scene();
  const good = at.publications[0]?.snapshot.hosts.get(objectKey('shop', 'web'));
  at.apply(canary('web', 20));
  at.pipeline.refused(2, 'too much');
  assert.equal(at.publications.length, 3);
  assert.equal(
    at.publications[2]?.snapshot.hosts.get(objectKey('shop', 'web'))?.own[0]?.version,
    good?.own[0]?.version,
  );
  assert.deepEqual(
    at.publications[2]?.causes.map(({ what }) => what),
    ['back to its last good routes'],
  );
  at.apply(canary('api', 40));
  assert.deepEqual([weightOf(at, 'web'), weightOf(at, 'api')], [10, 40]);
  const [problem, ...more] = at.appeared;
  assert.deepEqual(more, []);
  assert.deepEqual(problem, {
    code: 'ROUTES_REFUSED',
    severity: 'error',
    object: { kind: 'Rollout', namespace: 'shop', name: 'web' },
    path: 'spec.strategy',
    value: '"too much"',
    expected:
      'routes of Service shop/web that Envoy takes: with these words a proxy refused them; the last good ones stay until this is mended',
  });
  at.apply(canary('web', 30));
  assert.equal(weightOf(at, 'web'), 30);
  assert.deepEqual(at.gone, [], 'not solved before a proxy has taken it');
  at.pipeline.acknowledged(5);
  assert.deepEqual(at.gone, [problem]);
  assert.deepEqual(at.pipeline.problems(), []);
});

test('endpoints of a host that is held back are current', () => {
  const at = scene();
  at.apply(canary('web', 20));
  at.pipeline.refused(2, 'too much');
  at.apply(...pods('web', [{ hash: 'new', ports: [9001, 9002] }]));
  const entry = at.pipeline.snapshot.hosts.get(objectKey('shop', 'web'));
  const addresses = entry?.endpoints.find(({ name }) => name.endsWith('@new'))?.body;
  assert.notEqual(
    addresses,
    at.publications[2]?.snapshot.hosts
      .get(objectKey('shop', 'web'))
      ?.endpoints.find(({ name }) => name.endsWith('@new'))?.body,
  );
  assert.equal(weightOf(at, 'web'), 10);
});

test('what another proxy has taken comes back, and its problem goes', () => {
  const at = scene();
  at.apply(canary('web', 20));
  at.pipeline.refused(2, 'too much');
  assert.equal(weightOf(at, 'web'), 10);
  at.pipeline.acknowledged(2);
  assert.equal(weightOf(at, 'web'), 20);
  assert.deepEqual(at.pipeline.problems(), []);
});

test('a new Service whose routes are refused is left out, and is told of by its own name', () => {
  const at = scene();
  at.apply(...shop('late'));
  assert.ok(at.pipeline.snapshot.hosts.get(objectKey('shop', 'late')));
  at.pipeline.refused(2, 'too much');
  assert.equal(at.pipeline.snapshot.hosts.get(objectKey('shop', 'late')), undefined);
  assert.deepEqual(
    at.appeared.map(({ code, object }) => [code, object.kind, object.name]),
    [['ROUTES_REFUSED', 'Service', 'late']],
  );
  at.apply({
    ...service('late', { app: 'late' }),
    spec: { selector: { app: 'late' }, ports: [{ name: 'http', port: 81 }] },
  });
  assert.ok(at.pipeline.snapshot.hosts.get(objectKey('shop', 'late')));
});

test('a deleted Service takes its problem with it', () => {
  const at = scene();
  at.apply(canary('web', 20));
  at.pipeline.refused(2, 'too much');
  at.pipeline.apply([{ kind: 'deleted', ref: { kind: 'Service', namespace: 'shop', name: 'web' } }]);
  assert.ok(at.pipeline.problems().every(({ code }) => code !== 'ROUTES_REFUSED'));
});

test('acknowledgements of what nobody doubts publish nothing', () => {
  const at = scene();
  at.pipeline.acknowledged(1);
  at.pipeline.refused(1, 'too much');
  assert.equal(at.publications.length, 1);
});
