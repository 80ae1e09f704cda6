import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseObject } from '../../../src/model/index.js';
import { parsed, pod, problemsOf, rollout, service, slice, used } from './given.js';

const notOurs = [
  { name: 'nothing', raw: undefined },
  { name: 'null', raw: null },
  { name: 'a text', raw: 'kind: Service' },
  { name: 'a list', raw: [service('web')] },
  { name: 'an object without a kind', raw: { metadata: { name: 'web' } } },
  { name: 'a kind that shapes no traffic', raw: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' } } },
  { name: "Knative's Service", raw: { ...service('web'), apiVersion: 'serving.knative.dev/v1' } },
  { name: 'a kind that is a word of JavaScript', raw: { apiVersion: 'v1', kind: 'constructor' } },
  { name: 'an apiVersion that is no text', raw: { ...service('web'), apiVersion: 1 } },
];
for (const { name, raw } of notOurs) {
  test(`${name} is none of ours`, () => assert.equal(parseObject(raw), undefined));
}

test('items of a list, which come without apiVersion, are ours', () => {
  const { apiVersion: _, ...item } = service('web');
  assert.equal(parsed(item).kind, 'applied');
});

const metadata = [
  { name: 'no metadata at all', metadata: undefined, want: ['error FIELD_MISSING at metadata'] },
  { name: 'metadata that is a text', metadata: 'web', want: ['error FIELD_TYPE at metadata'] },
  { name: 'no name', metadata: {}, want: ['error FIELD_MISSING at metadata.name'] },
  { name: 'a name that is a number', metadata: { name: 7 }, want: ['error FIELD_TYPE at metadata.name'] },
  { name: 'a name with a slash', metadata: { name: 'a/b' }, want: ['error FIELD_VALUE at metadata.name'] },
  { name: 'a name with a line end', metadata: { name: 'a\nb' }, want: ['error FIELD_VALUE at metadata.name'] },
  { name: 'a name in capitals', metadata: { name: 'Web' }, want: ['error FIELD_VALUE at metadata.name'] },
  {
    name: 'a name with a dot, which a host name can not have',
    metadata: { name: 'a.b' },
    want: ['error FIELD_VALUE at metadata.name'],
  },
  {
    name: 'a namespace with a slash',
    metadata: { name: 'a', namespace: 'b/c' },
    want: ['error FIELD_VALUE at metadata.namespace'],
  },
  {
    name: 'a label that is a number',
    metadata: { name: 'a', labels: { x: 1 } },
    want: ['error FIELD_TYPE at metadata.labels.x'],
  },
  {
    name: 'labels that are a list',
    metadata: { name: 'a', labels: [] },
    want: ['error FIELD_TYPE at metadata.labels'],
  },
  {
    name: 'an annotation that is true',
    metadata: { name: 'a', annotations: { 'x/y': true } },
    want: ['error FIELD_TYPE at metadata.annotations["x/y"]'],
  },
  {
    name: 'a time that is none',
    metadata: { name: 'a', creationTimestamp: 'yesterday' },
    want: ['warning FIELD_VALUE at metadata.creationTimestamp'],
  },
];
for (const { name, metadata: given, want } of metadata) {
  test(`metadata: ${name}`, () => assert.deepEqual(problemsOf({ ...service('web'), metadata: given }), want));
}

test('an object without a namespace is in the namespace default', () => {
  assert.equal(used('Service', { ...service('web'), metadata: { name: 'web' } }).key, 'default/web');
});

test('text order of times is time order, whatever their notation', () => {
  const times = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z', '2026-01-01T01:00:01+01:00', '2026-01-01T00:00:02Z'];
  const read = times.map(
    (creationTimestamp) => used('Service', { ...service('a'), metadata: { name: 'a', creationTimestamp } }).createdAt,
  );
  assert.deepEqual(read, [...read].sort());
});

test('a rejected Rollout keeps its name and what could be read of it', () => {
  const event = parsed(
    rollout('web', { trafficRouting: {}, steps: [{ setWeight: 101 }] }, { status: { abort: true } }),
  );
  assert.ok(event.kind === 'rejected');
  assert.deepEqual(event.ref, { kind: 'Rollout', namespace: 'shop', name: 'web' });
  assert.equal(event.rest?.status.aborted, true);
});

test('keys that JavaScript inherits are content when they are there, and nothing when they are not', () => {
  const labels: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}');
  const read = used('Pod', { ...pod('a', ''), metadata: { name: 'a', labels } });
  assert.deepEqual(
    [...read.labels],
    [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ],
  );
  assert.equal(
    used('Service', { ...service('web'), spec: JSON.parse('{"__proto__": {"type": "ExternalName"}}') }).type,
    'cluster-ip',
  );
});

test('a list that contains itself is refused, not followed', () => {
  const loop: unknown[] = [];
  loop.push(loop);
  assert.deepEqual(problemsOf({ ...service('web'), spec: { ports: loop } }), ['error FIELD_TYPE at spec.ports[0]']);
});

test('an object with countless mistakes tells a hundred of them', () => {
  const steps = Array.from({ length: 5000 }, () => ({ setWeight: -1 }));
  assert.equal(problemsOf(rollout('web', { trafficRouting: {}, steps })).length, 100);
});

test('a pod of a Rollout has the hash of its label, another pod none', () => {
  assert.equal(used('Pod', pod('a', 'abc')).hash, 'abc');
  assert.equal(used('Pod', pod('a', '')).hash, undefined);
});

test('a ReplicaSet tells its version and the Rollout that owns it', () => {
  const raw = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: 'web-abc',
      labels: { 'rollouts-pod-template-hash': 'abc' },
      ownerReferences: [
        { kind: 'Other', name: 'x' },
        { kind: 'Rollout', name: 'web' },
      ],
    },
  };
  const read = used('ReplicaSet', raw);
  assert.deepEqual([read.hash, read.rollout], ['abc', 'web']);
});

test('whatever stands in an object, reading it never throws', () => {
  const seed = Number(process.env['SEED'] ?? 7);
  const place = fc.constantFrom('metadata', 'spec', 'status', 'endpoints', 'ports', 'addressType');
  const kind = fc.constantFrom(rollout('web', {}), service('web'), slice('web', []), pod('a', 'b'));
  fc.assert(
    fc.property(kind, place, fc.jsonValue(), (raw, at, value) => {
      assert.ok(parseObject({ ...raw, [at]: value }) !== undefined);
    }),
    { seed, numRuns: 500 },
  );
  const inCanary = fc.dictionary(
    fc.constantFrom('steps', 'trafficRouting', 'pingPong', 'canaryService', '__proto__'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(inCanary, (canary) =>
      assert.ok(parseObject(rollout('web', { trafficRouting: {}, ...canary })) !== undefined),
    ),
    { seed, numRuns: 500 },
  );
});
