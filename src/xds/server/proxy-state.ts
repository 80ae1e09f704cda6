import type { ObjectKey } from '../../base/index.js';
import type { ResourceKind } from '../../codec/index.js';
import type { TypeState } from '../protocol/type-state.js';

/** A refusal that is in force: the proxy keeps what it had until these resources change. */
export interface RejectionState {
  readonly message: string;
  readonly resources: readonly { readonly name: string; readonly version: string }[];
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** How far one type of a proxy is. */
export interface ProxyTypeState {
  readonly kind: ResourceKind;
  readonly variant: 'delta' | 'sotw';
  /** How many names it asked for; `*` for everything. */
  readonly subscribed: number | '*';
  /** How many resources it has acknowledged. */
  readonly resources: number;
  /** Responses that it has not answered. */
  readonly inFlight: number;
  /** Names that it has yet to get. */
  readonly pending: number;
  /** Names that are gone and wait for their removal. */
  readonly leaving: number;
  /** Newest publication that it acknowledged something of; 0 for none. */
  readonly acknowledged: number;
  readonly rejections: readonly RejectionState[];
}

/** A connected proxy, for those who look. */
export interface ProxyState {
  readonly id: string;
  readonly namespace: string;
  readonly workload: string;
  /** What it runs, for example `envoy 1.40.0`; empty where it does not say. */
  readonly client: string;
  /** Where it connects from, `address:port`. */
  readonly peer: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** What it is served: everything, or what its workload calls. */
  readonly scope: 'full' | 'lazy';
  /** The Services in its lazy scope, in text order; `undefined` where it is served everything. */
  readonly hosts: readonly ObjectKey[] | undefined;
  /** All types on one stream. */
  readonly aggregated: boolean;
  /** Publication that the server is at. */
  readonly sequence: number;
  /** Newest publication of which it acknowledged everything; 0 before the first. */
  readonly acknowledged: number;
  readonly types: readonly ProxyTypeState[];
}

/** Whether a refusal still says something: one of its resources has not changed since. */
export function isInForce(state: TypeState, { resources }: RejectionState): boolean {
  return resources.some(({ name, version }) => state.refused.get(name)?.version === version);
}

/** The state of a type as it is shown. */
export function typeStateOf(
  state: TypeState,
  acknowledged: number,
  rejections: readonly RejectionState[],
): ProxyTypeState {
  const { kind, variant, subscription, good, flights, dirty, forced, leaving } = state;
  return {
    kind,
    variant,
    subscribed: subscription.wildcard ? '*' : subscription.names.size,
    resources: good.size,
    inFlight: flights.size,
    pending: new Set([...dirty, ...forced]).size,
    leaving: leaving.size,
    acknowledged,
    rejections: rejections.filter((rejection) => isInForce(state, rejection)),
  };
}
