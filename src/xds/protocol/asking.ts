import type { View } from '../../snapshot/index.js';
import { allWanted } from './coverage.js';
import { type BulkAnswer, MANY, type Sharing } from './sharing.js';
import type { SubscriptionChange } from './subscription.js';
import type { TypeState } from './type-state.js';

/** Notes what a client asked for: that is sent, even if the client is believed to have it (xDS protocol, "Subscribing to Resources"). */
export function force(state: TypeState, change: SubscriptionChange, view: View, sharing: Sharing): void {
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
export function bulkAnswer(
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
export function ask(state: TypeState, view: View, name: string): void {
  const own = view.get(state.kind, name)?.name ?? name;
  state.forced.add(own);
  // Asked for anew, before it was said to be gone.
  if (!state.holds(own)) state.leaving.delete(own);
  if (own === name && state.kind !== 'virtualHost') return;
  const aliases = state.aliases.get(own);
  if (aliases === undefined) state.aliases.set(own, new Set([name]));
  else aliases.add(name);
}
