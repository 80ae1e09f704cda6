import type { ResourceKind } from '../../codec/index.js';
import type { Identity } from './identity.js';

/** One response on its way to a proxy. */
export interface PushFact {
  readonly sequence: number;
  /** Node id. */
  readonly proxy: string;
  readonly kind: ResourceKind;
  /** How many resources are in it. */
  readonly resources: number;
  /** How many names it removes, or says that they do not exist. */
  readonly removed: number;
  readonly bytes: number;
}

/** An acknowledged response; `sequence` is the publication it told of. */
export interface AckFact {
  readonly sequence: number;
  readonly proxy: string;
  readonly kind: ResourceKind;
}

/** A refused response. */
export interface RejectionFact extends AckFact {
  /** The client's own words: never trusted, only shown. */
  readonly message: string;
  /** Resources that are not sent again until they change; empty where they are tried one by one first. */
  readonly names: readonly string[];
}

/** A stream that was ended because of what came on it. */
export interface TurnedAwayFact {
  readonly peer: string;
  /** Empty where the client had not said who it is. */
  readonly proxy: string;
  /** A gRPC status code. */
  readonly code: number;
  readonly message: string;
}

/** What the xDS server tells those who watch it. Called within the work it tells of: to be quick, and never to throw. */
export interface XdsFacts {
  /** The first stream of a proxy. */
  connected(proxy: Identity & { readonly peer: string }): void;
  /** The last stream of a proxy is gone. */
  disconnected(fact: { readonly proxy: string }): void;
  pushed(fact: PushFact): void;
  acked(fact: AckFact): void;
  rejected(fact: RejectionFact): void;
  /** A proxy has answered everything up to `sequence`, or had nothing to answer; what it refused `rejected` has told before. */
  settled(fact: { readonly sequence: number; readonly proxy: string }): void;
  /** A proxy asked for a type that is not served; told once a stream. */
  unserved(fact: { readonly proxy: string; readonly typeUrl: string }): void;
  turnedAway(fact: TurnedAwayFact): void;
}
