import { decoded } from './decode-error.js';
import { codecs } from './gen/code.js';
import { takeLists } from './request-lists.js';
import type { BuildVersion, Node, Status, Struct } from './gen/messages.js';

/** Who is on the stream, as it says itself. */
export interface ProxyNode {
  readonly id: string;
  readonly cluster: string;
  /** `metadata.NAMESPACE`, where the proxy says it. */
  readonly namespace?: string;
  /** The string-valued entries of `metadata`. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly userAgent?: string;
  /** Of the user agent, for example `1.40.0`. */
  readonly version?: string;
}

/** Why the client refused a response (a NACK). */
export interface Refusal {
  /** A gRPC status code; Envoy sends 13. */
  readonly code: number;
  readonly message: string;
}

/** A request of the incremental protocol; up to three things at once: subscription, ACK or NACK, what a reconnected client holds. */
export interface DeltaRequest {
  /** Guaranteed only in the first request of a stream. */
  readonly node?: ProxyNode;
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name to version of what the client kept over a reconnect. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** Of the response this answers; empty where it answers none. */
  readonly nonce: string;
  readonly error?: Refusal;
}

/** A request of the state-of-the-world protocol. */
export interface SotwRequest {
  /** Guaranteed only in the first request of a stream. */
  readonly node?: ProxyNode;
  readonly typeUrl: string;
  readonly names: readonly string[];
  /** Last accepted version; empty in the first request. */
  readonly version: string;
  /** Of the response this answers; empty where it answers none. */
  readonly nonce: string;
  readonly error?: Refusal;
}

const DELTA_REQUEST = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const SOTW_REQUEST = 'envoy.service.discovery.v3.DiscoveryRequest';

/** Reads a request of the incremental protocol. Throws a `DecodeError`; unknown fields are passed over. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const { subscribe, initialVersions, rest } = decoded(DELTA_REQUEST, bytes, takeLists);
  const request = decoded(DELTA_REQUEST, rest, codecs[DELTA_REQUEST].decode);
  return {
    ...sender(request.node),
    typeUrl: request.type_url ?? '',
    subscribe,
    unsubscribe: request.resource_names_unsubscribe ?? [],
    initialVersions,
    nonce: request.response_nonce ?? '',
    ...refusal(request.error_detail),
  };
}

/** Reads a request of the state-of-the-world protocol. Throws a `DecodeError`; unknown fields are passed over. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  const request = decoded(SOTW_REQUEST, bytes, codecs[SOTW_REQUEST].decode);
  return {
    ...sender(request.node),
    typeUrl: request.type_url ?? '',
    names: request.resource_names ?? [],
    version: request.version_info ?? '',
    nonce: request.response_nonce ?? '',
    ...refusal(request.error_detail),
  };
}

// A NACK is a request with `error_detail`, whatever is in it (xDS protocol, "ACK/NACK and resource type instance version").
function refusal(error: Status | undefined): { readonly error?: Refusal } {
  return error === undefined ? {} : { error: { code: error.code ?? 0, message: error.message ?? '' } };
}

/** The node of a message, where it carries one. */
export function sender(node: Node | undefined): { readonly node?: ProxyNode } {
  return node === undefined ? {} : { node: proxyNode(node) };
}

function proxyNode(node: Node): ProxyNode {
  const metadata = textEntries(node.metadata);
  const namespace = metadata.get('NAMESPACE');
  const version = node.user_agent_version ?? buildVersion(node.user_agent_build_version);
  return {
    id: node.id ?? '',
    cluster: node.cluster ?? '',
    metadata,
    ...(namespace === undefined ? {} : { namespace }),
    ...(node.user_agent_name === undefined ? {} : { userAgent: node.user_agent_name }),
    ...(version === undefined ? {} : { version }),
  };
}

function textEntries(metadata: Struct | undefined): ReadonlyMap<string, string> {
  const entries = Object.entries(metadata?.fields ?? {});
  return new Map(
    entries.flatMap(([key, { string_value: text }]) => (text === undefined ? [] : [[key, text] as const])),
  );
}

function buildVersion(build: BuildVersion | undefined): string | undefined {
  if (build?.version === undefined) return undefined;
  const { major_number: major = 0, minor_number: minor = 0, patch = 0 } = build.version;
  return `${major}.${minor}.${patch}`;
}
