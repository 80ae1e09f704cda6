import type { DeltaRequest, EncodedResource, SotwRequest } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';
import { force } from './asking.js';
import { takeBack } from './comeback.js';
import { review } from './coverage.js';
import type { Sharing } from './sharing.js';
import type { SubscriptionChange } from './subscription.js';
import type { Answer, TypeState } from './type-state.js';

/** What one request of a client meant; the subscription in it was taken over, except where it is stale. */
export type Verdict =
  | Answer
  | { readonly kind: 'stale' }
  /** A client that was connected before holds these, and they are current. */
  | { readonly kind: 'kept'; readonly resources: readonly EncodedResource[] };

/** Reads a request of the incremental protocol. */
export function readDelta(state: TypeState, request: DeltaRequest, view: View, sharing: Sharing): Verdict {
  const first = !state.started;
  state.started = true;
  // Answer and subscription are independent: the change counts on an ACK, on a NACK and on a stale nonce alike
  // (discovery.proto, DeltaDiscoveryRequest).
  const answer = state.answer(request.nonce, request.error?.message);
  const { unsubscribe } = request;
  const subscribe = ourNames(state, request.subscribe, view, sharing);
  const change = state.subscription.changeBy({ subscribe, unsubscribe }, first);
  let kept: readonly EncodedResource[] = NONE;
  if (first && request.initialVersions.size > 0) kept = takeBack({ state, request, change, view, sharing });
  else force(state, change, view, sharing);
  if (first && change.wildcard === 'begun' && request.initialVersions.size === 0) state.owesAnswer = true;
  drop(state, change, view);
  return kept.length > 0 ? { kind: 'kept', resources: kept } : answer;
}

/** Reads a request of the state-of-the-world protocol. */
export function readSotw(state: TypeState, request: SotwRequest, view: View, sharing: Sharing): Verdict {
  // A request that does not answer our latest response was written before the client saw it; it will write another one
  // (xDS protocol, "ACK and NACK"). A first request may carry a version and has no nonce.
  if (state.started && request.nonce !== state.lastNonce) return { kind: 'stale' };
  state.started = true;
  const answer = state.answer(request.nonce, request.error?.message);
  const change = state.subscription.replaceBy(request);
  force(state, change, view, sharing);
  drop(state, change, view);
  // Full lists say that a name does not exist by leaving it out; the other types have no way to say so.
  if (state.isFull && (change.asked.length > 0 || change.wildcard === 'begun')) state.owesAnswer = true;
  return answer;
}

/**
 * The same names, where we know them in our own strings: a client names its thousands of endpoints in strings of its own, and
 * each client would keep them for as long as it is connected.
 */
function ourNames({ kind }: TypeState, names: readonly string[], view: View, sharing: Sharing): readonly string[] {
  const ours = (name: string): string => {
    const known = view.get(kind, name)?.name;
    return known === name ? known : name;
  };
  return sharing.names(names, ours).names;
}

const NONE: readonly never[] = [];

function drop(state: TypeState, change: SubscriptionChange, view: View): void {
  const { names, wildcard } = state.subscription;
  for (const name of change.dropped) {
    if (wildcard) dropUnderWildcard(state, view, name);
    else state.forget(name);
  }
  if (change.wildcard !== 'ended') return;
  for (const name of known(state)) if (!names.has(name)) state.forget(name);
}

/**
 * Under a wildcard the client can not tell whether it still has what it dropped, and must be told (xDS protocol, "Unsubscribing
 * From Resources"); a full list tells it by itself.
 */
function dropUnderWildcard(state: TypeState, view: View, name: string): void {
  const resource = view.get(state.kind, name);
  // Other names of virtual hosts are what was asked, not what is held: Envoy 1.40 drops them all when it forgets what it asked
  // for, and goes on waiting for those that were not answered.
  const isAlias = state.kind === 'virtualHost' && resource?.name !== name;
  if (!isAlias && state.variant === 'delta') state.forced.add(name);
  else if (!isAlias) review(state, view, name);
  // It goes on knowing that there is none of this name, and would say so with every reconnect.
  else if (resource === undefined && !state.forced.has(name)) state.leaving.set(name, undefined);
}

function known(state: TypeState): ReadonlySet<string> {
  return new Set([
    ...state.good.keys(),
    ...state.flights.names(),
    ...state.uncertain,
    ...state.dirty,
    ...state.forced,
    ...state.refused.keys(),
    ...state.leaving.keys(),
  ]);
}
