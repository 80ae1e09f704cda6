import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKey, portNumber } from '../../../src/base/index.js';
import { serviceProblems } from '../../../src/intent/index.js';
import { problems, ROLLOUT, service, world } from './given.js';
import type { Given } from './given.js';

/** Code, path and value of what is wrong among the objects. */
const ROWS: readonly { readonly name: string; readonly given: Given; readonly want: readonly string[] }[] = [
  { name: 'all there', given: {}, want: [] },
  {
    name: 'canaryService and stableService name no Service',
    given: { canary: { canaryService: 'c', stableService: 's' } },
    want: [
      'SERVICE_UNKNOWN spec.strategy.canary.canaryService "c"',
      'SERVICE_UNKNOWN spec.strategy.canary.stableService "s"',
    ],
  },
  {
    name: 'ping and pong name no Service',
    given: { canary: { pingPong: { ping: 'a', pong: 'b' } } },
    want: [
      'SERVICE_UNKNOWN spec.strategy.canary.pingPong.pingService "a"',
      'SERVICE_UNKNOWN spec.strategy.canary.pingPong.pongService "b"',
    ],
  },
  {
    name: 'activeService and previewService name no Service',
    given: { strategy: { kind: 'blue-green', activeService: 'a', previewService: 'p' } },
    want: [
      'SERVICE_UNKNOWN spec.strategy.blueGreen.activeService "a"',
      'SERVICE_UNKNOWN spec.strategy.blueGreen.previewService "p"',
    ],
  },
  {
    name: 'hosts of the options name no Service',
    given: { canary: { routing: 'provider' }, options: { hosts: ['web', 'nobody'] } },
    want: ['SERVICE_UNKNOWN spec.strategy.canary.trafficRouting.plugins["penstock/xds"].hosts[1] "nobody"'],
  },
  {
    name: 'hosts of the annotation name no Service',
    given: { options: { hosts: ['nobody'] } },
    want: ['SERVICE_UNKNOWN metadata.annotations["penstock.dev/options"].hosts[0] "nobody"'],
  },
  {
    name: 'an ExternalName is named',
    given: {
      canary: { canaryService: 'far' },
      services: [service('web'), service('far', { type: 'external-name' })],
    },
    want: ['SERVICE_EXTERNAL_NAME spec.strategy.canary.canaryService "far"'],
  },
  {
    name: 'another Rollout has the named Service',
    given: {
      canary: { stableService: 'web' },
      lost: [
        {
          claim: { rollout: ROLLOUT, service: objectKey('shop', 'web'), role: 'stable' },
          holder: objectKey('shop', 'elder'),
        },
      ],
    },
    want: ['SERVICE_CLAIMED spec.strategy.canary.stableService "web"'],
  },
  {
    name: 'another Rollout has a Service that the selector found',
    given: {
      claims: {},
      services: [service('web')],
      lost: [
        {
          claim: { rollout: ROLLOUT, service: objectKey('shop', 'web'), role: 'root' },
          holder: objectKey('shop', 'elder'),
        },
      ],
    },
    want: ['SERVICE_CLAIMED  "web"'],
  },
  { name: 'no Service at all', given: { claims: {} }, want: ['ROLLOUT_WITHOUT_SERVICE  '] },
  {
    name: 'no Service but a named one that is missing: said once',
    given: { claims: {}, canary: { canaryService: 'c' } },
    want: ['SERVICE_UNKNOWN spec.strategy.canary.canaryService "c"'],
  },
  { name: 'a port of the options that a Service has', given: { options: { ports: [portNumber(80)!] } }, want: [] },
  {
    name: 'a port of the options that no Service has',
    given: { options: { ports: [portNumber(80)!, portNumber(81)!] } },
    want: ['SERVICE_PORT_UNKNOWN metadata.annotations["penstock.dev/options"].ports[1] 81'],
  },
  { name: 'no traffic of ours: nothing to say', given: { strategy: { kind: 'none' }, claims: {} }, want: [] },
];
for (const { name, given, want } of ROWS) {
  test(`problems among objects: ${name}`, () => {
    const found = problems(given);
    assert.deepEqual(
      found.map(({ code, path, value }) => `${code} ${path} ${value}`),
      want,
    );
    assert.ok(found.every(({ expected, object }) => expected !== '' && object.kind === 'Rollout'));
  });
}

test('problems of a Service: an ExternalName is not served', () => {
  const view = world({ claims: {}, services: [service('far', { type: 'external-name' }), service('near')] });
  assert.deepEqual(
    serviceProblems(view, objectKey('shop', 'far')).map(({ code, path, value }) => `${code} ${path} ${value}`),
    ['SERVICE_EXTERNAL_NAME spec.type "ExternalName"'],
  );
  assert.deepEqual(serviceProblems(view, objectKey('shop', 'near')), []);
  assert.deepEqual(serviceProblems(view, objectKey('shop', 'gone')), []);
});
