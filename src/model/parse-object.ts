import type { ObjectRef } from '../base/index.js';
import { Fields, isRawObject, own, type RawObject } from './fields.js';
import { Findings } from './findings.js';
import { type Kind, KINDS, type ModelObject, type WorldEvent } from './objects.js';
import { parseEndpointSlice } from './parse-endpoint-slice.js';
import { parsePod, parseReplicaSet } from './parse-pod.js';
import { parseRollout } from './parse-rollout.js';
import { parseService } from './parse-service.js';

/**
 * Reads one Kubernetes object as it stands in a file or comes from the API server.
 *
 * `undefined`: its kind is none of `KINDS` (or has that name in another API group), so it is not ours. An object that
 * Kubernetes has but that shapes nothing (an EndpointSlice of no Service) is `deleted`. Never throws, whatever comes in.
 */
export function parseObject(raw: unknown): WorldEvent | undefined {
  if (!isRawObject(raw)) return undefined;
  const kind = KINDS.find((known) => known === own(raw, 'kind'));
  if (kind === undefined || !isOurs(kind, own(raw, 'apiVersion'))) return undefined;
  const ref = refOf(kind, raw);
  const findings = new Findings(ref);
  const object = READERS[kind](new Fields(raw, '', findings));
  const { problems } = findings;
  if (findings.hasErrors)
    return { kind: 'rejected', ref, rest: object?.kind === 'Rollout' ? object : undefined, problems };
  return object === undefined ? { kind: 'deleted', ref } : { kind: 'applied', object, problems };
}

const READERS: { readonly [kind in Kind]: (root: Fields) => ModelObject | undefined } = {
  Rollout: parseRollout,
  Service: parseService,
  EndpointSlice: parseEndpointSlice,
  Pod: parsePod,
  ReplicaSet: parseReplicaSet,
};

// Kinds of one name in several groups are common: Knative's Service, for one.
const GROUPS: { readonly [kind in Kind]: string } = {
  Rollout: 'argoproj.io',
  Service: '',
  EndpointSlice: 'discovery.k8s.io',
  Pod: '',
  ReplicaSet: 'apps',
};

/** The items of a list from the API server come without `apiVersion`: those are ours. */
function isOurs(kind: Kind, apiVersion: unknown): boolean {
  if (apiVersion === undefined) return true;
  if (typeof apiVersion !== 'string') return false;
  const slash = apiVersion.indexOf('/');
  return (slash === -1 ? '' : apiVersion.slice(0, slash)) === GROUPS[kind];
}

function refOf(kind: Kind, raw: RawObject): ObjectRef {
  const metadata = own(raw, 'metadata');
  const text = (key: string): string => {
    const value = isRawObject(metadata) ? own(metadata, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return { kind, namespace: text('namespace') || 'default', name: text('name') };
}
