import { byText, type ObjectKey } from '../base/index.js';
import { checkEntry, type HostEntry, sharing } from './host-entry.js';
import { SharedMap } from './shared-map.js';

/** Everything that is served at one moment. A frozen value: a change makes another one, which shares what stayed. */
export interface Snapshot {
  readonly hosts: SharedMap<ObjectKey, HostEntry>;
  /** Keys of `hosts` in text order: the order of everything that lists hosts. */
  readonly keys: readonly ObjectKey[];
  /** The same object for as long as every virtual host is the same: what was built of them can be kept by it. */
  readonly routing: object;
}

/** Nothing at all. */
export const EMPTY_SNAPSHOT: Snapshot = Object.freeze({
  hosts: SharedMap.empty<ObjectKey, HostEntry>(),
  keys: [],
  routing: {},
});

/**
 * The snapshot after these hosts changed; `undefined` takes a host away. `before` itself when nothing comes out different.
 *
 * Costs what the changes cost, whatever else is in the snapshot. Throws (invariant) when an entry refers to what it does not
 * hold; then nothing is changed.
 */
export function withHosts(before: Snapshot, changed: ReadonlyMap<ObjectKey, HostEntry | undefined>): Snapshot {
  const changes = new Map<ObjectKey, HostEntry | undefined>();
  for (const [key, entry] of changed) {
    const old = before.hosts.get(key);
    if (entry !== undefined) checkEntry(key, entry);
    const now = entry === undefined ? undefined : sharing(old, entry);
    if (now !== old) changes.set(key, now);
  }
  if (changes.size === 0) return before;
  return Object.freeze({
    hosts: before.hosts.with(changes),
    keys: keysAfter(before, changes),
    routing: routes(before, changes) ? {} : before.routing,
  });
}

function keysAfter(before: Snapshot, changes: ReadonlyMap<ObjectKey, HostEntry | undefined>): readonly ObjectKey[] {
  const added: ObjectKey[] = [];
  const gone = new Set<ObjectKey>();
  for (const [key, entry] of changes) {
    if (entry === undefined) gone.add(key);
    else if (before.hosts.get(key) === undefined) added.push(key);
  }
  if (added.length === 0 && gone.size === 0) return before.keys;
  const kept = gone.size === 0 ? before.keys : before.keys.filter((key) => !gone.has(key));
  return Object.freeze([...kept, ...added].sort(byText));
}

/** Whether any virtual host is another one than before. */
function routes(before: Snapshot, changes: ReadonlyMap<ObjectKey, HostEntry | undefined>): boolean {
  for (const [key, entry] of changes) {
    const old = before.hosts.get(key);
    if (entry?.own !== old?.own || entry?.others !== old?.others) return true;
  }
  return false;
}
