import { byText } from '../../base/index.js';
import type { DeltaRequest, EncodedResource, SotwRequest } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';
import { allWanted, review } from './coverage.js';
import { type BulkAnswer, MANY, type Sharing } from './sharing.js';
import type { SubscriptionChange } from './subscription.js';
import type { Answer, TypeState } from './type-state.js';

/** What one request of a client meant; the subscription in it was taken over, except where it is stale. */
export type Verdict =
  | Answer
  | { readonly kind: 'stale' }
  /** A client that was connected before holds these, and they are current. */
  | { readonly kind: 'kept'; readonly resources: readonly EncodedResource[] };

/**
 * Version of the answer to a name that does not exist (VHDS). It says nothing about content, and has to be another one every
 * time: the same version again, without a body, is a heartbeat to Envoy 1.40, and the request that waits goes on waiting.
 */
export const UNKNOWN_VERSION = 'unknown-';

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
  return names.length < MANY ? names.map(ours) : sharing.names(names, ours).names;
}

const NONE: readonly never[] = [];

/** A first request of a client that was connected before. */
interface Return {
  readonly state: TypeState;
  readonly request: DeltaRequest;
  readonly change: SubscriptionChange;
  readonly view: View;
  readonly sharing: Sharing;
}

/** Takes over what a client kept, and notes what it lacks; gives what of it is current. */
function takeBack(of: Return): readonly EncodedResource[] {
  const { state, request, change, view, sharing } = of;
  const whole = bulkAnswer(state, change, view, sharing);
  if (whole !== undefined) return compare(of, whole);
  const kept = bring(state, request.initialVersions, view, sharing);
  reviewBrought(state, change, request, view);
  return kept;
}

/** All come back at once, and most of them with everything that they should have: only what differs is looked at by itself. */
function compare(of: Return, { found, absent }: BulkAnswer): readonly EncodedResource[] {
  const { state, request, view } = of;
  state.good.adopt(found.byName);
  const differing = new Set([...outdated(of, found), ...lacking(of, found)]);
  for (const name of absent) if (!request.initialVersions.has(name)) state.forced.add(name);
  for (const name of differing) if (!state.forced.has(name)) review(state, view, name);
  return differing.size === 0 ? found.resources : found.resources.filter(({ name }) => !differing.has(name));
}

/** What the client kept and wants, in another version than there is, or gone. */
function outdated({ state, request }: Return, found: BulkAnswer['found']): readonly string[] {
  const { names, wildcard } = state.subscription;
  const differing: string[] = [];
  for (const [name, version] of request.initialVersions) {
    if (found.byName.get(name)?.version === version || !(wildcard || names.has(name))) continue;
    state.good.set(name, { kind: 'brought', version });
    differing.push(name);
  }
  return differing;
}

/** What the client did not keep. */
function lacking({ state, request, change }: Return, found: BulkAnswer['found']): readonly string[] {
  const names = found.resources.map(({ name }) => name).filter((name) => !request.initialVersions.has(name));
  for (const name of names) {
    state.good.delete(name);
    if (change.wildcard !== 'begun') state.forced.add(name);
  }
  return names;
}

/**
 * What the client kept over a reconnect: of what is current we know more than the version, also when it no longer is. Gives
 * what is current.
 */
function bring(
  state: TypeState,
  versions: ReadonlyMap<string, string>,
  view: View,
  sharing: Sharing,
): readonly EncodedResource[] {
  const current: EncodedResource[] = [];
  const others: [string, string][] = [];
  for (const [name, version] of versions) {
    const resource = view.get(state.kind, name);
    if (resource?.version === version && resource.name === name) current.push(resource);
    else if (!version.startsWith(UNKNOWN_VERSION)) others.push([name, version]);
  }
  // In an order that is the same for all clients that hold the same.
  if (current.length > 0) state.good.adopt(sharing.list(current.sort((a, b) => byText(a.name, b.name))).byName);
  for (const [name, version] of others) state.good.set(name, { kind: 'brought', version });
  return current;
}

/** The first request: what the client brought in the version that is current is not sent, what is gone is taken away. */
function reviewBrought(state: TypeState, change: SubscriptionChange, request: DeltaRequest, view: View): void {
  for (const name of change.asked) if (!isAnswered(state, request, view, name)) ask(state, view, name);
  for (const name of [...state.good.keys()]) {
    const { names, wildcard } = state.subscription;
    if (wildcard || names.has(name)) review(state, view, name);
    else state.good.delete(name);
  }
  if (change.wildcard !== 'begun') return;
  for (const { name } of allWanted(state, view)) if (!state.forced.has(name)) review(state, view, name);
}

/** Whether a client that asks for a name shows that it has the answer: the resource, or that there is none. */
function isAnswered(state: TypeState, { initialVersions }: DeltaRequest, view: View, name: string): boolean {
  const resource = view.get(state.kind, name);
  const held = resource === undefined ? undefined : state.good.get(resource.name);
  // A virtual host that is sent anyway answers those who ask: it may be found by a name that it did not have before.
  if (resource !== undefined && state.kind === 'virtualHost') return held?.version === resource.version;
  if (resource !== undefined) return held !== undefined;
  return state.good.has(name) || initialVersions.get(name)?.startsWith(UNKNOWN_VERSION) === true;
}

// A name that is subscribed is sent, even if the client is believed to have it (xDS protocol, "Subscribing to Resources").
function force(state: TypeState, change: SubscriptionChange, view: View, sharing: Sharing): void {
  // One that waits for a write is no longer all that was asked for.
  if (change.asked.length + change.dropped.length > 0 || change.wildcard !== 'as before') state.unbundle();
  const bulk = bulkAnswer(state, change, view, sharing);
  if (bulk !== undefined) {
    state.bulk = bulk;
    return;
  }
  for (const name of change.asked) ask(state, view, name);
  if (change.wildcard === 'begun') for (const { name } of allWanted(state, view)) state.forced.add(name);
}

/** The first thing that a client asks for is the most, and thousands ask alike: it is looked up once for all of them. */
function bulkAnswer(
  state: TypeState,
  { asked, dropped, wildcard }: SubscriptionChange,
  view: View,
  sharing: Sharing,
): BulkAnswer | undefined {
  // A full list is put together from everything anyway, and virtual hosts are few and have other names.
  if (!state.isBlank || state.isFull || state.kind === 'virtualHost' || dropped.length > 0) return undefined;
  if (wildcard === 'begun') return asked.length === 0 ? sharing.everything(view, state.kind) : undefined;
  return asked.length < MANY ? undefined : sharing.under(view, state.kind, asked);
}

/** A virtual host goes by its own name and is asked for by others, which its answer has to repeat (VHDS). */
function ask(state: TypeState, view: View, name: string): void {
  const own = view.get(state.kind, name)?.name ?? name;
  state.forced.add(own);
  // Asked for anew, before it was said to be gone.
  if (!state.holds(own)) state.leaving.delete(own);
  if (own === name && state.kind !== 'virtualHost') return;
  const aliases = state.aliases.get(own);
  if (aliases === undefined) state.aliases.set(own, new Set([name]));
  else aliases.add(name);
}

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
