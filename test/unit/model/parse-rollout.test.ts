import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printProblem } from '../../../src/base/index.js';
import { findings, problemsOf, type Raw, rollout, usedRollout } from './given.js';

const CANARY = 'spec.strategy.canary';
const STEP = `${CANARY}.steps[0]`;
const PLUGINS = { plugins: { 'penstock/xds': {} } };

/** A canary with a router, one managed route and one step. */
function step(given: Raw): Raw {
  return { trafficRouting: { ...PLUGINS, managedRoutes: [{ name: 'managed' }] }, steps: [given] };
}

function header(match: readonly unknown[]): Raw {
  return step({ setHeaderRoute: { name: 'managed', match } });
}

function mirror(more: Raw): Raw {
  return step({ setMirrorRoute: { name: 'managed', match: [{ path: { prefix: '/' } }], ...more } });
}

interface Row {
  readonly name: string;
  readonly canary: Raw;
  readonly want: readonly string[];
}

const rows: readonly Row[] = [
  { name: 'an empty trafficRouting', canary: { trafficRouting: {} }, want: [] },
  { name: 'no trafficRouting', canary: { steps: [{ setWeight: 20 }] }, want: [] },
  {
    name: 'a trafficRouting that is null',
    canary: { trafficRouting: null },
    want: [`warning TRAFFIC_ROUTING_NULL at ${CANARY}.trafficRouting`],
  },
  {
    name: 'a trafficRouting that is a text',
    canary: { trafficRouting: 'istio' },
    want: [`error FIELD_TYPE at ${CANARY}.trafficRouting`],
  },
  {
    name: 'steps that are no list',
    canary: step({}) && { trafficRouting: {}, steps: {} },
    want: [`error FIELD_TYPE at ${CANARY}.steps`],
  },
  {
    name: 'a step that is a text',
    canary: { trafficRouting: {}, steps: ['pause'] },
    want: [`error FIELD_TYPE at ${STEP}`],
  },
  {
    name: 'a weight above 100',
    canary: step({ setWeight: 120 }),
    want: [`error WEIGHT_OUT_OF_RANGE at ${STEP}.setWeight`],
  },
  {
    name: 'a weight below 0',
    canary: step({ setWeight: -1 }),
    want: [`error WEIGHT_OUT_OF_RANGE at ${STEP}.setWeight`],
  },
  { name: 'half a weight', canary: step({ setWeight: 0.5 }), want: [`error WEIGHT_OUT_OF_RANGE at ${STEP}.setWeight`] },
  { name: 'a weight in quotes', canary: step({ setWeight: '20' }), want: [`error FIELD_TYPE at ${STEP}.setWeight`] },
  {
    name: 'a weight of 0 and one of 100',
    canary: { trafficRouting: {}, steps: [{ setWeight: 0 }, { setWeight: 100 }] },
    want: [],
  },
  {
    name: 'a weight of 500 where 1000 is all',
    canary: { trafficRouting: { ...PLUGINS, maxTrafficWeight: 1000 }, steps: [{ setWeight: 500 }] },
    want: [],
  },
  {
    name: 'a maxTrafficWeight of 0',
    canary: { trafficRouting: { ...PLUGINS, maxTrafficWeight: 0 } },
    want: [`error MAX_TRAFFIC_WEIGHT_INVALID at ${CANARY}.trafficRouting.maxTrafficWeight`],
  },
  {
    name: 'a maxTrafficWeight without a router',
    canary: { trafficRouting: { maxTrafficWeight: 1000 } },
    want: [`error TRAFFIC_ROUTING_NEEDS_PROVIDER at ${CANARY}.trafficRouting.maxTrafficWeight`],
  },
  {
    name: 'ping-pong without a router',
    canary: { trafficRouting: {}, pingPong: { pingService: 'a', pongService: 'b' } },
    want: [`error TRAFFIC_ROUTING_NEEDS_PROVIDER at ${CANARY}.pingPong`],
  },
  {
    name: 'a header route without a router',
    canary: { trafficRouting: { managedRoutes: [{ name: 'a' }] }, steps: [{ setHeaderRoute: { name: 'a' } }] },
    want: [`error TRAFFIC_ROUTING_NEEDS_PROVIDER at ${STEP}.setHeaderRoute`],
  },
  {
    name: 'a mirror route without a router',
    canary: { trafficRouting: { managedRoutes: [{ name: 'a' }] }, steps: [{ setMirrorRoute: { name: 'a' } }] },
    want: [`error TRAFFIC_ROUTING_NEEDS_PROVIDER at ${STEP}.setMirrorRoute`],
  },
  {
    name: 'weights of an experiment without a router',
    canary: { trafficRouting: {}, steps: [{ experiment: { templates: [{ name: 'a' }, { name: 'b', weight: 5 }] } }] },
    want: [`error TRAFFIC_ROUTING_NEEDS_PROVIDER at ${STEP}.experiment.templates[1].weight`],
  },
  {
    name: 'dynamicStableScale without a router',
    canary: { trafficRouting: {}, dynamicStableScale: true },
    want: [`warning DYNAMIC_STABLE_SCALE_NEEDS_PROVIDER at ${CANARY}.dynamicStableScale`],
  },
  { name: 'dynamicStableScale with a router', canary: { trafficRouting: PLUGINS, dynamicStableScale: true }, want: [] },
  {
    name: 'one Service for canary and stable',
    canary: { trafficRouting: {}, canaryService: 'web', stableService: 'web' },
    want: [`error FIELD_VALUE at ${CANARY}.stableService`],
  },
  {
    name: 'one Service for ping and pong',
    canary: { trafficRouting: PLUGINS, pingPong: { pingService: 'a', pongService: 'a' } },
    want: [`error FIELD_VALUE at ${CANARY}.pingPong.pongService`],
  },
  {
    name: 'ping without pong',
    canary: { trafficRouting: PLUGINS, pingPong: { pingService: 'a' } },
    want: [`error FIELD_MISSING at ${CANARY}.pingPong.pongService`],
  },
  {
    name: 'a route that is not among the managed ones',
    canary: {
      trafficRouting: { ...PLUGINS, managedRoutes: [{ name: 'a' }] },
      steps: [{ setHeaderRoute: { name: 'b' } }],
    },
    want: [`error MANAGED_ROUTE_UNKNOWN at ${STEP}.setHeaderRoute.name`],
  },
  {
    name: 'a route without a name',
    canary: step({ setMirrorRoute: {} }),
    want: [`error FIELD_MISSING at ${STEP}.setMirrorRoute.name`],
  },
  {
    name: 'a managed route twice',
    canary: { trafficRouting: { ...PLUGINS, managedRoutes: [{ name: 'a' }, { name: 'a' }] } },
    want: [`warning FIELD_VALUE at ${CANARY}.trafficRouting.managedRoutes[1].name`],
  },
  {
    name: 'a managed route that is a text',
    canary: { trafficRouting: { ...PLUGINS, managedRoutes: ['a'] } },
    want: [`error FIELD_TYPE at ${CANARY}.trafficRouting.managedRoutes[0]`],
  },
  {
    name: 'a header name with a space',
    canary: header([{ headerName: 'x y', headerValue: { exact: 'a' } }]),
    want: [`error HEADER_NAME_INVALID at ${STEP}.setHeaderRoute.match[0].headerName`],
  },
  {
    name: 'a pseudo-header that no route can match',
    canary: header([{ headerName: ':status', headerValue: { exact: 'a' } }]),
    want: [`error HEADER_NAME_INVALID at ${STEP}.setHeaderRoute.match[0].headerName`],
  },
  {
    name: 'the pseudo-header :authority',
    canary: header([{ headerName: ':authority', headerValue: { exact: 'a' } }]),
    want: [],
  },
  {
    name: 'a header without a value',
    canary: header([{ headerName: 'a' }]),
    want: [`error MATCH_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue`],
  },
  {
    name: 'a header value of no kind',
    canary: header([{ headerName: 'a', headerValue: { exact: '' } }]),
    want: [`error MATCH_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue`],
  },
  {
    name: 'a header value of two kinds',
    canary: header([{ headerName: 'a', headerValue: { exact: 'a', regex: 'b' } }]),
    want: [`error MATCH_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue`],
  },
  {
    name: 'a header value with a line end',
    canary: header([{ headerName: 'a', headerValue: { exact: 'a\nb' } }]),
    want: [`error MATCH_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue.exact`],
  },
  {
    name: 'a header value with half a character',
    canary: header([{ headerName: 'a', headerValue: { prefix: '\ud800' } }]),
    want: [
      `error FIELD_VALUE at ${STEP}.setHeaderRoute.match[0].headerValue.prefix`,
      `error MATCH_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue`,
    ],
  },
  {
    name: 'a regex that looks behind, which RE2 does not',
    canary: header([{ headerName: 'a', headerValue: { regex: '(?<=a)b' } }]),
    want: [`error REGEX_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue.regex`],
  },
  {
    name: 'a regex that refers back, which RE2 does not',
    canary: mirror({ match: [{ path: { regex: String.raw`(a)\1` } }] }),
    want: [`error REGEX_INVALID at ${STEP}.setMirrorRoute.match[0].path.regex`],
  },
  {
    name: 'a regex of more than 1,024 characters',
    canary: header([{ headerName: 'a', headerValue: { regex: 'a'.repeat(1025) } }]),
    want: [`error REGEX_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue.regex`],
  },
  {
    name: 'a short regex that compiles to a huge program',
    canary: header([{ headerName: 'a', headerValue: { regex: '[a-z]{1000}'.repeat(10) } }]),
    want: [`error REGEX_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue.regex`],
  },
  {
    name: 'a regex with a character that no byte has, which Envoy refuses',
    canary: header([{ headerName: 'a', headerValue: { regex: String.raw`[\x{3B1}-\x{3C9}]+` } }]),
    want: [`error REGEX_INVALID at ${STEP}.setHeaderRoute.match[0].headerValue.regex`],
  },
  {
    name: 'a regex with the largest byte, and one that only looks like an escape',
    canary: header([{ headerName: 'a', headerValue: { regex: String.raw`\x{00FF}|\\x{100}` } }]),
    want: [],
  },
  {
    name: 'a regex of 1,024 characters',
    canary: header([{ headerName: 'a', headerValue: { regex: 'a'.repeat(1024) } }]),
    want: [],
  },
  {
    name: 'a mirrored percentage above 100',
    canary: mirror({ percentage: 101 }),
    want: [`error MIRROR_PERCENTAGE_INVALID at ${STEP}.setMirrorRoute.percentage`],
  },
  { name: 'a mirrored percentage with a fraction', canary: mirror({ percentage: 0.25 }), want: [] },
  {
    name: 'a header name with a space in a mirror route',
    canary: mirror({ match: [{ headers: { 'x y': { exact: 'a' } } }] }),
    want: [`error HEADER_NAME_INVALID at ${STEP}.setMirrorRoute.match[0].headers["x y"]`],
  },
  {
    name: 'a method of two kinds',
    canary: mirror({ match: [{ method: { exact: 'GET', prefix: 'P' } }] }),
    want: [`error MATCH_INVALID at ${STEP}.setMirrorRoute.match[0].method`],
  },
  {
    name: 'unknown keys wherever Argo drops them',
    canary: {
      trafficRouting: { ...PLUGINS, istoi: {}, managedRoutes: [{ name: 'managed', canary: true }] },
      stableServce: 'web',
      steps: [
        { setWieght: 1 },
        { setHeaderRoute: { name: 'managed', matches: [] } },
        { setMirrorRoute: { name: 'managed', percent: 5 } },
      ],
    },
    want: [
      `warning FIELD_UNKNOWN at ${CANARY}.stableServce`,
      `warning FIELD_UNKNOWN at ${CANARY}.trafficRouting.istoi`,
      `warning FIELD_UNKNOWN at ${CANARY}.trafficRouting.managedRoutes[0].canary`,
      `warning FIELD_UNKNOWN at ${STEP}.setWieght`,
      `warning FIELD_UNKNOWN at ${CANARY}.steps[1].setHeaderRoute.matches`,
      `warning FIELD_UNKNOWN at ${CANARY}.steps[2].setMirrorRoute.percent`,
    ],
  },
];
for (const { name, canary, want } of rows) {
  test(`a Rollout with ${name}`, () => assert.deepEqual(problemsOf(rollout('web', canary)), want));
}

test('a problem says the field, what stands there and the way out', () => {
  const [weight] = findings(rollout('web', { trafficRouting: {}, steps: [{}, {}, { setWeight: 120 }] }));
  assert.ok(weight !== undefined);
  assert.equal(
    printProblem(weight),
    'Rollout shop/web: spec.strategy.canary.steps[2].setWeight is 120, expected a whole number from 0 to 100 (maxTrafficWeight) [WEIGHT_OUT_OF_RANGE]',
  );
});

test('an unknown key comes with the one that was meant', () => {
  const [unknown] = findings(rollout('web', { trafficRouting: {}, steps: [{ setweigth: 20 }] }));
  assert.match(unknown?.expected ?? '', /did you mean setWeight\?$/);
});

const routers: readonly { readonly routing: Raw; readonly want: string }[] = [
  { routing: {}, want: 'none' },
  { routing: { managedRoutes: [] }, want: 'none' },
  { routing: { plugins: {} }, want: 'none' },
  { routing: { istio: null }, want: 'none' },
  { routing: { istoi: {} }, want: 'none' },
  { routing: { plugins: { 'penstock/xds': {} } }, want: 'provider' },
  { routing: { plugins: { 'penstock/xds': null } }, want: 'provider' },
  { routing: { plugins: { 'argoproj-labs/gatewayAPI': {} } }, want: 'provider' },
  ...['alb', 'ambassador', 'apisix', 'appMesh', 'istio', 'nginx', 'smi', 'traefik'].map((router) => ({
    routing: { [router]: {} },
    want: 'provider',
  })),
];
for (const { routing, want } of routers) {
  test(`trafficRouting ${JSON.stringify(routing)} has the routing ${want}`, () => {
    const { strategy } = usedRollout({ trafficRouting: routing });
    assert.equal(strategy.kind === 'canary' ? strategy.routing : strategy.kind, want);
  });
}

test('a canary without trafficRouting, or with null, is none of our traffic', () => {
  assert.equal(usedRollout({}).strategy.kind, 'none');
  assert.equal(usedRollout({ trafficRouting: null }).strategy.kind, 'none');
});

test('steps that do not concern traffic keep their place, and one step may do several things', () => {
  const { strategy } = usedRollout({
    trafficRouting: { ...PLUGINS, managedRoutes: [{ name: 'h' }, { name: 'm' }] },
    steps: [
      { pause: {} },
      { setCanaryScale: { replicas: 1 }, setWeight: 5 },
      { analysis: {} },
      {
        setHeaderRoute: { name: 'h', match: [{ headerName: 'X-Canary', headerValue: { exact: 'yes' } }] },
        setMirrorRoute: {
          name: 'm',
          match: [{ method: { exact: 'GET' }, headers: { B: { regex: '1' }, A: { prefix: '2' } } }],
        },
      },
      { plugin: { name: 'x' } },
      { setHeaderRoute: { name: 'h' }, setMirrorRoute: { name: 'm', match: [], percentage: 5 } },
    ],
  });
  assert.ok(strategy.kind === 'canary');
  assert.deepEqual(strategy.managedRoutes, ['h', 'm']);
  assert.deepEqual(strategy.steps, [
    {},
    { setWeight: 5 },
    {},
    {
      setHeaderRoute: { name: 'h', match: [{ name: 'x-canary', value: { kind: 'exact', value: 'yes' } }] },
      setMirrorRoute: {
        name: 'm',
        match: [
          {
            method: { kind: 'exact', value: 'GET' },
            path: undefined,
            headers: [
              { name: 'a', value: { kind: 'prefix', value: '2' } },
              { name: 'b', value: { kind: 'regex', value: '1' } },
            ],
          },
        ],
        percentage: 100,
      },
    },
    {},
    { setHeaderRoute: { name: 'h', match: [] }, setMirrorRoute: { name: 'm', match: [], percentage: 5 } },
  ]);
});
