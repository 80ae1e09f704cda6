import { decodeDeltaRequest, decodeSotwRequest, TYPE } from '../../codec/index.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import type { Request } from '../protocol/session.js';
import type { XdsLimits } from './options.js';
import { keptTexts, refuseLong, understood } from './reading.js';

/** Reads the bytes of a request. Throws a `StreamEnd` for what is no request, or asks for too much. */
export function readRequest(bytes: Uint8Array, variant: Request['variant'], limits: XdsLimits): Request {
  const request = understood(bytes, (all): Request => {
    return variant === 'delta' ? { variant, ...decodeDeltaRequest(all) } : { variant, ...decodeSotwRequest(all) };
  });
  // A host that is too long to be one is still to be answered: Envoy names it again with every reconnect.
  const isHost = request.typeUrl === TYPE.virtualHost;
  const lengths = isHost ? { ...limits, nameLength: limits.hostLength } : limits;
  for (const names of nameLists(request)) {
    if (names.length > limits.names) throw tooManyNames(names.length, totalLength(names), limits);
    refuseLong('a resource name or version', names, lengths);
  }
  refuseLong('type_url, or a text of the node,', [request.typeUrl, ...keptTexts(request.node)], limits);
  const { error } = request;
  if (error === undefined || error.message.length <= limits.messageLength) return request;
  return { ...request, error: { ...error, message: copy(error.message.slice(0, limits.messageLength)) } };
}

function nameLists(request: Request): readonly (readonly string[])[] {
  if (request.variant === 'sotw') return [request.names];
  const { subscribe, unsubscribe, initialVersions } = request;
  return [subscribe, unsubscribe, [...initialVersions.keys()], [...initialVersions.values()]];
}

/** A text of its own: a piece of a long one would keep all of it in memory. */
function copy(text: string): string {
  return Buffer.from(text).toString();
}

function totalLength(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + name.length, 0);
}

/** More names than a client may have. */
export function tooManyNames(count: number, length: number, { names, namesLength }: XdsLimits): StreamEnd {
  return new StreamEnd(
    STATUS.RESOURCE_EXHAUSTED,
    `${count} resource names of one type with ${length} characters, at most ${names} with ${namesLength} are taken`,
  );
}
