import { DecodeError, type ProxyNode } from '../../codec/index.js';
import { STATUS, StreamEnd } from '../grpc/status.js';
import { KEPT_METADATA } from './identity.js';
import type { XdsLimits } from './options.js';

/** What a decoder makes of a client's bytes. Throws a `StreamEnd` for what is no such message. */
export function understood<B extends Uint8Array, T>(bytes: B, decode: (bytes: B) => T): T {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new StreamEnd(STATUS.INVALID_ARGUMENT, error.message);
    throw error;
  }
}

/** Throws a `StreamEnd` where any of these texts, which are kept, is longer than a client may make it; `what` names them. */
export function refuseLong(what: string, texts: readonly string[], { nameLength }: XdsLimits): void {
  const long = texts.find((text) => text.length > nameLength);
  if (long === undefined) return;
  throw new StreamEnd(
    STATUS.RESOURCE_EXHAUSTED,
    `${what} has ${long.length} characters, at most ${nameLength} are taken`,
  );
}

/** What of a node is kept for as long as the client is connected; all else that it says is dropped with the message. */
export function keptTexts(node: ProxyNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const { id, cluster, metadata, namespace = '', userAgent = '', version = '' } = node;
  return [id, cluster, namespace, userAgent, version, ...KEPT_METADATA.map((key) => metadata.get(key) ?? '')];
}
