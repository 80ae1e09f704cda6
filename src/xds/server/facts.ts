import type { ObjectKey } from '../../base/index.js';
import type { EncodedResource, ResourceKind } from '../../codec/index.js';
import type { Identity } from './identity.js';

/** Of which client something is told. */
export interface ClientFact {
  /** A number of its own: two clients may have one node id. */
  readonly session: number;
  /** Node id. */
  readonly proxy: string;
}

/** A client that has just come. */
export interface ConnectionFact extends Identity {
  readonly session: number;
  readonly peer: string;
}

/** Of which client, and up to which publication, something is told. */
export interface ProgressFact extends ClientFact {
  readonly sequence: number;
}

/** One response on its way to a proxy. */
export interface PushFact extends ProgressFact {
  readonly kind: ResourceKind;
  /** How many resources are in it. */
  readonly resources: number;
  /** How many names it removes, or says that they do not exist. */
  readonly removed: number;
  readonly bytes: number;
}

/** An acknowledged response; `sequence` is the publication it told of. */
export interface AckFact extends ProgressFact {
  readonly kind: ResourceKind;
  /** What was in it. */
  readonly resources: readonly EncodedResource[];
}

/** Services that came into the scope of a workload, or went from it. */
export interface ScopeFact {
  readonly namespace: string;
  readonly workload: string;
  readonly hosts: readonly ObjectKey[];
}

/** A refused response. */
export interface RejectionFact extends Omit<AckFact, 'resources'> {
  /** The client's own words: never trusted, only shown. */
  readonly message: string;
  /** Resources that are not sent again until they change; empty where parts of them are tried first. */
  readonly refused: readonly EncodedResource[];
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
  /** The first stream of a client. */
  connected(fact: ConnectionFact): void;
  /** The last stream of a client is gone. */
  disconnected(fact: ClientFact): void;
  /** A publication has something for a proxy: it will be pushed, and `settled` told when the proxy has answered. */
  awaited(fact: ProgressFact): void;
  pushed(fact: PushFact): void;
  acked(fact: AckFact): void;
  /** A client that comes back shows that it holds these resources of the newest publication. */
  kept?(fact: AckFact): void;
  rejected(fact: RejectionFact): void;
  /** A proxy has answered everything up to `sequence`, or had nothing to answer; what it refused `rejected` has told before. */
  settled(fact: ProgressFact): void;
  /** A workload called Services for the first time. */
  learned(fact: ScopeFact): void;
  /** A workload has not called Services for long: its proxies are told to drop them. */
  forgot(fact: ScopeFact): void;
  /** A proxy asked for a type that is not served; told once a stream. */
  unserved(fact: { readonly proxy: string; readonly typeUrl: string }): void;
  turnedAway(fact: TurnedAwayFact): void;
}
