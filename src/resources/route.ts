import { assertNever, invariant, NO_WEIGHT, type ObjectKey, type Percent } from '../base/index.js';
import {
  any,
  type Duration,
  duration,
  FractionalPercent_DenominatorType,
  type RouteAction,
  type RouteAction_RequestMirrorPolicy,
  type RouteRetryPolicy,
  type Route as RouteMessage,
  type RuntimeFractionalPercent,
} from '../codec/index.js';
import type { Backend, Mirror, Route, TrafficPolicy } from '../intent/index.js';
import type { Retries, ServicePort, Timeout } from '../model/index.js';
import { ANY_REQUEST, routeMatch } from './match.js';
import { clusterFor } from './names.js';
import { type Choice, choices } from './sticky.js';

/** Where a route is: on which port of which Service, and how requests of that port are treated. */
export interface RoutePlace {
  readonly service: ObjectKey;
  readonly port: ServicePort;
  readonly policy: TrafficPolicy;
}

/**
 * The Envoy routes of one decision, all under its name: one for each of its matches, for in Envoy alternatives are routes; and
 * where a sticky cookie has two cases, for each case one.
 */
export function routeMessages(route: Route, place: RoutePlace): readonly RouteMessage[] {
  const backends = withShare(route);
  invariant(backends.length > 0, `route ${route.name} of ${place.service} has no backend with a weight`);
  const ways = backends.length > 1 ? choices(place.policy.sticky) : choices({ kind: 'off' });
  const matches = route.matches.length === 0 ? [ANY_REQUEST] : route.matches;
  return matches.flatMap((match) =>
    ways.map((way) => {
      const { headers = [], ...path } = routeMatch(match);
      return {
        name: route.name,
        match: { ...path, headers: [...headers, ...way.headers] },
        route: { ...destination(backends, way, place), ...treatment(route.mirrors, place) },
        response_headers_to_add: way.responseHeaders,
      };
    }),
  );
}

/** The names of all clusters that a decision refers to. */
export function referencesOf(route: Route, { service, port }: RoutePlace): readonly string[] {
  return [...withShare(route), ...route.mirrors].map(({ version }) => clusterFor(service, port.port, version));
}

/** A backend without a share is no part of the route; its cluster stays. */
function withShare({ backends }: Route): readonly Backend[] {
  return backends.filter(({ weight }) => weight !== NO_WEIGHT);
}

/** Order matters: a sticky user's place is an interval of the weights in the order they stand. */
function destination(backends: readonly Backend[], way: Choice, { service, port }: RoutePlace): RouteAction {
  const clusters = backends.map(({ version, weight }) => ({
    name: clusterFor(service, port.port, version),
    weight: { value: weight },
  }));
  const [only] = clusters;
  if (only !== undefined && clusters.length === 1) return { cluster: only.name };
  if (way.hashPolicy.length === 0) return { weighted_clusters: { clusters } };
  return { weighted_clusters: { clusters, use_hash_policy: { value: true } }, hash_policy: way.hashPolicy };
}

function treatment(mirrors: readonly Mirror[], { service, port, policy }: RoutePlace): RouteAction {
  const idle = idleTimeout(policy.idleTimeout);
  const retry = retryPolicy(policy.retries);
  return {
    ...timeout(policy.timeout),
    ...(idle === undefined ? {} : { idle_timeout: idle }),
    ...(retry === undefined ? {} : { retry_policy: retry }),
    request_mirror_policies: mirrors.flatMap(({ version, percentage }) =>
      mirrorPolicy(clusterFor(service, port.port, version), percentage),
    ),
  };
}

/** Envoy's own default is 15 s, which cuts streams off. Where a route has a `max_stream_duration`, Envoy 1.40 passes over `timeout` (measured). */
function timeout(after: Timeout): RouteAction {
  switch (after.kind) {
    case 'default':
    case 'off':
      return { timeout: duration(0) };
    case 'after':
      return { timeout: duration(after.ms) };
    default:
      return assertNever(after);
  }
}

/** `undefined`: the listener's, which is off. */
function idleTimeout(after: Timeout): Duration | undefined {
  return after.kind === 'after' ? duration(after.ms) : undefined;
}

/** Conditions under which the request can not have reached the application. */
const SAFE_RETRY_ON = 'connect-failure,refused-stream,reset-before-request';
const SAFE_RETRY_COUNT = 2;

const PREVIOUS_HOSTS = 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';

/** A pod that has just failed is passed over: with one dead pod of two, 12 % of parallel requests failed without this (Envoy 1.40). */
const ELSEWHERE: RouteRetryPolicy = {
  retry_host_predicate: [{ name: 'previous_hosts', typed_config: any(PREVIOUS_HOSTS, {}) }],
  host_selection_retry_max_attempts: 10,
};

/** `undefined`: none. gRPC refuses a policy with less than one retry. */
function retryPolicy(retries: Retries): RouteRetryPolicy | undefined {
  switch (retries.kind) {
    case 'default':
      return { retry_on: SAFE_RETRY_ON, num_retries: { value: SAFE_RETRY_COUNT }, ...ELSEWHERE };
    case 'off':
      return undefined;
    case 'on': {
      if (retries.attempts < 1) return undefined;
      const { perTryTimeout } = retries;
      const perTry = perTryTimeout.kind === 'after' ? { per_try_timeout: duration(perTryTimeout.ms) } : {};
      return { retry_on: retries.on.join(','), num_retries: { value: retries.attempts }, ...perTry, ...ELSEWHERE };
    }
    default:
      return assertNever(retries);
  }
}

function mirrorPolicy(cluster: string, percentage: Percent): readonly RouteAction_RequestMirrorPolicy[] {
  const millionths = Math.round(percentage * 10_000);
  if (millionths === 0) return [];
  return [millionths === 1_000_000 ? { cluster } : { cluster, runtime_fraction: fraction(millionths) }];
}

/** The coarsest of Envoy's three denominators that is exact. */
function fraction(millionths: number): RuntimeFractionalPercent {
  const { HUNDRED, TEN_THOUSAND, MILLION } = FractionalPercent_DenominatorType;
  if (millionths % 10_000 === 0) return { default_value: { numerator: millionths / 10_000, denominator: HUNDRED } };
  if (millionths % 100 === 0) return { default_value: { numerator: millionths / 100, denominator: TEN_THOUSAND } };
  return { default_value: { numerator: millionths, denominator: MILLION } };
}
