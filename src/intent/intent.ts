import type { ObjectKey, Percent, PodTemplateHash, TrafficTotal, TrafficWeight } from '../base/index.js';
import type {
  HeaderMatch,
  OutlierDetection,
  Retries,
  ServicePort,
  Sticky,
  StringMatch,
  Timeout,
  Version,
} from '../model/index.js';

/** A share of the traffic for one version. */
export interface Backend {
  readonly version: Version;
  readonly weight: TrafficWeight;
}

/** A copy of every matching request, or of a part of them; its answer goes to nobody. */
export interface Mirror {
  readonly version: Version;
  readonly percentage: Percent;
}

/** Conditions on a request; all that are given must hold (AND). */
export interface RequestMatch {
  readonly method: StringMatch | undefined;
  readonly path: StringMatch | undefined;
  readonly headers: readonly HeaderMatch[];
}

/**
 * One decision: a request that matches any of `matches` is split over `backends` and copied to `mirrors`.
 *
 * An empty `matches` takes every request; the last route of a port has it. Weights sum to the split's total. Backends stand
 * stable first, then canary, then additional ones by hash: a sticky user's place depends on that order.
 */
export interface Route {
  /** The managed route's name in the Rollout, or `default`. */
  readonly name: string;
  readonly matches: readonly RequestMatch[];
  readonly backends: readonly Backend[];
  readonly mirrors: readonly Mirror[];
}

/** How requests of a port are treated on their way, whichever version they go to. */
export interface TrafficPolicy {
  readonly sticky: Sticky;
  readonly timeout: Timeout;
  readonly idleTimeout: Timeout;
  readonly retries: Retries;
  readonly outlierDetection: OutlierDetection;
}

/** One port of a host: first matching route wins. */
export interface PortIntent {
  readonly port: ServicePort;
  /** Names without a port mean this one: port 80, or else the first HTTP port of the Service. */
  readonly isDefault: boolean;
  readonly routes: readonly Route[];
  /** Every version that must be reachable, used in a route or soon to be; in the order of `Route.backends`. */
  readonly versions: readonly Version[];
  readonly policy: TrafficPolicy;
}

/** What callers of one Service get. Ports that are not HTTP are not in it. */
export interface HostIntent {
  readonly service: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly PortIntent[];
}

/** A split by version with what lies on top of it: what one Rollout means, before it is laid over its hosts. */
export interface RolloutIntent {
  readonly rollout: ObjectKey;
  readonly total: TrafficTotal;
  readonly stable: PodTemplateHash | undefined;
  readonly canary: PodTemplateHash | undefined;
  /**
   * The split as it is to be served; sums to `total`. Stable and canary are in it even without traffic. Empty: nothing is
   * known yet, or the versions are told apart by `roles` alone (blue-green); everything goes to whatever is ready.
   */
  readonly split: readonly Backend[];
  /** Managed routes in force, in order of precedence. */
  readonly managed: readonly Route[];
  /** For the canary's and the stable's own hosts, and for active and preview of a blue-green Rollout. */
  readonly roles: ReadonlyMap<RoleHost, Version>;
}

/** The hosts that belong to one version as a whole. */
export type RoleHost = 'stable' | 'canary' | 'active' | 'preview';
