import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../../src/model/index.js';
import { addresses, apply, key, pod, type Raw, remove, rollout, service, slice } from './given.js';

const STATUS = { status: { currentPodHash: 'new', stableRS: 'old' } };

function world(...raws: readonly Raw[]): World {
  const made = new World();
  apply(made, ...raws);
  return made;
}

function ready(made: World): readonly (readonly [string, number])[] {
  return [...made.readyPods(key('web'))].sort();
}

const WEB = [service('web'), rollout('web', { trafficRouting: {} }, STATUS)];

test('a plain Service has all its ready endpoints, in address order', () => {
  const made = world(
    service('web'),
    slice('web', [{ address: '10.0.0.2' }, { address: '10.0.0.1' }, { address: '10.0.0.3', ready: false }]),
  );
  assert.deepEqual(addresses(made, 'web'), ['10.0.0.1:8080', '10.0.0.2:8080']);
});

test('endpoints of several slices are one list without doubles', () => {
  const again = slice('web', [{ address: '10.0.0.1' }, { address: '10.0.0.0' }]);
  const other = {
    ...again,
    metadata: { name: 'web-b', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  };
  assert.deepEqual(addresses(world(service('web'), slice('web', [{ address: '10.0.0.1' }]), other), 'web'), [
    '10.0.0.0:8080',
    '10.0.0.1:8080',
  ]);
});

test('the port of a slice is found by the name of the port of the Service', () => {
  const ports = [
    { name: 'metrics', port: 9000 },
    { name: 'http', port: 8081 },
  ];
  assert.deepEqual(addresses(world(service('web'), slice('web', [{ address: '10.0.0.1' }], { ports })), 'web'), [
    '10.0.0.1:8081',
  ]);
  assert.deepEqual(
    addresses(world(service('web'), slice('web', [{ address: '10.0.0.1' }], { ports: [{ port: 1 }] })), 'web'),
    [],
  );
});

test('versions are told apart by the hash of the pods', () => {
  const made = world(
    ...WEB,
    pod('a', 'old'),
    pod('b', 'new'),
    slice('web', [
      { address: '10.0.0.1', pod: 'a' },
      { address: '10.0.0.2', pod: 'b' },
    ]),
  );
  assert.deepEqual(addresses(made, 'web', 'old'), ['10.0.0.1:8080']);
  assert.deepEqual(addresses(made, 'web', 'new'), ['10.0.0.2:8080']);
  assert.deepEqual(addresses(made, 'web'), ['10.0.0.1:8080', '10.0.0.2:8080']);
  assert.deepEqual(ready(made), [
    ['new', 1],
    ['old', 1],
  ]);
});

test('a pod that was not seen yet belongs to no version, and to the Service as a whole', () => {
  const made = world(...WEB, slice('web', [{ address: '10.0.0.1', pod: 'a' }]));
  assert.deepEqual(addresses(made, 'web', 'old', true), []);
  assert.deepEqual(addresses(made, 'web'), ['10.0.0.1:8080']);
  assert.deepEqual(ready(made), []);
  apply(made, pod('a', 'new'));
  assert.deepEqual(addresses(made, 'web', 'new'), ['10.0.0.1:8080']);
  remove(made, 'Pod', 'a');
  assert.deepEqual(addresses(made, 'web', 'new'), []);
});

test('pods without a hash, and endpoints without a pod, count to the version that adopts', () => {
  const made = world(...WEB, pod('a', ''), slice('web', [{ address: '10.0.0.1', pod: 'a' }, { address: '10.0.0.2' }]));
  assert.deepEqual(addresses(made, 'web', 'old', true), ['10.0.0.1:8080', '10.0.0.2:8080']);
  assert.deepEqual(addresses(made, 'web', 'old', false), []);
  assert.deepEqual(addresses(made, 'web', 'new', false), []);
  assert.deepEqual(ready(made), [['old', 2]]);
});

test('of a blue-green Rollout the active version adopts', () => {
  const blueGreen = rollout(
    'web',
    {},
    {
      spec: { strategy: { blueGreen: { activeService: 'web' } } },
      status: { currentPodHash: 'new', stableRS: 'old', blueGreen: { activeSelector: 'act' } },
    },
  );
  assert.deepEqual(ready(world(service('web'), blueGreen, slice('web', [{ address: '10.0.0.1' }]))), [['act', 1]]);
});

const NAMED = rollout('web', { trafficRouting: {}, canaryService: 'canary', stableService: 'stable' }, STATUS);

test('a version is found behind any Service of its Rollout, for a selector may lag behind', () => {
  const made = world(
    NAMED,
    service('web'),
    service('canary'),
    service('stable'),
    pod('a', 'old'),
    pod('b', 'new'),
    slice('stable', [{ address: '10.0.0.1', pod: 'a' }]),
    slice('canary', [
      { address: '10.0.0.2', pod: 'b' },
      { address: '10.0.0.1', pod: 'a' },
    ]),
  );
  for (const name of ['web', 'canary', 'stable']) {
    assert.deepEqual(addresses(made, name, 'old'), ['10.0.0.1:8080'], name);
    assert.deepEqual(addresses(made, name, 'new'), ['10.0.0.2:8080'], name);
  }
  assert.deepEqual(addresses(made, 'web'), []);
  assert.deepEqual(
    ready(made),
    [
      ['new', 1],
      ['old', 1],
    ],
    'a pod behind two Services is one pod',
  );
});

const siblings: readonly { readonly name: string; readonly ports: readonly Raw[]; readonly want: readonly string[] }[] =
  [
    {
      name: 'the same target port',
      ports: [
        { name: 'http', port: 80, targetPort: 8 },
        { name: 'x', port: 9, targetPort: 80 },
      ],
      want: ['10.0.0.1:8082'],
    },
    {
      name: 'or else the same number',
      ports: [
        { name: 'http', port: 9 },
        { name: 'x', port: 80, targetPort: 'web' },
      ],
      want: ['10.0.0.1:8082'],
    },
    {
      name: 'or else the same name',
      ports: [
        { name: 'x', port: 9 },
        { name: 'http', port: 8 },
      ],
      want: ['10.0.0.1:8081'],
    },
    { name: 'or none', ports: [{ name: 'y', port: 8 }], want: [] },
  ];
for (const { name, ports, want } of siblings) {
  test(`of another Service the port counts that has ${name}`, () => {
    const slicePorts = [
      { name: 'http', port: 8081 },
      { name: 'x', port: 8082 },
      { name: 'y', port: 8083 },
    ];
    const made = world(
      NAMED,
      service('web'),
      service('canary', { ports }),
      pod('b', 'new'),
      slice('canary', [{ address: '10.0.0.1', pod: 'b' }], { ports: slicePorts }),
    );
    assert.deepEqual(addresses(made, 'web', 'new'), want);
  });
}

test('a pod behind several Services is one endpoint, where the Service that is asked says', () => {
  const made = world(
    NAMED,
    service('stable'),
    service('canary', { ports: [{ name: 'http', port: 80, targetPort: 9 }] }),
    pod('b', 'new'),
    pod('c', 'new'),
    slice('stable', [{ address: '10.0.0.1', pod: 'b' }]),
    slice(
      'canary',
      [
        { address: '10.0.0.1', pod: 'b' },
        { address: '10.0.0.2', pod: 'c' },
      ],
      { ports: [{ name: 'http', port: 9 }] },
    ),
  );
  assert.deepEqual(addresses(made, 'stable', 'new'), ['10.0.0.1:8080', '10.0.0.2:9']);
});

test('a pod of a dual-stack Service is one endpoint, by IPv4', () => {
  const ipv6 = slice('web', [{ address: '1::1', pod: 'a' }, { address: '1::2', pod: 'b' }, { address: '1::3' }], {
    addressType: 'IPv6',
    metadata: { name: 'web-0', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  });
  const ipv4 = slice('web', [{ address: '10.0.0.1', pod: 'a' }]);
  for (const slices of [
    [ipv4, ipv6],
    [ipv6, ipv4],
  ]) {
    const made = world(...WEB, pod('a', 'old'), pod('b', 'new'), ...slices);
    assert.deepEqual(addresses(made, 'web'), ['10.0.0.1:8080', '1::2:8080', '1::3:8080']);
    assert.deepEqual(addresses(made, 'web', 'old'), ['10.0.0.1:8080']);
    assert.deepEqual(ready(made), [
      ['new', 1],
      ['old', 2],
    ]);
  }
});

test('endpoints that are no pods may share an address', () => {
  const other = slice('web', [{ address: '127.0.0.1' }], {
    ports: [{ name: 'http', port: 8081 }],
    metadata: { name: 'web-b', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
  });
  const made = world(service('web'), slice('web', [{ address: '127.0.0.1' }]), other);
  assert.deepEqual(addresses(made, 'web'), ['127.0.0.1:8080', '127.0.0.1:8081']);
});

test('pods that are terminating take requests while no other of their version is ready, and do not count as ready', () => {
  const leaving = { ready: false, serving: true, terminating: true };
  const ending = (...names: readonly string[]): Raw =>
    slice('web', [], {
      endpoints: [
        { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name: 'a' } },
        { addresses: ['10.0.0.2'], targetRef: { kind: 'Pod', name: 'b' } },
        { addresses: ['10.0.0.3'], targetRef: { kind: 'Pod', name: 'c' } },
      ].map((one) => (names.includes(one.targetRef.name) ? { ...one, conditions: leaving } : one)),
    });
  const made = world(...WEB, pod('a', 'old'), pod('b', 'old'), pod('c', 'new'), ending('a'));
  assert.deepEqual(addresses(made, 'web', 'old'), ['10.0.0.2:8080']);
  apply(made, ending('a', 'b'));
  assert.deepEqual(addresses(made, 'web', 'old'), ['10.0.0.1:8080', '10.0.0.2:8080']);
  assert.deepEqual(addresses(made, 'web'), ['10.0.0.3:8080']);
  assert.deepEqual(ready(made), [['new', 1]]);
  apply(made, ending('a', 'b', 'c'));
  assert.deepEqual(addresses(made, 'web'), ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080']);
});

test('a Service without a Rollout has no sibling', () => {
  const made = world(service('a'), service('b'), pod('p', 'x'), slice('b', [{ address: '10.0.0.1', pod: 'p' }]));
  assert.deepEqual(addresses(made, 'a', 'x'), []);
  assert.deepEqual(addresses(made, 'b', 'x'), ['10.0.0.1:8080']);
});

test('a slice that moves to another Service leaves the first', () => {
  const made = world(service('a'), service('b'), slice('a', [{ address: '10.0.0.1' }]));
  apply(
    made,
    slice('b', [{ address: '10.0.0.1' }], {
      metadata: { name: 'a-a', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'b' } },
    }),
  );
  assert.deepEqual([addresses(made, 'a'), addresses(made, 'b')], [[], ['10.0.0.1:8080']]);
});
