import { byText, type ObjectKey } from '../../base/index.js';
import type { EncodedResource } from '../../codec/index.js';
import { isBehind, lingering, wanted } from './coverage.js';
import { fullList } from './full-list.js';
import type { Scene } from './scene.js';
import type { BulkAnswer } from './sharing.js';
import type { TypeState } from './type-state.js';
import { isParted, partedHosts, readdress } from './virtual-hosts.js';

/** What the next response of a type says. */
export interface Content {
  /** What goes on the wire. */
  readonly resources: readonly EncodedResource[];
  /** What of it the client does not have: the same list, unless the response is a full one. */
  readonly fresh: readonly EncodedResource[];
  /** Removals, and names that do not exist. A full list says both by leaving out. */
  readonly removed: readonly string[];
  /** Names that do not exist, where a removal would not answer them (VHDS). */
  readonly unknown: readonly string[];
}

/** Unanswered responses of one type, when a client keeps subscribing without answering. */
const MOST_IN_FLIGHT = 8;

/**
 * The next response of a type, or `undefined` when there is none to send now.
 *
 * Pushes wait for the answer to the last response, so that a slow client has one pending state and not a queue: what piles
 * up are names, and the newest state of each is sent. Answers to subscriptions of the incremental protocol do not wait;
 * in the state of the world a request that counts has always answered the latest response. Nothing waits in a stream's
 * own queue: the last write has to be flushed.
 */
export function nextContent(state: TypeState, scene: Scene): Content | undefined {
  const calm = state.flights.size === 0;
  if (state.writing || !(calm || mayAnswer(state))) return undefined;
  const { fresh, absent } = collect(state, scene, calm);
  const update = { fresh: apart(state, fresh), absent };
  const owes = state.owesAnswer && state.forced.size === 0 && state.dirty.size === 0;
  if (state.isFull) return fullContent(state, scene, update, owes);
  const content = partContent(state, update, owes);
  if (content === undefined) return calm ? removal(state, scene) : undefined;
  // One domain may go from one virtual host to another, and must not be in both.
  return state.kind === 'virtualHost' && calm ? { ...content, removed: scene.ripe(state) } : content;
}

function mayAnswer({ variant, forced, bulk, flights }: TypeState): boolean {
  return variant === 'delta' && (forced.size > 0 || bulk !== undefined) && flights.size < MOST_IN_FLIGHT;
}

/** Only the incremental protocol can say that a name does not exist, or that there is nothing at all. */
function partContent({ kind, variant }: TypeState, { fresh, absent }: Update, owes: boolean): Content | undefined {
  const missing = variant === 'delta' ? absent : NONE;
  const mustSend = fresh.length + missing.length > 0 || (owes && variant === 'delta');
  if (!mustSend) return undefined;
  // A request that waits for a virtual host goes on waiting when that is removed (Envoy 1.37 to 1.40).
  const isWaitedFor = kind === 'virtualHost';
  return { resources: fresh, fresh, removed: isWaitedFor ? NONE : missing, unknown: isWaitedFor ? missing : NONE };
}

const NONE: readonly never[] = [];

interface Update {
  readonly fresh: readonly EncodedResource[];
  /** Names that were asked for and do not exist. */
  readonly absent: readonly string[];
}

/** Takes from the pending names what can go now. */
function collect(state: TypeState, scene: Scene, calm: boolean): Update {
  const bulk = wholeBulk(state, scene);
  if (bulk !== undefined) return { fresh: bulk.found.resources, absent: bulk.absent };
  readdress(state, scene);
  const parted = partedHosts(state, scene, calm);
  const { fresh, absent } = answers(state, scene, parted);
  const all = calm ? [...fresh, ...pushes(state, scene, parted)] : fresh;
  // Not in the order in which names became pending: equal updates of two clients are then equal bytes, and made once.
  return { fresh: all.toSorted((a, b) => byText(a.name, b.name)), absent: absent.toSorted(byText) };
}

/** What was asked for. */
function answers(state: TypeState, scene: Scene, parted: ReadonlySet<ObjectKey>): Update {
  const fresh: EncodedResource[] = [];
  const absent: string[] = [];
  for (const name of [...state.forced]) {
    const resource = answerTo(state, scene, name);
    if (resource !== undefined && (scene.isGated(state, resource) || isParted(state, resource, parted))) continue;
    if (resource !== undefined) fresh.push(resource);
    else if (isAbsent(state, scene, name)) absent.push(name);
    state.forced.delete(name);
    state.dirty.delete(name);
  }
  return { fresh, absent };
}

/** What has changed. */
function pushes(state: TypeState, scene: Scene, parted: ReadonlySet<ObjectKey>): readonly EncodedResource[] {
  const fresh: EncodedResource[] = [];
  for (const name of [...state.dirty]) {
    const resource = wanted(state, scene.view, name);
    if (resource !== undefined && isBehind(state, resource)) {
      if (scene.mustWait(state, resource) || isParted(state, resource, parted)) continue;
      fresh.push(resource);
    }
    state.dirty.delete(name);
  }
  return fresh;
}

/** What can be sent as a whole; where something of it has to wait, all goes name by name. */
function wholeBulk(state: TypeState, scene: Scene): BulkAnswer | undefined {
  const { bulk } = state;
  if (bulk === undefined) return undefined;
  const isAlone = state.forced.size + state.dirty.size === 0;
  if (!isAlone || bulk.found.resources.some((resource) => scene.isGated(state, resource))) {
    state.unbundle();
    return undefined;
  }
  state.bulk = undefined;
  return bulk;
}

/** What is sent to a client that asks for a name: not what it refused. */
function answerTo(state: TypeState, scene: Scene, name: string): EncodedResource | undefined {
  const resource = current(state, scene, name);
  return resource !== undefined && state.isRefused(resource) ? lastGood(state, name) : resource;
}

function current(state: TypeState, scene: Scene, name: string): EncodedResource | undefined {
  if (state.kind !== 'endpoint') return wanted(state, scene.view, name) ?? lingering(state, name);
  // Endpoints are also pushed behind their cluster before anybody subscribed to them.
  return scene.view.get('endpoint', name) ?? lingering(state, name) ?? departed(state, scene, name);
}

/** Requests wait for the answer (VHDS): with what the client took before, or with nothing. Others have it already. */
function lastGood(state: TypeState, name: string): EncodedResource | undefined {
  return state.kind === 'virtualHost' ? state.accepted(name) : undefined;
}

/** Whether a name has to be answered with its not being there. */
function isAbsent(state: TypeState, scene: Scene, name: string): boolean {
  const isRefused = current(state, scene, name) !== undefined;
  return isRefused ? state.kind === 'virtualHost' : !state.leaving.has(name);
}

/** A cluster that went before its endpoints were sent would be warming for 15 seconds (Envoy 1.40), and all others behind it. */
function departed(state: TypeState, scene: Scene, name: string): EncodedResource | undefined {
  const last = scene.departed.get(name);
  if (last !== undefined && !state.leaving.has(name)) state.leaving.set(name, undefined);
  return last;
}

/** Suspects go behind the others, and in parts: halves of what was refused, so that the one at fault is found soon. */
function apart(state: TypeState, fresh: readonly EncodedResource[]): readonly EncodedResource[] {
  if (state.suspects.size === 0) return fresh;
  const trusted = fresh.filter(({ name }) => !state.suspects.has(name));
  const chosen = new Set(trusted.length > 0 ? trusted : fresh.slice(0, Math.max(1, state.trialSize)));
  for (const resource of fresh) if (!chosen.has(resource)) state.dirty.add(resource.name);
  return [...chosen];
}

/** A removal is a response of its own, never one with something new in it (make before break). */
function removal(state: TypeState, scene: Scene): Content | undefined {
  const removed = scene.ripe(state);
  if (removed.length === 0) return undefined;
  if (state.variant === 'delta') return { resources: [], fresh: [], removed, unknown: NONE };
  // Here only full lists can remove: the client goes on holding what nothing refers to.
  for (const name of removed) state.forget(name);
  return undefined;
}

function fullContent(state: TypeState, scene: Scene, update: Update, owes: boolean): Content | undefined {
  const isUpdate = update.fresh.length > 0 || update.absent.length > 0 || owes;
  const removed = isUpdate ? [] : scene.ripe(state);
  if (!isUpdate && removed.length === 0) return undefined;
  return { resources: fullList(state, scene, update.fresh, removed), fresh: update.fresh, removed, unknown: NONE };
}
