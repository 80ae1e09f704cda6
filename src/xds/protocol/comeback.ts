import { byText } from '../../base/index.js';
import type { DeltaRequest, EncodedResource } from '../../codec/index.js';
import type { View } from '../../snapshot/index.js';
import { ask, bulkAnswer } from './asking.js';
import { allWanted, review } from './coverage.js';
import type { BulkAnswer, Sharing } from './sharing.js';
import type { SubscriptionChange } from './subscription.js';
import type { TypeState } from './type-state.js';

/**
 * Version of the answer to a name that does not exist (VHDS). It says nothing about content, and has to be another one every
 * time: the same version again, without a body, is a heartbeat to Envoy 1.40, and the request that waits goes on waiting.
 */
export const UNKNOWN_VERSION = 'unknown-';

/** The first request of a client that was connected before. */
export interface Comeback {
  readonly state: TypeState;
  readonly request: DeltaRequest;
  readonly change: SubscriptionChange;
  readonly view: View;
  readonly sharing: Sharing;
}

/** Takes over what a client kept, and notes what it lacks; gives what of it is current. */
export function takeBack(of: Comeback): readonly EncodedResource[] {
  const { state, request, change, view, sharing } = of;
  const whole = bulkAnswer(state, change, view, sharing);
  if (whole !== undefined) return compare(of, whole);
  const kept = bring(state, request.initialVersions, view, sharing);
  reviewBrought(state, change, request, view);
  return kept;
}

/** All come back at once, and most of them with everything that they should have: only what differs is looked at by itself. */
function compare(of: Comeback, { found, absent }: BulkAnswer): readonly EncodedResource[] {
  const { state, request, view } = of;
  state.good.adopt(found.byName);
  const differing = new Set([...outdated(of, found), ...lacking(of, found)]);
  for (const name of absent) if (!request.initialVersions.has(name)) state.forced.add(name);
  for (const name of differing) if (!state.forced.has(name)) review(state, view, name);
  return differing.size === 0 ? found.resources : found.resources.filter(({ name }) => !differing.has(name));
}

/** What the client kept and wants, in another version than there is, or gone. */
function outdated({ state, request }: Comeback, found: BulkAnswer['found']): readonly string[] {
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
function lacking({ state, request, change }: Comeback, found: BulkAnswer['found']): readonly string[] {
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
