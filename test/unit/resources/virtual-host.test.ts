import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PortIntent, TrafficPolicy } from '../../../src/intent/index.js';
import { hostResources } from '../../../src/resources/index.js';
import {
  backend,
  CANARY,
  exact,
  header,
  host,
  type Json,
  json,
  ms,
  percents,
  PLAIN_POLICY,
  portIntent,
  RICH_HOST,
  route,
  STABLE,
} from './given.js';

const ELSEWHERE = {
  retry_host_predicate: [
    {
      name: 'previous_hosts',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
      },
    },
  ],
  host_selection_retry_max_attempts: '10',
};
const SAFE_RETRIES = {
  num_retries: 2,
  retry_on: 'connect-failure,refused-stream,reset-before-request',
  ...ELSEWHERE,
};
const split = [backend(STABLE, 90), backend(CANARY, 10)];

function routesOf(given: Partial<PortIntent>): Json {
  const [virtualHost] = hostResources(host(portIntent({ versions: [STABLE, CANARY], ...given }))).own;
  return json(virtualHost!).routes;
}

function actionWith(policy: Partial<TrafficPolicy>): Json {
  return routesOf({ routes: [route({ backends: split })], policy: { ...PLAIN_POLICY, ...policy } })[0].route;
}

test('a split is weighted clusters in the order of the backends, without a time limit, retried where that is safe', () => {
  assert.deepEqual(routesOf({ routes: [route({ backends: split })] }), [
    {
      name: 'default',
      match: { prefix: '/' },
      route: {
        weighted_clusters: {
          clusters: [
            { name: 'shop/web:80@5f6d', weight: 90 },
            { name: 'shop/web:80@9a8b', weight: 10 },
          ],
        },
        timeout: '0s',
        retry_policy: SAFE_RETRIES,
      },
    },
  ]);
});

test('a version without weight is left out, and a version alone is a plain cluster', () => {
  const [only] = routesOf({ routes: [route({ backends: [backend(STABLE, 100), backend(CANARY, 0)] })] });
  assert.deepEqual(only.route, { cluster: 'shop/web:80@5f6d', timeout: '0s', retry_policy: SAFE_RETRIES });
});

test('a route that leads nowhere is a fault of ours', () => {
  assert.throws(() => routesOf({ routes: [route({ backends: [backend(STABLE, 0)] })] }), /no backend with a weight/);
});

test('alternatives become routes of one name, in their order and before the default', () => {
  const routes = routesOf({
    routes: [
      route({
        name: 'beta',
        matches: [header('x-a', exact('1')), header('x-b', exact('2'))],
        backends: [backend(CANARY, 100)],
      }),
      route({ backends: split }),
    ],
  });
  assert.deepEqual(
    routes.map((one: Json) => [one.name, one.match.headers?.[0].name, one.route.cluster]),
    [
      ['beta', 'x-a', 'shop/web:80@9a8b'],
      ['beta', 'x-b', 'shop/web:80@9a8b'],
      ['default', undefined, undefined],
    ],
  );
});

const mirrorRows = [
  { given: 100, want: [{ cluster: 'shop/web:80@9a8b' }] },
  { given: 35, want: [percent(35, 'HUNDRED')] },
  { given: 0.07, want: [percent(7, 'TEN_THOUSAND')] },
  { given: 12.3456, want: [percent(123_456, 'MILLION')] },
  { given: 0, want: undefined },
];
for (const { given, want } of mirrorRows) {
  test(`${given} percent of a mirror`, () => {
    const mirrors = [{ version: CANARY, percentage: percents(given) }];
    const [only] = routesOf({ routes: [route({ backends: [backend(STABLE, 100)], mirrors })] });
    assert.deepEqual(only.route.request_mirror_policies, want);
  });
}

function percent(numerator: number, denominator: string): unknown {
  // HUNDRED is the default of its field and so not printed.
  const value = denominator === 'HUNDRED' ? { numerator } : { numerator, denominator };
  return { cluster: 'shop/web:80@9a8b', runtime_fraction: { default_value: value } };
}

const policyRows: readonly { name: string; given: Partial<TrafficPolicy>; want: Record<string, unknown> }[] = [
  {
    name: 'a timeout, without the stream duration for which Envoy would pass over it',
    given: { timeout: { kind: 'after', ms: ms(1_500) } },
    want: { timeout: '1.500s', max_stream_duration: undefined },
  },
  { name: 'no timeout', given: { timeout: { kind: 'off' } }, want: { timeout: '0s' } },
  { name: 'an idle timeout', given: { idleTimeout: { kind: 'after', ms: ms(60_000) } }, want: { idle_timeout: '60s' } },
  { name: 'no idle timeout', given: { idleTimeout: { kind: 'off' } }, want: { idle_timeout: undefined } },
  { name: 'no retries', given: { retries: { kind: 'off' } }, want: { retry_policy: undefined } },
  {
    name: 'no attempts are no retries',
    given: { retries: { kind: 'on', attempts: 0, on: ['5xx'], perTryTimeout: { kind: 'default' } } },
    want: { retry_policy: undefined },
  },
  {
    name: 'retries as asked',
    given: {
      retries: { kind: 'on', attempts: 3, on: ['5xx', 'reset'], perTryTimeout: { kind: 'after', ms: ms(250) } },
    },
    want: { retry_policy: { num_retries: 3, retry_on: '5xx,reset', per_try_timeout: '0.250s', ...ELSEWHERE } },
  },
];
for (const { name, given, want } of policyRows) {
  test(`policy: ${name}`, () => {
    const action = actionWith(given);
    for (const [field, value] of Object.entries(want)) assert.deepEqual(action[field], value, field);
  });
}

test('with a sticky header its hash picks the version', () => {
  const action = actionWith({ sticky: { kind: 'header', name: 'x-user' } });
  assert.equal(action.weighted_clusters.use_hash_policy, true);
  assert.deepEqual(action.hash_policy, [{ header: { header_name: 'x-user' } }]);
});

test('with a sticky cookie its hash picks the version, and who has none gets the request id as cookie', () => {
  const sticky = { kind: 'cookie', name: 'my.version', ttl: ms(90_500) } as const;
  const routes = routesOf({ routes: [route({ backends: split })], policy: { ...PLAIN_POLICY, sticky } });
  assert.equal(routes.length, 2);
  const [known, unknown] = routes;
  const cookie = { safe_regex: { regex: String.raw`(?:.*; *)?my\.version=.+` } };
  assert.deepEqual(known.match.headers, [{ name: 'cookie', string_match: cookie }]);
  assert.deepEqual(known.route.hash_policy, [{ cookie: { name: 'my.version' } }]);
  assert.equal(known.response_headers_to_add, undefined);
  assert.equal(unknown.match.headers, undefined);
  assert.deepEqual(unknown.route.hash_policy, [{ header: { header_name: 'x-request-id' } }]);
  assert.deepEqual(unknown.response_headers_to_add, [
    { header: { key: 'set-cookie', value: 'my.version=%REQ(x-request-id)%; Max-Age=91; Path=/; HttpOnly' } },
  ]);
  assert.deepEqual(known.route.weighted_clusters, unknown.route.weighted_clusters);
});

test('nobody needs a cookie where there is one version', () => {
  const sticky = { kind: 'cookie', name: 'v', ttl: ms(0) } as const;
  const routes = routesOf({
    routes: [route({ backends: [backend(STABLE, 100)] })],
    policy: { ...PLAIN_POLICY, sticky },
  });
  assert.equal(routes.length, 1);
  assert.equal(routes[0].route.hash_policy, undefined);
});

test('a cookie without a lifetime lasts as long as the session', () => {
  const sticky = { kind: 'cookie', name: 'v', ttl: ms(0) } as const;
  const [, unknown] = routesOf({ routes: [route({ backends: split })], policy: { ...PLAIN_POLICY, sticky } });
  assert.equal(unknown.response_headers_to_add[0].header.value, 'v=%REQ(x-request-id)%; Path=/; HttpOnly');
});

test('a virtual host refers to the clusters of its routes and mirrors, and to no other', () => {
  const { own, others, apiListeners } = hostResources(RICH_HOST);
  const want = [
    ['shop/web:80@5f6d', 'shop/web:80@9a8b'],
    ['shop/web:9090@5f6d', 'shop/web:9090@9a8b'],
  ];
  for (const list of [own, others, apiListeners]) {
    assert.deepEqual(
      list.map(({ references }) => references),
      want,
    );
  }
});

test('the two forms of a virtual host differ by the short name alone', () => {
  const { own, others } = hostResources(RICH_HOST);
  const [mine, theirs] = [json(own[0]!), json(others[0]!)];
  assert.deepEqual(mine.domains.slice(0, 2), ['web', 'web:80']);
  assert.deepEqual(mine.domains.slice(2), theirs.domains);
  assert.deepEqual({ ...mine, domains: [] }, { ...theirs, domains: [] });
});

test('equal intents give equal bytes', () => {
  assert.deepEqual(hostResources(structuredClone(RICH_HOST)), hostResources(structuredClone(RICH_HOST)));
});
