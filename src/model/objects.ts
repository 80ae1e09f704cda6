import type {
  DurationMs,
  ObjectKey,
  ObjectRef,
  Percent,
  PodTemplateHash,
  PortNumber,
  Problem,
  TrafficTotal,
  TrafficWeight,
} from '../base/index.js';

/** The kinds of objects that shape traffic; every other kind is none of our business. */
export const KINDS = ['Rollout', 'Service', 'EndpointSlice', 'Pod', 'ReplicaSet'] as const;

/** One of `KINDS`. */
export type Kind = (typeof KINDS)[number];

/** What all objects have. */
export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly key: ObjectKey;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** RFC 3339 in UTC, so that text order is time order; empty where the object has none. */
  readonly createdAt: string;
}

/** A Kubernetes Service. `port` is what callers use, `targetPort` a number or the name of a container port. */
export interface Service extends Meta {
  readonly kind: 'Service';
  readonly type: 'cluster-ip' | 'headless' | 'external-name';
  /** Empty where the Service has none: its endpoints are then somebody else's, and no Rollout owns it by selector. */
  readonly selector: ReadonlyMap<string, string>;
  readonly ports: readonly ServicePort[];
}

/** What a port speaks, from `appProtocol` or, where that is missing, the port's name prefix (Istio's and Gateway API's words for it). */
export type AppProtocol = 'http' | 'http2' | 'tcp';

/** One TCP port of a Service; UDP and SCTP ports are left out while parsing. */
export interface ServicePort {
  readonly name: string;
  readonly port: PortNumber;
  readonly targetPort: PortNumber | string;
  readonly protocol: AppProtocol;
}

/** A part of the endpoints of one Service (label `kubernetes.io/service-name`). */
export interface EndpointSlice extends Meta {
  readonly kind: 'EndpointSlice';
  readonly service: ObjectKey;
  readonly ports: readonly { readonly name: string; readonly port: PortNumber }[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** One endpoint that takes requests; those that do not are left out while parsing. */
export interface SliceEndpoint {
  readonly address: string;
  /** Whether it is terminating and still serves: no longer ready, but better than nobody. */
  readonly leaving: boolean;
  /** The pod behind it; `undefined` for an endpoint that is no pod. */
  readonly pod: ObjectKey | undefined;
}

/** A pod, as far as it tells which version it belongs to. */
export interface Pod extends Meta {
  readonly kind: 'Pod';
  /** `undefined`: no pod of a Rollout. */
  readonly hash: PodTemplateHash | undefined;
}

/** A ReplicaSet of a Rollout: tells which version is older. */
export interface ReplicaSet extends Meta {
  readonly kind: 'ReplicaSet';
  readonly hash: PodTemplateHash | undefined;
  /** Name of the Rollout that owns it (ownerReferences), empty where none does. */
  readonly rollout: string;
}

/** An Argo Rollout: what its user wants and how far Argo has come. */
export interface Rollout extends Meta {
  readonly kind: 'Rollout';
  /** `spec.replicas`, 1 unless set (the CRD's default). */
  readonly replicas: number;
  /** Labels of the pod template; empty with a `workloadRef`, then `selector` stands in for them. */
  readonly templateLabels: ReadonlyMap<string, string>;
  readonly strategy: Strategy;
  readonly status: RolloutStatus;
  readonly options: RolloutOptions;
  /**
   * `settled`: status and spec belong together. `stale`: `status.observedGeneration` is behind the spec. `refused`: Argo has
   * set the condition InvalidSpec. Only a settled version replaces one that is in force. `invalid`: a stand-in for a version
   * that can not be used (`stableOnly`).
   */
  readonly standing: 'settled' | 'stale' | 'refused' | 'invalid';
}

/** How a Rollout replaces one version by the next. `none`: no traffic of ours (plain canary without trafficRouting, or no strategy). */
export type Strategy = CanaryStrategy | BlueGreenStrategy | { readonly kind: 'none' };

/** A canary with `trafficRouting`. Service names are in the Rollout's namespace; `undefined` where not given. */
export interface CanaryStrategy {
  readonly kind: 'canary';
  /** `provider`: a router or plugin is configured, so Argo writes `status.canary.weights` (M1); `none`: `trafficRouting: {}` (M2). */
  readonly routing: 'provider' | 'none';
  readonly canaryService: string | undefined;
  readonly stableService: string | undefined;
  readonly pingPong: { readonly ping: string; readonly pong: string } | undefined;
  readonly total: TrafficTotal;
  readonly managedRoutes: readonly string[];
  readonly steps: readonly Step[];
  readonly dynamicStableScale: boolean;
}

/** A blue-green Rollout: hosts switch as a whole. */
export interface BlueGreenStrategy {
  readonly kind: 'blue-green';
  readonly activeService: string;
  readonly previewService: string | undefined;
}

/** A canary step, as far as it concerns traffic. Argo lets one step carry several of these, so each part may be there. */
export interface Step {
  readonly setWeight?: TrafficWeight;
  readonly setHeaderRoute?: HeaderRouteStep;
  readonly setMirrorRoute?: MirrorRouteStep;
}

/** Sends what matches any of `match` to the canary; an empty list removes the route of that name. */
export interface HeaderRouteStep {
  readonly name: string;
  readonly match: readonly HeaderMatch[];
}

/** Mirrors what matches any of `match` to the canary; an empty list removes the route of that name. */
export interface MirrorRouteStep {
  readonly name: string;
  readonly match: readonly MirrorMatch[];
  readonly percentage: Percent;
}

/** One header and what it must be. Names are lower case, as HTTP/2 has them; Envoy compares them so. */
export interface HeaderMatch {
  readonly name: string;
  readonly value: StringMatch;
}

/** All that is given must hold (AND). */
export interface MirrorMatch {
  readonly method: StringMatch | undefined;
  readonly path: StringMatch | undefined;
  readonly headers: readonly HeaderMatch[];
}

/** A regex is RE2 syntax, matches the whole value, and is checked while parsing. */
export interface StringMatch {
  readonly kind: 'exact' | 'prefix' | 'regex';
  readonly value: string;
}

/** What Argo says of a Rollout. */
export interface RolloutStatus {
  /** Empty hash words of Argo ("" before the first status) are `undefined`. */
  readonly currentPodHash: PodTemplateHash | undefined;
  readonly stableHash: PodTemplateHash | undefined;
  /** Steps below it are completed; equal to the number of steps: waiting to promote; `undefined`: no steps. */
  readonly stepIndex: number | undefined;
  readonly aborted: boolean;
  readonly promoteFull: boolean;
  /** `status.canary.weights`, already by hash (M1); values as Argo wrote them, not yet clamped. */
  readonly weights: CanaryWeights | undefined;
  readonly stablePingPong: 'ping' | 'pong' | undefined;
  readonly activeHash: PodTemplateHash | undefined;
  readonly previewHash: PodTemplateHash | undefined;
}

/** `status.canary.weights`. */
export interface CanaryWeights {
  readonly canary: WeightDestination;
  readonly stable: WeightDestination;
  readonly additional: readonly WeightDestination[];
}

/** One destination of `status.canary.weights`. */
export interface WeightDestination {
  readonly hash: PodTemplateHash | undefined;
  readonly weight: number;
}

/** Options of a Rollout, from the plugin block `penstock/xds` or the annotation `penstock.dev/options`. */
export interface RolloutOptions {
  /** Names of Services to split instead of the ones found by selector; `undefined`: found. */
  readonly hosts: readonly string[] | undefined;
  /** Service ports to shape; `undefined`: all. The others are served as plain ports. */
  readonly ports: readonly PortNumber[] | undefined;
  readonly sticky: Sticky;
  readonly timeout: Timeout;
  readonly idleTimeout: Timeout;
  readonly retries: Retries;
  readonly outlierDetection: OutlierDetection;
  /** Methods that mirror routes copy; `undefined`: all, as Argo does. */
  readonly mirrorMethods: readonly string[] | undefined;
}

/** How one user stays on one version. */
export type Sticky =
  | { readonly kind: 'off' }
  | { readonly kind: 'cookie'; readonly name: string; readonly ttl: DurationMs }
  | { readonly kind: 'header'; readonly name: string };

/** `default` is ours (none: streams live on), not Envoy's 15 s. */
export type Timeout =
  | { readonly kind: 'default' }
  | { readonly kind: 'off' }
  | { readonly kind: 'after'; readonly ms: DurationMs };

/** `default`: retried only where the request can not have reached the application. */
export type Retries =
  | { readonly kind: 'default' }
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      readonly attempts: number;
      /** Envoy's `retry_on` words, for example `5xx` or `gateway-error`. */
      readonly on: readonly string[];
      readonly perTryTimeout: Timeout;
    };

/** Ejects endpoints that fail. */
export type OutlierDetection =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      readonly consecutiveErrors: number;
      readonly interval: DurationMs;
      readonly ejectionTime: DurationMs;
      readonly maxEjected: Percent;
    };

/** Any object of the model. */
export type ModelObject = Rollout | Service | EndpointSlice | Pod | ReplicaSet;

/** What a source tells: level-based, so an event carries the whole object and never what changed in it. */
export type WorldEvent =
  /** The object as it is now. Problems are warnings: the object is used. */
  | { readonly kind: 'applied'; readonly object: ModelObject; readonly problems: readonly Problem[] }
  /**
   * A version that can not be used: the last good one stays in force, the problems say why. Of a Rollout `rest` is what could
   * be read; of that only the abort and which version is stable may be gone by.
   */
  | {
      readonly kind: 'rejected';
      readonly ref: ObjectRef;
      readonly rest: Rollout | undefined;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'deleted'; readonly ref: ObjectRef };

/** Keys whose derived state a batch of events may have changed. */
export interface Touched {
  /** Services whose routes or clusters must be derived again, among them all that a touched Rollout shapes. */
  readonly services: ReadonlySet<ObjectKey>;
  /** Rollouts whose intent must be derived again. */
  readonly rollouts: ReadonlySet<ObjectKey>;
  /** Services whose endpoints must be encoded again; on its own this never re-derives a route. */
  readonly endpoints: ReadonlySet<ObjectKey>;
}
