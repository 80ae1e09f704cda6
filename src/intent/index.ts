/** Intent: what Rollouts mean for traffic. Knows no Envoy word, does no I/O, never throws for what a user wrote. */
export { hostIntent } from './host-intent.js';
export { rolloutIntent } from './rollout-intent.js';
export { serviceProblems } from './problems.js';
export type {
  Backend,
  HostIntent,
  Mirror,
  PortIntent,
  RequestMatch,
  RoleHost,
  RolloutIntent,
  Route,
  TrafficPolicy,
} from './intent.js';
