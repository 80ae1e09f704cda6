import type { DurationMs } from '../../base/index.js';
import type { Changes, Snapshot } from '../../snapshot/index.js';
import type { Serve } from '../grpc/admission.js';
import type { ScopeChoice } from './identity.js';

/** How the xDS server serves. */
export interface XdsOptions {
  /** `host:port` to listen on; port 0 takes any that is free. */
  readonly address: string;
  /** How long a cluster that no route of a proxy refers to any more stays there, for requests that are under way. */
  readonly drainDelay: DurationMs;
  /** What a proxy is served that can take both. */
  readonly scope: ScopeChoice;
  /** How long a Service stays in the lazy scope of a workload after its last use; `undefined`: for ever. */
  readonly forgetAfter: DurationMs | undefined;
  readonly limits?: Partial<XdsLimits>;
}

/** What a client may cost. What is beyond ends its stream with RESOURCE_EXHAUSTED and hurts nobody else. */
export interface XdsLimits {
  /** Largest request in bytes. A delta client that reconnects lists everything it holds: grpc's usual 4 MiB is too little. */
  readonly requestBytes: number;
  /** Most names that a client may subscribe to, or bring, per type. */
  readonly names: number;
  /** How long the names may be together that a client subscribes to, per type, in UTF-16 units. */
  readonly namesLength: number;
  /** Most hosts that a client with a lazy scope may have asked for; then it is told to forget them, and asks for what it calls. */
  readonly asked: number;
  /** Longest name, in UTF-16 units: of a resource, and of whatever else a client calls itself, a type or a version. */
  readonly nameLength: number;
  /** Longest name of a virtual host: it is what an application wrote as Host, and Envoy takes headers of up to 60 KB. */
  readonly hostLength: number;
  /** How much of the message of a refusal is read, in UTF-16 units: it is searched for names, kept and shown. */
  readonly messageLength: number;
  /** Most streams at a time on one connection; more wait at the client. Envoy has one, or one a type. */
  readonly streams: number;
  /** How long a response may wait for a client to read it, in milliseconds; then the stream is ended. */
  readonly stalledMs: number;
  /** How long `stop` waits for streams to end by themselves, in milliseconds. */
  readonly stopMs: number;
}

/** Room for 10,000 Services with several versions and ports each, and not for more. */
export const DEFAULT_LIMITS: XdsLimits = {
  requestBytes: 32 * 1024 * 1024,
  names: 50_000,
  namesLength: 32 * 1024 * 1024,
  asked: 10_000,
  nameLength: 512,
  hostLength: 65_536,
  messageLength: 4096,
  streams: 100,
  stalledMs: 60_000,
  stopMs: 2000,
};

/** A method that is served by its path. */
export interface PathMethod {
  readonly path: string;
  readonly serve: Serve;
}

/** A new snapshot for the proxies. Every publication differs from the one before by its `changes`; none may be left out. */
export interface XdsPublication {
  /** Grows with every publication. It becomes part of nonces, which mean nothing to a client, and of nothing else. */
  readonly sequence: number;
  readonly snapshot: Snapshot;
  readonly changes: Changes;
}
