import { durationMs, objectKey, podTemplateHash, portNumber, trafficTotal } from '../../../src/base/index.js';
import type { ObjectKey, PodTemplateHash, Problem } from '../../../src/base/index.js';
import { rolloutIntent } from '../../../src/intent/index.js';
import type { Backend, RolloutIntent, Route } from '../../../src/intent/index.js';
import type {
  CanaryStrategy,
  CanaryWeights,
  Claim,
  Role,
  Rollout,
  RolloutOptions,
  RolloutRecord,
  RolloutStatus,
  Service,
  Step,
  Strategy,
  WorldView,
} from '../../../src/model/index.js';

/** What a row of a table says of the world; all that it leaves out is as in `world` below. */
export interface Given {
  /** One that is ready to shape traffic, with one Service as its root. */
  readonly canary?: Partial<CanaryStrategy>;
  readonly strategy?: Strategy;
  readonly steps?: readonly unknown[];
  readonly status?: Partial<RolloutStatus>;
  readonly options?: Partial<RolloutOptions>;
  readonly record?: Partial<RolloutRecord>;
  readonly replicas?: number;
  /** Ready pods by version; v1 and v2 have four each unless told otherwise. */
  readonly ready?: Readonly<Record<string, number>>;
  /** Ready pods that belong to no version: the stable one adopts them. */
  readonly unversioned?: number;
  /** When the ReplicaSet of a version was made. */
  readonly created?: Readonly<Record<string, string>>;
  /** Services by name and what they are to the Rollout. */
  readonly claims?: Readonly<Record<string, Role>>;
  readonly services?: readonly Service[];
  readonly lost?: readonly { readonly claim: Claim; readonly holder: ObjectKey }[];
}

export const ROLLOUT: ObjectKey = objectKey('shop', 'web');

export function hash(text: string): PodTemplateHash {
  return podTemplateHash(text)!;
}

/** Steps as a user writes them: `{ setWeight: 20 }`, `{ pause: {} }`. */
export function steps(...list: readonly unknown[]): readonly Step[] {
  return list as readonly Step[];
}

/** `weights('v2', 20)`: canary, its weight, all that is left for v1; then experiments. */
export function weights(
  canary: string,
  weight: number,
  additional: Readonly<Record<string, number>> = {},
): CanaryWeights {
  const others = Object.entries(additional).map(([name, part]) => ({ hash: hash(name), weight: part }));
  const stable = 100 - weight - others.reduce((sum, one) => sum + one.weight, 0);
  return { canary: { hash: hash(canary), weight }, stable: { hash: hash('v1'), weight: stable }, additional: others };
}

export function service(name: string, more: Partial<Service> = {}): Service {
  const http = { name: 'http', port: portNumber(80)!, targetPort: portNumber(8080)!, protocol: 'http' } as const;
  return { ...meta(name), kind: 'Service', type: 'cluster-ip', selector: new Map(), ports: [http], ...more };
}

const STATUS: RolloutStatus = {
  currentPodHash: hash('v2'),
  stableHash: hash('v1'),
  stepIndex: 0,
  aborted: false,
  promoteFull: false,
  weights: undefined,
  stablePingPong: undefined,
  activeHash: undefined,
  previewHash: undefined,
};

const OPTIONS: RolloutOptions = {
  hosts: undefined,
  ports: undefined,
  sticky: { kind: 'off' },
  timeout: { kind: 'default' },
  idleTimeout: { kind: 'default' },
  retries: { kind: 'default' },
  outlierDetection: { kind: 'off' },
  mirrorMethods: undefined,
};

export const STICKY: RolloutOptions['sticky'] = { kind: 'cookie', name: 'version', ttl: durationMs(60_000)! };

const CANARY: CanaryStrategy = {
  kind: 'canary',
  routing: 'none',
  canaryService: undefined,
  stableService: undefined,
  pingPong: undefined,
  total: trafficTotal(100)!,
  managedRoutes: [],
  steps: [],
  dynamicStableScale: false,
};

export function rollout(given: Given): Rollout {
  const isAnnotated = given.options !== undefined && given.canary?.routing !== 'provider';
  return {
    ...meta('web'),
    annotations: new Map(isAnnotated ? [['penstock.dev/options', '{}']] : []),
    kind: 'Rollout',
    replicas: given.replicas ?? 4,
    templateLabels: new Map([['app', 'web']]),
    strategy: given.strategy ?? { ...CANARY, steps: steps(...(given.steps ?? [])), ...given.canary },
    status: { ...STATUS, ...given.status },
    options: { ...OPTIONS, ...given.options },
    standing: 'settled',
  };
}

/** Namespace shop, Rollout web: v2 on its way over v1, four pods each, behind the Service web. */
export function world(given: Given): WorldView {
  const good = rollout(given);
  const record: RolloutRecord = {
    key: ROLLOUT,
    good,
    aborted: good.status.aborted,
    walked: undefined,
    problems: [],
    ...given.record,
  };
  const claims = Object.entries(given.claims ?? { web: 'root' as const }).map(
    ([name, role]): Claim => ({ rollout: ROLLOUT, service: objectKey('shop', name), role }),
  );
  const known = given.services ?? claims.map((claim) => service(claim.service.slice('shop/'.length)));
  const services = new Map(known.map((one) => [one.key, one]));
  const pods = new Map(Object.entries(given.ready ?? { v1: 4, v2: 4 }).map(([name, count]) => [hash(name), count]));
  const { stableHash } = good.status;
  const unversioned = given.unversioned ?? 0;
  if (stableHash !== undefined) pods.set(stableHash, (pods.get(stableHash) ?? 0) + unversioned);
  const created = Object.entries(given.created ?? {});
  return {
    rolloutKeys: () => [ROLLOUT],
    serviceKeys: () => services.keys(),
    rollout: (key) => (key === ROLLOUT ? record : undefined),
    service: (key) => services.get(key),
    claims: () => claims,
    claimOn: (key) => claims.find((claim) => claim.service === key),
    lostClaims: () => given.lost ?? [],
    readyPods: () => pods,
    replicaSets: () =>
      new Map(
        created.map(([name, createdAt]) => [
          hash(name),
          { ...meta(name), kind: 'ReplicaSet', createdAt, hash: hash(name), rollout: 'web' },
        ]),
      ),
    // An intent has no endpoints: they take their own way.
    endpoints: () => [],
  };
}

/** The intent that a row leads to. */
export function intent(given: Given): RolloutIntent {
  const { value } = rolloutIntent(world(given), ROLLOUT);
  if (value === undefined) throw new Error('this Rollout shapes nothing');
  return value;
}

export function problems(given: Given): readonly Problem[] {
  return rolloutIntent(world(given), ROLLOUT).problems;
}

/** `v1 80, v2 20`: a split in short, in its order. */
export function shown(backends: readonly Backend[]): string {
  return backends.map(({ version, weight }) => `${version.kind === 'all' ? 'all' : version.hash} ${weight}`).join(', ');
}

/** `internal: v2 100`, with mirrors as `+v2 10%`. */
export function shownRoute(route: Route): string {
  const mirrors = route.mirrors.map(({ version, percentage }) =>
    version.kind === 'all' ? 'all' : ` +${version.hash} ${percentage}%`,
  );
  return `${route.name}: ${shown(route.backends)}${mirrors.join('')}`;
}

function meta(name: string) {
  const key = objectKey('shop', name);
  return { namespace: 'shop', name, key, labels: new Map(), annotations: new Map(), createdAt: '' };
}
