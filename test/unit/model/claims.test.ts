import assert from 'node:assert/strict';
import { test } from 'node:test';
import { World } from '../../../src/model/index.js';
import { apply, claims, key, names, type Raw, remove, rollout, service } from './given.js';

const SPLIT = { trafficRouting: {} };
const HASH = 'rollouts-pod-template-hash';

/** A Rollout that exists since a day of January. */
function since(name: string, day: number, canary: Raw = SPLIT): Raw {
  return rollout(name, canary, {
    metadata: { creationTimestamp: `2026-01-${String(day).padStart(2, '0')}T00:00:00Z` },
  });
}

function world(...raws: readonly Raw[]): World {
  const made = new World();
  apply(made, ...raws);
  return made;
}

const rows: readonly { readonly name: string; readonly given: readonly Raw[]; readonly want: readonly string[] }[] = [
  {
    name: 'a Service that selects its pods as root',
    given: [service('web'), rollout('web', SPLIT)],
    want: ['web as root'],
  },
  {
    name: 'every such Service, in name order',
    given: [service('b'), service('a'), rollout('web', SPLIT)],
    want: ['a as root', 'b as root'],
  },
  {
    name: 'no Service that selects other pods',
    given: [service('a', { selector: { app: 'a' } }), rollout('web', SPLIT)],
    want: [],
  },
  {
    name: 'no Service that selects by a further label',
    given: [service('a', { selector: { app: 'web', tier: 'x' } }), rollout('web', SPLIT)],
    want: [],
  },
  { name: 'no Service without a selector', given: [service('a', { selector: {} }), rollout('web', SPLIT)], want: [] },
  {
    name: 'a Service that selects one of its versions as pinned',
    given: [
      service('web'),
      service('web-abc', { selector: { app: 'web', [HASH]: 'abc' } }),
      service('web-stable', { selector: { app: 'web', [HASH]: 'def' } }),
      rollout('web', { ...SPLIT, stableService: 'web-stable' }),
    ],
    want: ['web as root', 'web-abc as pinned', 'web-stable as stable'],
  },
  {
    name: 'no Service that selects by a hash alone',
    given: [service('a', { selector: { [HASH]: 'abc' } }), rollout('web', SPLIT)],
    want: [],
  },
  {
    name: 'the Services it names as what they are named for',
    given: [
      service('web'),
      service('web-canary'),
      service('web-stable', { selector: { app: 'other' } }),
      rollout('web', { ...SPLIT, canaryService: 'web-canary', stableService: 'web-stable' }),
    ],
    want: ['web as root', 'web-canary as canary', 'web-stable as stable'],
  },
  {
    name: 'ping and pong',
    given: [
      service('a'),
      service('b'),
      rollout('web', { trafficRouting: { plugins: { x: {} } }, pingPong: { pingService: 'a', pongService: 'b' } }),
    ],
    want: ['a as ping', 'b as pong'],
  },
  {
    name: 'active and preview of a blue-green Rollout',
    given: [
      service('a'),
      service('b'),
      service('c'),
      rollout('web', {}, { spec: { strategy: { blueGreen: { activeService: 'a', previewService: 'b' } } } }),
    ],
    want: ['a as active', 'b as preview', 'c as root'],
  },
  {
    name: 'with the option hosts those alone, whatever they select',
    given: [
      service('web'),
      service('other', { selector: { app: 'other' } }),
      rollout('web', { trafficRouting: { plugins: { 'penstock/xds': { hosts: ['other', 'missing'] } } } }),
    ],
    want: ['other as root'],
  },
  {
    name: 'no Service of type ExternalName',
    given: [
      service('web', { type: 'ExternalName', externalName: 'x' }),
      rollout('web', { ...SPLIT, stableService: 'web' }),
    ],
    want: [],
  },
  {
    name: 'no Service of another namespace',
    given: [
      { ...service('web'), metadata: { name: 'web', namespace: 'other' } },
      rollout('web', { ...SPLIT, stableService: 'web' }),
    ],
    want: [],
  },
  {
    name: 'nothing without trafficRouting',
    given: [service('web'), rollout('web', { stableService: 'web' })],
    want: [],
  },
];
for (const { name, given, want } of rows) {
  test(`a Rollout claims ${name}`, () => {
    assert.deepEqual(claims(world(...given), 'web'), want);
    assert.deepEqual(claims(world(...given.toReversed()), 'web'), want, 'in the other order');
  });
}

test('of two Rollouts that want a Service the older one gets it, and both are told', () => {
  const made = world(service('web'), since('old', 1));
  assert.deepEqual(names(apply(made, since('new', 2))), { rollouts: ['new'], services: [], endpoints: [] });
  assert.deepEqual(claims(made, 'old'), ['web as root']);
  assert.deepEqual(made.lostClaims(key('new')), [
    { claim: { rollout: 'shop/new', service: 'shop/web', role: 'root' }, holder: 'shop/old' },
  ]);
  assert.deepEqual(names(remove(made, 'Rollout', 'old')), {
    rollouts: ['new', 'old'],
    services: ['web'],
    endpoints: [],
  });
  assert.deepEqual(claims(made, 'new'), ['web as root']);
  assert.deepEqual(made.lostClaims(key('new')), []);
});

test('an older Rollout takes a Service over', () => {
  const made = world(service('web'), since('new', 2));
  assert.deepEqual(names(apply(made, since('old', 1))), { rollouts: ['new', 'old'], services: ['web'], endpoints: [] });
  assert.equal(made.claimOn(key('web'))?.rollout, 'shop/old');
});

test('of two Rollouts of the same age the one whose name sorts first gets the Service', () => {
  for (const order of [
    ['a', 'b'],
    ['b', 'a'],
  ]) {
    const made = world(service('web'), ...order.map((name) => since(name, 1)));
    assert.equal(made.claimOn(key('web'))?.rollout, 'shop/a');
  }
});

test('claims follow a Service that comes, selects others and goes', () => {
  const made = world(rollout('web', SPLIT));
  assert.deepEqual(names(apply(made, service('web'))), { rollouts: ['web'], services: ['web'], endpoints: [] });
  assert.deepEqual(claims(made, 'web'), ['web as root']);
  assert.deepEqual(names(apply(made, service('web', { selector: { app: 'x' } }))), {
    rollouts: ['web'],
    services: ['web'],
    endpoints: [],
  });
  assert.deepEqual(claims(made, 'web'), []);
  apply(made, service('web'));
  assert.deepEqual(names(remove(made, 'Service', 'web')), { rollouts: ['web'], services: ['web'], endpoints: [] });
  assert.equal(made.claimOn(key('web')), undefined);
});

test('claims follow a Rollout that changes its labels, its names and its strategy', () => {
  const made = world(service('web'), service('stable', { selector: { app: 'x' } }), rollout('web', SPLIT));
  apply(made, rollout('web', { ...SPLIT, stableService: 'stable' }));
  assert.deepEqual(claims(made, 'web'), ['stable as stable', 'web as root']);
  apply(made, rollout('web', SPLIT, { spec: { template: { metadata: { labels: { app: 'x' } } } } }));
  assert.deepEqual(claims(made, 'web'), ['stable as root']);
  apply(made, rollout('web', {}));
  assert.deepEqual(claims(made, 'web'), []);
});

test('a Rollout hears of a Service that it names, when that comes, changes its ports or goes', () => {
  const made = world(rollout('web', { ...SPLIT, stableService: 'stable' }));
  const external = { type: 'ExternalName', externalName: 'x' };
  assert.deepEqual(names(apply(made, service('stable', external))).rollouts, ['web']);
  assert.deepEqual(names(apply(made, service('stable', { ...external, ports: [{ port: 81 }] }))).rollouts, ['web']);
  assert.deepEqual(names(remove(made, 'Service', 'stable')).rollouts, ['web']);
});

test('names that JavaScript inherits are names like others', () => {
  const made = world(service('constructor'), rollout('web', { ...SPLIT, stableService: 'constructor' }));
  assert.deepEqual(claims(made, 'web'), ['constructor as stable']);
});
