import {
  type DurationMs,
  durationMs,
  objectKey,
  type Percent,
  percent,
  podTemplateHash,
  type PortNumber,
  portNumber,
  type TrafficWeight,
} from '../../../src/base/index.js';
import { type EncodedResource, toJson } from '../../../src/codec/index.js';
import type { Backend, HostIntent, PortIntent, RequestMatch, Route, TrafficPolicy } from '../../../src/intent/index.js';
import type { ServicePort, StringMatch, Version } from '../../../src/model/index.js';

/** Words to write intents with, for the tests of this room and for those that need its resources. */

export const port = (value: number): PortNumber => portNumber(value)!;
export const ms = (value: number): DurationMs => durationMs(value)!;
export const parts = (value: number): TrafficWeight => value as TrafficWeight;
export const percents = (value: number): Percent => percent(value)!;

export const hash = (value: string): Version => ({ kind: 'hash', hash: podTemplateHash(value)!, adopts: false });
export const ALL: Version = { kind: 'all' };
export const STABLE: Version = hash('5f6d');
export const CANARY: Version = hash('9a8b');

export const exact = (value: string): StringMatch => ({ kind: 'exact', value });
export const prefix = (value: string): StringMatch => ({ kind: 'prefix', value });
export const regex = (value: string): StringMatch => ({ kind: 'regex', value });

export const backend = (version: Version, weight: number): Backend => ({ version, weight: parts(weight) });

export const match = (given: Partial<RequestMatch>): RequestMatch => ({
  method: undefined,
  path: undefined,
  headers: [],
  ...given,
});

export const header = (name: string, value: StringMatch): RequestMatch => match({ headers: [{ name, value }] });

export const route = (given: Partial<Route>): Route => ({
  name: 'default',
  matches: [],
  backends: [backend(ALL, 100)],
  mirrors: [],
  ...given,
});

export const PLAIN_POLICY: TrafficPolicy = {
  sticky: { kind: 'off' },
  timeout: { kind: 'default' },
  idleTimeout: { kind: 'default' },
  retries: { kind: 'default' },
  outlierDetection: { kind: 'off' },
};

export const HTTP: ServicePort = { name: 'http', port: port(80), targetPort: 'http', protocol: 'http' };
export const GRPC: ServicePort = { name: 'grpc', port: port(9090), targetPort: port(9090), protocol: 'http2' };

export const portIntent = (given: Partial<PortIntent>): PortIntent => ({
  port: HTTP,
  isDefault: true,
  routes: [route({})],
  versions: [ALL],
  policy: PLAIN_POLICY,
  ...given,
});

export const host = (...ports: readonly PortIntent[]): HostIntent => hostNamed('shop', 'web', ...ports);

export const hostNamed = (namespace: string, name: string, ...ports: readonly PortIntent[]): HostIntent => ({
  service: objectKey(namespace, name),
  namespace,
  name,
  ports,
});

/** Everything a Rollout can ask for, on two ports. */
export const RICH_HOST: HostIntent = host(
  portIntent({
    versions: [STABLE, CANARY],
    routes: [
      route({
        name: 'beta-users',
        matches: [
          header('x-group', regex('beta|staff-[0-9]+')),
          header('host', prefix('beta.')),
          header('x-any', prefix('')),
          match({ method: exact('GET'), path: regex('/v[0-9]+/.*') }),
        ],
        backends: [backend(CANARY, 100)],
      }),
      route({
        name: 'copies',
        matches: [match({ path: exact('/cart') }), match({ path: prefix('/api') })],
        backends: [backend(STABLE, 90), backend(CANARY, 10)],
        mirrors: [
          { version: CANARY, percentage: percents(35) },
          { version: CANARY, percentage: percents(0.25) },
          { version: CANARY, percentage: percents(0.0001) },
          { version: STABLE, percentage: percents(100) },
        ],
      }),
      route({ backends: [backend(STABLE, 90), backend(CANARY, 10)] }),
    ],
    policy: {
      sticky: { kind: 'cookie', name: 'penstock-version', ttl: ms(3_600_000) },
      timeout: { kind: 'after', ms: ms(1_500) },
      idleTimeout: { kind: 'after', ms: ms(60_000) },
      retries: { kind: 'on', attempts: 3, on: ['5xx', 'reset'], perTryTimeout: { kind: 'after', ms: ms(250) } },
      outlierDetection: {
        kind: 'on',
        consecutiveErrors: 3,
        interval: ms(5_000),
        ejectionTime: ms(30_000),
        maxEjected: percents(50),
      },
    },
  }),
  portIntent({
    port: GRPC,
    isDefault: false,
    versions: [STABLE, CANARY],
    routes: [route({ backends: [backend(STABLE, 1), backend(CANARY, 1)] })],
    policy: { ...PLAIN_POLICY, sticky: { kind: 'header', name: 'x-user' }, retries: { kind: 'off' } },
  }),
);

/** JSON that a test looks into without telling its shape first. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** A resource as Envoy's JSON. */
export function json(resource: EncodedResource): Json {
  return toJson(resource);
}
