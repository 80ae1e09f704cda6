/** Units, names and the three kinds of wrong. Knows nothing of Kubernetes or Envoy, imports nothing. */
export { DURATION, parseDuration } from './duration.js';
export { fullName, OUTBOUND, virtualHostName } from './names.js';
export { nearest } from './nearest.js';
export { byText } from './order.js';
export { PROBLEM_CODES, printProblem, printRef, showValue } from './problem.js';
export type { ObjectRef, Place, Problem, ProblemCode, Translation } from './problem.js';
export { sameContent } from './same-content.js';
export {
  clampWeight,
  clusterName,
  DEFAULT_TOTAL,
  durationMs,
  fullWeight,
  keyParts,
  NO_WEIGHT,
  objectKey,
  percent,
  podTemplateHash,
  portNumber,
  remainder,
  trafficTotal,
  trafficWeight,
} from './units.js';
export type {
  Branded,
  ClusterName,
  DurationMs,
  ObjectKey,
  Percent,
  PodTemplateHash,
  PortNumber,
  TrafficTotal,
  TrafficWeight,
} from './units.js';
export { assertNever, ControlPlaneError, ERROR_CODES, invariant } from './wrong.js';
export type { ErrorCode } from './wrong.js';
