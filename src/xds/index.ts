/** Tells each Envoy the changes it asked for: the xDS protocol as pure steps, and the gRPC server around it. */
export type {
  AckFact,
  ClientFact,
  ConnectionFact,
  ProgressFact,
  PushFact,
  RejectionFact,
  ScopeFact,
  TurnedAwayFact,
  XdsFacts,
} from './server/facts.js';
export type { Identity, ScopeChoice } from './server/identity.js';
export { DEFAULT_LIMITS } from './server/options.js';
export type { XdsLimits, XdsOptions, XdsPublication } from './server/options.js';
export type { ProxyState, ProxyTypeState, RejectionState } from './server/proxy-state.js';
export { XdsServer } from './server/xds-server.js';
