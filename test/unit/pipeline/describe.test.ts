import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from '../../../src/model/index.js';
import { Pipeline, type Publication } from '../../../src/pipeline/index.js';
import { type Manifest, pods, rollout, service } from '../../harness/manifests.js';

const HEADER = {
  setHeaderRoute: { name: 'testers', match: [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }] },
};
const MIRROR = { setMirrorRoute: { name: 'shadow', match: [{ path: { prefix: '/' } }] } };

const web = (status: Manifest, more: Manifest = {}): Manifest =>
  rollout(
    'web',
    {
      steps: [{ setWeight: 20 }, HEADER, MIRROR, { setWeight: 50 }],
      trafficRouting: {
        plugins: { 'penstock/xds': {} },
        managedRoutes: [{ name: 'testers' }, { name: 'shadow' }],
        ...more,
      },
    },
    status,
  );

const status = (weight: number, index: number, more: Manifest = {}): Manifest => ({
  currentPodHash: 'new',
  stableRS: 'old',
  currentStepIndex: index,
  canary: {
    weights: { canary: { weight, podTemplateHash: 'new' }, stable: { weight: 100 - weight, podTemplateHash: 'old' } },
  },
  ...more,
});

const shop = (oldPorts: readonly number[], newPorts: readonly number[]): readonly Manifest[] => [
  service('web', { app: 'web' }),
  ...pods('web', [
    { hash: 'old', ports: oldPorts },
    { hash: 'new', ports: newPorts },
  ]),
];

const before = [...shop([8001, 8002], [8003]), web(status(20, 0))];
const rows: readonly { name: string; change: readonly Manifest[]; want: readonly string[] }[] = [
  { name: 'a weight', change: [web(status(50, 0))], want: ['Rollout shop/web weight 20 → 50'] },
  {
    name: 'a header route that comes',
    change: [web(status(20, 1))],
    want: ['Rollout shop/web header route testers added'],
  },
  {
    name: 'two routes that come at once',
    change: [web(status(20, 2))],
    want: ['Rollout shop/web header route testers added', 'Rollout shop/web mirror route shadow added'],
  },
  {
    name: 'a promotion',
    change: [web(status(100, 4, { stableRS: 'new' }))],
    want: ['Rollout shop/web version new promoted'],
  },
  {
    name: 'options',
    change: [web(status(20, 0), { plugins: { 'penstock/xds': { timeout: '3s' } } })],
    want: ['Service shop/web options of port 80 changed'],
  },
  {
    name: 'pods that come',
    change: shop([8001, 8002, 8004], [8003]),
    want: ['Service shop/web endpoints of shop/web:80@old 2 → 3'],
  },
  {
    name: 'pods that are replaced',
    change: shop([8001, 8005], [8003]),
    want: ['Service shop/web endpoints of shop/web:80@old 2 others'],
  },
  { name: 'a Service that comes', change: [service('db', { app: 'db' })], want: ['Service shop/db served on 80'] },
];

for (const { name, change, want } of rows) {
  test(`a publication says what caused it: ${name}`, () => {
    const published: Publication[] = [];
    const pipeline = new Pipeline({
      now: () => 0,
      publish: (publication) => published.push(publication),
      problems: () => undefined,
      locate: () => undefined,
      failed: (object, error) => assert.fail(`${object.name}: ${String(error)}`),
    });
    for (const manifests of [before, change])
      pipeline.apply(manifests.flatMap((manifest) => parseObject(manifest) ?? []));
    const texts = published[1]?.causes.map(
      ({ object, what }) => `${object.kind} ${object.namespace}/${object.name} ${what}`,
    );
    assert.deepEqual(texts, want);
  });
}
