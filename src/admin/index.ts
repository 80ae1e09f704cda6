/** The HTTP door for people and probes: health, metrics and the JSON API. It answers questions and changes nothing. */
export type {
  AdminFacts,
  ManagedRouteFacts,
  ProxyFacts,
  ProxyTypeFacts,
  RejectionFacts,
  RolloutFacts,
  ShareFacts,
} from './facts.js';
export { AdminServer } from './server.js';
export type { AdminOptions } from './server.js';
