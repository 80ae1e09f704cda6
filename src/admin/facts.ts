import type { Problem } from '../base/index.js';
import type { ProxyState, ProxyTypeState } from '../xds/index.js';

/** A share of a Rollout's traffic. */
export interface ShareFacts {
  /** Pod template hash, or `all` where no version is told apart. */
  readonly version: string;
  readonly weight: number;
}

/** A managed route in force. */
export interface ManagedRouteFacts {
  readonly name: string;
  readonly kind: 'header' | 'mirror';
}

/** What the server makes of one Rollout. */
export interface RolloutFacts {
  readonly namespace: string;
  readonly name: string;
  /** Pod template hashes; empty where there is none. */
  readonly stable: string;
  readonly canary: string;
  /** What the weights of `split` sum to. */
  readonly total: number;
  /** Desired shares, stable first; empty where nothing is known yet. */
  readonly split: readonly ShareFacts[];
  /** In order of precedence. */
  readonly managedRoutes: readonly ManagedRouteFacts[];
  readonly problems: readonly Problem[];
}

/** A refusal that is in force: the proxy keeps what it had until these resources change. */
export interface RejectionFacts {
  /** The proxy's own words. */
  readonly message: string;
  readonly resources: readonly { readonly name: string; readonly version: string }[];
  /** RFC 3339. */
  readonly at: string;
}

/** How far one resource type of a proxy is. */
export interface ProxyTypeFacts extends Omit<ProxyTypeState, 'rejections'> {
  readonly rejections: readonly RejectionFacts[];
}

/** A connected proxy, as the xDS server knows it; times are RFC 3339. */
export interface ProxyFacts extends Omit<ProxyState, 'connectedAt' | 'types'> {
  readonly connectedAt: string;
  readonly types: readonly ProxyTypeFacts[];
}

/** What the admin server asks the rest of the program: only questions, no orders. */
export interface AdminFacts {
  /** The first snapshot is out, and the server is not about to stop. */
  isReady(): boolean;
  rollouts(): readonly RolloutFacts[];
  rollout(namespace: string, name: string): RolloutFacts | undefined;
  proxies(): readonly ProxyFacts[];
  proxy(id: string): ProxyFacts | undefined;
  /** Prometheus' text and its content type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}
