/**
 * What the cluster says: objects parsed and named, and the world they make up. Knows nothing of Envoy, does no I/O, never
 * throws for what a user wrote.
 */
export { KINDS } from './objects.js';
export type {
  AppProtocol,
  BlueGreenStrategy,
  CanaryStrategy,
  CanaryWeights,
  EndpointSlice,
  HeaderMatch,
  HeaderRouteStep,
  Kind,
  MirrorMatch,
  MirrorRouteStep,
  ModelObject,
  OutlierDetection,
  Pod,
  ReplicaSet,
  Retries,
  Rollout,
  RolloutOptions,
  RolloutStatus,
  Service,
  ServicePort,
  Step,
  Sticky,
  Strategy,
  StringMatch,
  Timeout,
  Touched,
  WorldEvent,
} from './objects.js';
export { optionsJsonSchema } from './options-schema.js';
export { parseObject } from './parse-object.js';
export { adoptingHash } from './versions.js';
export { World } from './world.js';
export type { Claim, Endpoint, Role, RolloutRecord, Version, WorldView } from './world-view.js';
