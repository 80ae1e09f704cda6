import { status } from '@grpc/grpc-js';
import { DecodeError, decodeDeltaRequest, decodeSotwRequest } from '../../codec/index.js';
import type { Request } from '../protocol/session.js';
import type { XdsLimits } from './options.js';

/** Why a stream is ended: a gRPC status for the client. */
export class StreamEnd extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = 'StreamEnd';
    this.code = code;
  }
}

/** Reads the bytes of a request. Throws a `StreamEnd` for what is no request, or asks for too much. */
export function readRequest(bytes: Uint8Array, variant: Request['variant'], limits: XdsLimits): Request {
  const request = decode(bytes, variant);
  const lists =
    request.variant === 'delta'
      ? [request.subscribe, request.unsubscribe, [...request.initialVersions.keys()]]
      : [request.names];
  for (const names of lists) {
    if (names.length > limits.names) throw tooManyNames(names.length, limits);
    const long = names.find((name) => name.length > limits.nameLength);
    if (long !== undefined) {
      throw new StreamEnd(
        status.RESOURCE_EXHAUSTED,
        `a resource name has ${long.length} characters, at most ${limits.nameLength} are taken`,
      );
    }
  }
  return request;
}

/** More names than a client may have. */
export function tooManyNames(count: number, { names }: XdsLimits): StreamEnd {
  return new StreamEnd(status.RESOURCE_EXHAUSTED, `${count} resource names of one type, at most ${names} are taken`);
}

function decode(bytes: Uint8Array, variant: Request['variant']): Request {
  try {
    return variant === 'delta' ? { variant, ...decodeDeltaRequest(bytes) } : { variant, ...decodeSotwRequest(bytes) };
  } catch (error) {
    if (error instanceof DecodeError) throw new StreamEnd(status.INVALID_ARGUMENT, error.message);
    throw error;
  }
}
