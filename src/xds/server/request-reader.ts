import { DecodeError, decodeDeltaRequest, decodeSotwRequest, type ProxyNode } from '../../codec/index.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import type { Request } from '../protocol/session.js';
import { OUTBOUND_ADDRESS } from './identity.js';
import type { XdsLimits } from './options.js';

/** Reads the bytes of a request. Throws a `StreamEnd` for what is no request, or asks for too much. */
export function readRequest(bytes: Uint8Array, variant: Request['variant'], limits: XdsLimits): Request {
  const request = decode(bytes, variant);
  for (const names of nameLists(request)) {
    if (names.length > limits.names) throw tooManyNames(names.length, limits);
    refuseLong('a resource name or version', names, limits);
  }
  refuseLong('type_url, or a text of the node,', [request.typeUrl, ...keptOf(request.node)], limits);
  const { error } = request;
  if (error === undefined || error.message.length <= limits.messageLength) return request;
  return { ...request, error: { ...error, message: copy(error.message.slice(0, limits.messageLength)) } };
}

function nameLists(request: Request): readonly (readonly string[])[] {
  if (request.variant === 'sotw') return [request.names];
  const { subscribe, unsubscribe, initialVersions } = request;
  return [subscribe, unsubscribe, [...initialVersions.keys()], [...initialVersions.values()]];
}

/** What of a node is kept for as long as the client is connected; all else that it says is dropped with the request. */
function keptOf(node: ProxyNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const { id, cluster, metadata, namespace = '', userAgent = '', version = '' } = node;
  return [id, cluster, namespace, userAgent, version, metadata.get(OUTBOUND_ADDRESS) ?? ''];
}

function refuseLong(what: string, texts: readonly string[], { nameLength }: XdsLimits): void {
  const long = texts.find((text) => text.length > nameLength);
  if (long === undefined) return;
  throw new StreamEnd(
    STATUS.RESOURCE_EXHAUSTED,
    `${what} has ${long.length} characters, at most ${nameLength} are taken`,
  );
}

/** A text of its own: a piece of a long one would keep all of it in memory. */
function copy(text: string): string {
  return Buffer.from(text).toString();
}

/** More names than a client may have. */
export function tooManyNames(count: number, { names }: XdsLimits): StreamEnd {
  return new StreamEnd(STATUS.RESOURCE_EXHAUSTED, `${count} resource names of one type, at most ${names} are taken`);
}

function decode(bytes: Uint8Array, variant: Request['variant']): Request {
  try {
    return variant === 'delta' ? { variant, ...decodeDeltaRequest(bytes) } : { variant, ...decodeSotwRequest(bytes) };
  } catch (error) {
    if (error instanceof DecodeError) throw new StreamEnd(STATUS.INVALID_ARGUMENT, error.message);
    throw error;
  }
}
