import type { ObjectKey } from '../../base/index.js';
import type { DeltaRequest, ResourceKind } from '../../codec/index.js';
import { hostAsked, ownerOf } from '../../snapshot/index.js';

/**
 * The Services that a client with a lazy scope names: those it asks for, and in its first request those it holds. A client
 * that reconnects names its clusters first: so they are in its scope before the server looks what has to be taken away.
 */
export function hostsNamed(
  kind: ResourceKind,
  { subscribe, initialVersions }: Pick<DeltaRequest, 'subscribe' | 'initialVersions'>,
  namespace: string,
  isFirst: boolean,
): readonly ObjectKey[] {
  const asked = kind === 'virtualHost' ? subscribe.map((name) => hostAsked(name, namespace)) : [];
  const held = isFirst && HOLDS.has(kind) ? [...initialVersions.keys()].map((name) => ownerOf(kind, name)) : [];
  return [...asked, ...held].filter((key) => key !== undefined);
}

const HOLDS: ReadonlySet<ResourceKind> = new Set(['cluster', 'endpoint', 'virtualHost']);
