import type { DeltaRequest, SotwRequest } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';
import { allWanted, review } from './coverage.js';
import type { SubscriptionChange } from './subscription.js';
import type { Answer, TypeState } from './type-state.js';

/** What one request of a client meant; the subscription in it was taken over, except where it is stale. */
export type Verdict = Answer | { readonly kind: 'stale' };

/** Reads a request of the incremental protocol. */
export function readDelta(state: TypeState, request: DeltaRequest, view: View): Verdict {
  const first = !state.started;
  state.started = true;
  // Answer and subscription are independent: the change counts on an ACK, on a NACK and on a stale nonce alike
  // (discovery.proto, DeltaDiscoveryRequest).
  const answer = state.answer(request.nonce, request.error?.message);
  if (first) bring(state, request.initialVersions, view);
  const subscribe = ourNames(state, request.subscribe, view);
  const change = state.subscription.changeBy({ subscribe, unsubscribe: request.unsubscribe }, first);
  if (first) reviewBrought(state, change, request, view);
  else force(state, change, view);
  drop(state, change, view);
  return answer;
}

/** Reads a request of the state-of-the-world protocol. */
export function readSotw(state: TypeState, request: SotwRequest, view: View): Verdict {
  // A request that does not answer our latest response was written before the client saw it; it will write another one
  // (xDS protocol, "ACK and NACK"). A first request may carry a version and has no nonce.
  if (state.started && request.nonce !== state.lastNonce) return { kind: 'stale' };
  state.started = true;
  const answer = state.answer(request.nonce, request.error?.message);
  const change = state.subscription.replaceBy(request);
  force(state, change, view);
  drop(state, change, view);
  // Full lists say that a name does not exist by leaving it out; the other types have no way to say so.
  if (state.isFull && (change.asked.length > 0 || change.wildcard === 'begun')) state.owesAnswer = true;
  return answer;
}

/**
 * The same names, where we know them in our own strings: a client names its thousands of endpoints in strings of its own, and
 * each client would keep them for as long as it is connected.
 */
function ourNames({ kind }: TypeState, names: readonly string[], view: View): readonly string[] {
  return names.map((name) => view.get(kind, name)?.name ?? name);
}

/** What the client kept over a reconnect: of what is current we know more than the version, also when it no longer is. */
function bring(state: TypeState, versions: ReadonlyMap<string, string>, view: View): void {
  for (const [name, version] of versions) {
    const current = view.get(state.kind, name);
    if (current?.version === version) state.good.set(current.name, current);
    else state.good.set(name, { kind: 'brought', version });
  }
}

/** The first request: what the client brought in the version that is current is not sent, what is gone is taken away. */
function reviewBrought(state: TypeState, change: SubscriptionChange, request: DeltaRequest, view: View): void {
  for (const name of change.asked) if (!state.good.has(name)) state.forced.add(name);
  for (const name of [...state.good.keys()]) {
    const { names, wildcard } = state.subscription;
    if (wildcard || names.has(name)) review(state, view, name);
    else state.good.delete(name);
  }
  if (change.wildcard !== 'begun') return;
  for (const { name } of allWanted(state, view)) if (!state.forced.has(name)) review(state, view, name);
  state.owesAnswer = request.initialVersions.size === 0;
}

// A name that is subscribed is sent, even if the client is believed to have it (xDS protocol, "Subscribing to Resources").
function force(state: TypeState, change: SubscriptionChange, view: View): void {
  for (const name of change.asked) state.forced.add(name);
  if (change.wildcard === 'begun') for (const { name } of allWanted(state, view)) state.forced.add(name);
}

function drop(state: TypeState, change: SubscriptionChange, view: View): void {
  const { names, wildcard } = state.subscription;
  for (const name of change.dropped) {
    // Under a wildcard the client can not tell whether it still has it, and must be told (xDS protocol, "Unsubscribing
    // From Resources"); a full list tells it by itself.
    if (!wildcard) state.forget(name);
    else if (state.variant === 'delta') state.forced.add(name);
    else review(state, view, name);
  }
  if (change.wildcard !== 'ended') return;
  for (const name of known(state)) if (!names.has(name)) state.forget(name);
}

function known(state: TypeState): ReadonlySet<string> {
  return new Set([
    ...state.good.keys(),
    ...state.flying.keys(),
    ...state.uncertain,
    ...state.dirty,
    ...state.forced,
    ...state.refused.keys(),
    ...state.leaving.keys(),
  ]);
}
