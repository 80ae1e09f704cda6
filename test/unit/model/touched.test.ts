import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../../src/model/index.js';
import { apply, names, parsed, pod, type Raw, remove, replicaSet, rollout, service, slice } from './given.js';

const CANARY = {
  trafficRouting: {},
  canaryService: 'canary',
  stableService: 'stable',
  steps: [{ setWeight: 20 }, { pause: {} }],
};
const UNDER_WAY = { currentPodHash: 'new', stableRS: 'old', currentStepIndex: 1 };
const NOTHING = { rollouts: [], services: [], endpoints: [] };

/** A Rollout with a root, a canary and a stable Service, one pod of each version, and a Service of its own beside it. */
function shop(status: Raw = UNDER_WAY): World {
  const made = new World();
  apply(
    made,
    rollout('web', CANARY, { status }),
    service('web'),
    service('canary'),
    service('stable'),
    service('plain', { selector: { app: 'plain' } }),
    rollout('other', { trafficRouting: {} }, { spec: { template: { metadata: { labels: { app: 'other' } } } } }),
    service('other', { selector: { app: 'other' } }),
    pod('a', 'old'),
    pod('b', 'new'),
    slice('web', [
      { address: '10.0.0.1', pod: 'a' },
      { address: '10.0.0.2', pod: 'b' },
    ]),
  );
  return made;
}

const PODS = [
  { address: '10.0.0.1', pod: 'a' },
  { address: '10.0.0.2', pod: 'b' },
];
const ALL = ['canary', 'stable', 'web'];

const rows: readonly {
  readonly name: string;
  readonly status?: Raw;
  readonly raws: readonly Raw[];
  readonly want: {
    readonly rollouts: readonly string[];
    readonly services: readonly string[];
    readonly endpoints: readonly string[];
  };
}[] = [
  {
    name: 'an object that says nothing new',
    raws: [rollout('web', CANARY, { status: UNDER_WAY }), service('web'), pod('a', 'old'), slice('web', PODS)],
    want: NOTHING,
  },
  {
    name: 'labels, and what of the status shapes no traffic',
    raws: [
      rollout('web', CANARY, {
        status: { ...UNDER_WAY, replicas: 9, phase: 'Paused' },
        metadata: { labels: { x: 'y' } },
      }),
    ],
    want: NOTHING,
  },
  {
    name: 'the step of a Rollout: it and its Services',
    raws: [rollout('web', CANARY, { status: { ...UNDER_WAY, currentStepIndex: 2 } })],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  {
    name: 'a selector that Argo points to another version',
    raws: [service('canary', { selector: { app: 'web', 'rollouts-pod-template-hash': 'new' } })],
    want: NOTHING,
  },
  {
    name: 'a port of a claimed Service: its Rollout hears of it',
    raws: [service('web', { ports: [{ name: 'http', port: 81 }] })],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  {
    name: 'a port of a plain Service',
    raws: [service('plain', { selector: { app: 'plain' }, ports: [] })],
    want: { ...NOTHING, services: ['plain'] },
  },
  {
    name: 'endpoints of a plain Service',
    raws: [slice('plain', [{ address: '10.0.1.1' }])],
    want: { ...NOTHING, endpoints: ['plain'] },
  },
  {
    name: 'endpoints of a Service that is not there yet',
    raws: [slice('later', [{ address: '10.0.1.1' }])],
    want: NOTHING,
  },
  {
    name: 'another pod of a version that has one: endpoints of all Services of the Rollout',
    raws: [pod('c', 'new'), slice('web', [...PODS, { address: '10.0.0.3', pod: 'c' }])],
    want: { ...NOTHING, endpoints: ALL },
  },
  {
    name: 'the last pod of a version going',
    raws: [slice('web', [{ address: '10.0.0.1', pod: 'a' }])],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  {
    name: 'the last pod of a version becoming unready',
    raws: [
      slice('web', [
        { address: '10.0.0.1', pod: 'a' },
        { address: '10.0.0.2', pod: 'b', ready: false },
      ]),
    ],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  {
    name: 'the first pod of a version',
    raws: [pod('b', 'newer')],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  { name: 'a pod behind no Service', raws: [pod('z', 'new')], want: NOTHING },
  {
    name: 'another pod where weights are capped by capacity',
    status: { ...UNDER_WAY, currentStepIndex: 2 },
    raws: [pod('c', 'new'), slice('web', [...PODS, { address: '10.0.0.3', pod: 'c' }])],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  {
    name: 'another pod while it is promoted in full',
    status: { ...UNDER_WAY, promoteFull: true },
    raws: [pod('c', 'new'), slice('web', [...PODS, { address: '10.0.0.3', pod: 'c' }])],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  {
    name: 'another pod once it is promoted',
    status: { currentPodHash: 'new', stableRS: 'new', currentStepIndex: 2 },
    raws: [pod('c', 'new'), slice('web', [...PODS, { address: '10.0.0.3', pod: 'c' }])],
    want: { ...NOTHING, endpoints: ALL },
  },
  {
    name: 'a ReplicaSet of a Rollout',
    raws: [replicaSet('web-new', 'new', 'web')],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  { name: 'a ReplicaSet of nobody', raws: [replicaSet('x', 'new', 'unknown')], want: NOTHING },
  {
    name: 'a version that can not be used',
    raws: [rollout('web', { ...CANARY, steps: [{ setWeight: 120 }] }, { status: UNDER_WAY })],
    want: NOTHING,
  },
  {
    name: 'an abort in a version that can not be used',
    raws: [rollout('web', { ...CANARY, steps: [{ setWeight: 120 }] }, { status: { ...UNDER_WAY, abort: true } })],
    want: { rollouts: ['web'], services: ALL, endpoints: [] },
  },
  { name: 'a Service that can not be read', raws: [service('web', { ports: [{ port: 0 }] })], want: NOTHING },
];
for (const { name, status, raws, want } of rows) {
  test(`touched by ${name}`, () => assert.deepEqual(names(apply(shop(status), ...raws)), want));
}

test('deleting a Rollout touches it and the Services it had, which are plain from then on', () => {
  const made = shop();
  assert.deepEqual(names(remove(made, 'Rollout', 'web')), { rollouts: ['web'], services: ALL, endpoints: [] });
  assert.deepEqual(names(remove(made, 'Rollout', 'web')), NOTHING);
});

test('one pod of a Service with a thousand neighbours is found without looking at them', () => {
  const made = shop();
  made.apply(
    Array.from({ length: 1000 }, (_, index) =>
      parsed(service(`s${index}`, { selector: { app: `a${index}`, env: 'prod' } })),
    ),
  );
  assert.deepEqual(names(apply(made, slice('s7', [{ address: '10.0.0.1' }]))), { ...NOTHING, endpoints: ['s7'] });
});
