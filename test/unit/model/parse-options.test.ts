import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RolloutOptions, optionsJsonSchema } from '../../../src/model/index.js';
import { findings, problemsOf, type Raw, rollout, usedRollout } from './given.js';

const BLOCK = 'spec.strategy.canary.trafficRouting.plugins["penstock/xds"]';
const ANNOTATION = 'metadata.annotations["penstock.dev/options"]';

function withBlock(options: unknown): Raw {
  return { trafficRouting: { plugins: { 'penstock/xds': options } } };
}

function withAnnotation(text: string, canary: Raw = { trafficRouting: {} }): Raw {
  return rollout('web', canary, { metadata: { annotations: { 'penstock.dev/options': text } } });
}

const rows: readonly { readonly options: Raw; readonly want: Partial<Record<keyof RolloutOptions, unknown>> }[] = [
  {
    options: {},
    want: {
      hosts: undefined,
      ports: undefined,
      sticky: { kind: 'off' },
      timeout: { kind: 'default' },
      idleTimeout: { kind: 'default' },
      retries: { kind: 'default' },
      outlierDetection: { kind: 'off' },
      mirrorMethods: undefined,
    },
  },
  { options: { hosts: ['web'], ports: [80, 81] }, want: { hosts: ['web'], ports: [80, 81] } },
  {
    options: { sticky: { cookie: { ttl: '1h30m' } } },
    want: { sticky: { kind: 'cookie', name: 'penstock', ttl: 5_400_000 } },
  },
  {
    options: { sticky: { cookie: { name: 'v', ttl: '0s' } } },
    want: { sticky: { kind: 'cookie', name: 'v', ttl: 0 } },
  },
  { options: { sticky: { header: 'X-User' } }, want: { sticky: { kind: 'header', name: 'x-user' } } },
  {
    options: { timeout: '30s', idleTimeout: 'off' },
    want: { timeout: { kind: 'after', ms: 30_000 }, idleTimeout: { kind: 'off' } },
  },
  { options: { timeout: '0s' }, want: { timeout: { kind: 'off' } } },
  { options: { retries: 'off' }, want: { retries: { kind: 'off' } } },
  {
    options: { retries: { on: ['5xx', 'reset'], perTryTimeout: '500ms' } },
    want: { retries: { kind: 'on', attempts: 2, on: ['5xx', 'reset'], perTryTimeout: { kind: 'after', ms: 500 } } },
  },
  {
    options: { outlierDetection: {} },
    want: {
      outlierDetection: { kind: 'on', consecutiveErrors: 5, interval: 10_000, ejectionTime: 30_000, maxEjected: 10 },
    },
  },
  {
    options: { outlierDetection: { consecutiveErrors: 1, interval: '1s', ejectionTime: '1m', maxEjectedPercent: 100 } },
    want: {
      outlierDetection: { kind: 'on', consecutiveErrors: 1, interval: 1000, ejectionTime: 60_000, maxEjected: 100 },
    },
  },
  { options: { mirrorMethods: ['GET', 'HEAD'] }, want: { mirrorMethods: ['GET', 'HEAD'] } },
];
for (const { options, want } of rows) {
  test(`options ${JSON.stringify(options)} are taken`, () => {
    const read = usedRollout(withBlock(options)).options;
    for (const [name, value] of Object.entries(want))
      assert.deepEqual(Object.entries(read).find(([key]) => key === name)?.[1], value);
  });
}

const bad: readonly { readonly options: unknown; readonly want: readonly string[] }[] = [
  { options: 'off', want: ['OPTION_INVALID at '] },
  { options: { timout: '3s' }, want: ['OPTION_UNKNOWN at .timout'] },
  { options: { timeout: 30 }, want: ['OPTION_INVALID at .timeout'] },
  { options: { timeout: '30' }, want: ['OPTION_INVALID at .timeout'] },
  { options: { timeout: '-3s' }, want: ['OPTION_INVALID at .timeout'] },
  { options: { idleTimeout: 'never' }, want: ['OPTION_INVALID at .idleTimeout'] },
  { options: { hosts: [] }, want: ['OPTION_INVALID at .hosts'] },
  { options: { hosts: ['other.ns'] }, want: ['OPTION_INVALID at .hosts[0]'] },
  { options: { hosts: 'web' }, want: ['OPTION_INVALID at .hosts'] },
  { options: { ports: [80, 0] }, want: ['OPTION_INVALID at .ports[1]'] },
  { options: { sticky: {} }, want: ['OPTION_INVALID at .sticky'] },
  { options: { sticky: { header: 'a', cookie: { ttl: '1s' } } }, want: ['OPTION_INVALID at .sticky'] },
  { options: { sticky: { cookie: {} } }, want: ['OPTION_INVALID at .sticky.cookie.ttl'] },
  { options: { sticky: { cookie: { ttl: '1s', path: '/' } } }, want: ['OPTION_UNKNOWN at .sticky.cookie.path'] },
  { options: { retries: 3 }, want: ['OPTION_INVALID at .retries'] },
  { options: { retries: { attempts: 3 } }, want: ['OPTION_INVALID at .retries.on'] },
  { options: { retries: { on: ['500'] } }, want: ['OPTION_INVALID at .retries.on[0]'] },
  { options: { retries: { on: ['5xx'], attempts: 11 } }, want: ['OPTION_INVALID at .retries.attempts'] },
  { options: { retries: { on: ['5xx'], tries: 1 } }, want: ['OPTION_UNKNOWN at .retries.tries'] },
  { options: { timeout: '999999999h' }, want: ['OPTION_INVALID at .timeout'] },
  { options: { idleTimeout: '2562048h' }, want: ['OPTION_INVALID at .idleTimeout'] },
  { options: { sticky: { cookie: { ttl: '999999999h' } } }, want: ['OPTION_INVALID at .sticky.cookie.ttl'] },
  { options: { outlierDetection: { interval: '0s' } }, want: ['OPTION_INVALID at .outlierDetection.interval'] },
  { options: { outlierDetection: { ejectionTime: '0s' } }, want: ['OPTION_INVALID at .outlierDetection.ejectionTime'] },
  { options: { outlierDetection: { interval: 10 } }, want: ['OPTION_INVALID at .outlierDetection.interval'] },
  {
    options: { outlierDetection: { maxEjectedPercent: 101 } },
    want: ['OPTION_INVALID at .outlierDetection.maxEjectedPercent'],
  },
  { options: { mirrorMethods: ['get'] }, want: ['OPTION_INVALID at .mirrorMethods[0]'] },
];
for (const { options, want } of bad) {
  test(`options ${JSON.stringify(options)} are refused where they are wrong`, () => {
    const expected = want.map((text) => `error ${text.replace('at ', `at ${BLOCK}`)}`);
    assert.deepEqual(problemsOf(rollout('web', withBlock(options))), expected);
  });
}

test('an unknown option comes with the one that was meant', () => {
  const [unknown] = findings(rollout('web', withBlock({ outlierDetection: { maxEjectdPercent: 5 } })));
  assert.match(unknown?.expected ?? '', /did you mean maxEjectedPercent\?$/);
});

test('a plugin block without anything in it gives the defaults', () => {
  assert.deepEqual(usedRollout(withBlock(null)).options, usedRollout(withBlock({})).options);
});

test('options may stand in an annotation, as JSON', () => {
  const metadata = { annotations: { 'penstock.dev/options': '{"timeout": "3s"}' } };
  assert.deepEqual(usedRollout({ trafficRouting: {} }, { metadata }).options.timeout, { kind: 'after', ms: 3000 });
  assert.deepEqual(problemsOf(withAnnotation('{"timeout": 3}')), [`error OPTION_INVALID at ${ANNOTATION}.timeout`]);
  assert.deepEqual(problemsOf(withAnnotation('timeout: 3s')), [`error OPTION_INVALID at ${ANNOTATION}`]);
  assert.deepEqual(problemsOf(withAnnotation('[]')), [`error OPTION_INVALID at ${ANNOTATION}`]);
});

test('with both, the plugin block counts and a warning says so', () => {
  const raw = withAnnotation('{"timeout": "3s"}', withBlock({ timeout: '5s' }));
  assert.deepEqual(problemsOf(raw), [`warning OPTION_INVALID at ${ANNOTATION}`]);
});

test('the JSON Schema describes every option and refuses unknown ones', () => {
  const schema = optionsJsonSchema();
  assert.equal(schema['additionalProperties'], false);
  const properties = Object.entries(Object(schema['properties']) as Record<string, { description?: string }>);
  assert.deepEqual(
    properties.map(([name]) => name),
    Object.keys(usedRollout({ trafficRouting: {} }).options),
  );
  for (const [name, { description }] of properties) assert.ok(description !== undefined, `${name} has no description`);
});
