import type { ObjectKey, PodTemplateHash, PortNumber, Problem } from '../base/index.js';
import type { ReplicaSet, Rollout, Service, ServicePort } from './objects.js';

/** Which pods of a Service: all of them, or one version. */
export type Version =
  | { readonly kind: 'all' }
  /** `adopts`: pods without any hash count to it too, so that a Deployment can become a Rollout without a gap (the stable version adopts). */
  | { readonly kind: 'hash'; readonly hash: PodTemplateHash; readonly adopts: boolean };

/** Where one pod listens. */
export interface Endpoint {
  readonly address: string;
  readonly port: PortNumber;
}

/**
 * What a Service is to the Rollout that shapes it. `root`: all of its versions meet there. `pinned`: it selects one of them by
 * its hash, as an experiment's Service does; its pods count, it is not split.
 */
export type Role = 'root' | 'pinned' | 'stable' | 'canary' | 'ping' | 'pong' | 'active' | 'preview';

/** That a Rollout shapes a Service. A Service has at most one claim: the older Rollout's, then the one whose name sorts first. */
export interface Claim {
  readonly rollout: ObjectKey;
  readonly service: ObjectKey;
  readonly role: Role;
}

/** What the world knows of one Rollout. */
export interface RolloutRecord {
  readonly key: ObjectKey;
  /**
   * The version in force: the last one without errors that was settled, or the only one there is, or a stand-in that leads
   * everything to the stable version where neither can be gone by.
   */
  readonly good: Rollout | undefined;
  /** What the newest version says, whether it is in force or not: an abort wins at once. */
  readonly aborted: boolean;
  /**
   * The last step index seen under way (below the number of steps, neither promoted in full nor aborted) for the current pod
   * hash: `promote --full` moves the index to the end at once, and the weight before it must hold (Argo Rollouts,
   * reconcileTrafficRouting).
   */
  readonly walked: number | undefined;
  /** Problems of the newest version, as its parser told them. */
  readonly problems: readonly Problem[];
}

/** What can be asked of the world; `World` is it. Lookups only: nothing here loops over all objects but the two `keys`. */
export interface WorldView {
  rolloutKeys(): Iterable<ObjectKey>;
  serviceKeys(): Iterable<ObjectKey>;
  rollout(key: ObjectKey): RolloutRecord | undefined;
  service(key: ObjectKey): Service | undefined;
  /** The Services that a Rollout shapes, in key order. */
  claims(rollout: ObjectKey): readonly Claim[];
  /** The claim on a Service, if any. */
  claimOn(service: ObjectKey): Claim | undefined;
  /** The claims that a Rollout would have if no other Rollout had them already, with who has them. */
  lostClaims(rollout: ObjectKey): readonly { readonly claim: Claim; readonly holder: ObjectKey }[];
  /** Ready pods of a Rollout by version, over the union of the Services it shapes. */
  readyPods(rollout: ObjectKey): ReadonlyMap<PodTemplateHash, number>;
  /** ReplicaSets of a Rollout by version; empty where the source has none. */
  replicaSets(rollout: ObjectKey): ReadonlyMap<PodTemplateHash, ReplicaSet>;
  /**
   * Endpoints of one port, one a pod, in address order: the ready ones, or where none is ready those that are terminating and
   * still serve. For a version they are the union over all Services of the Rollout that shapes the Service, for a selector may
   * lag behind.
   */
  endpoints(service: ObjectKey, port: ServicePort, version: Version): readonly Endpoint[];
}
