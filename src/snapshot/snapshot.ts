import type { ObjectKey } from '../base/index.js';
import { checkEntry, type HostEntry, sharing } from './host-entry.js';
import { SharedMap } from './shared-map.js';
import { SortedKeys } from './sorted-keys.js';

/** Everything that is served at one moment. A frozen value: a change makes another one, which shares what stayed. */
export interface Snapshot {
  readonly hosts: SharedMap<ObjectKey, HostEntry>;
  /** Keys of `hosts` in text order: the order of everything that lists hosts. */
  readonly keys: SortedKeys<ObjectKey>;
  /** The same object for as long as every virtual host is the same: what was built of them can be kept by it. */
  readonly routing: object;
}

/** Nothing at all. */
export const EMPTY_SNAPSHOT: Snapshot = Object.freeze({
  hosts: SharedMap.empty<ObjectKey, HostEntry>(),
  keys: SortedKeys.empty<ObjectKey>(),
  routing: {},
});

/** What becomes of an entry that can not be part of a snapshot (`checkEntry`), and of the host it was for. */
export type Refuse = (key: ObjectKey, error: unknown) => void;

/**
 * The snapshot after these hosts changed; `undefined` takes a host away. `before` itself when nothing comes out different.
 *
 * Costs what the changes cost, whatever else is in the snapshot. An entry that refers to what it does not hold is refused:
 * its host keeps what it had and `refuse` is told, or the error is thrown where nobody wants to know.
 */
export function withHosts(
  before: Snapshot,
  changed: ReadonlyMap<ObjectKey, HostEntry | undefined>,
  refuse: Refuse = rethrow,
): Snapshot {
  const changes = new Map<ObjectKey, HostEntry | undefined>();
  for (const [key, entry] of changed) {
    const old = before.hosts.get(key);
    const now = entry === undefined ? undefined : accepted(key, { entry, old, refuse });
    if (now !== old) changes.set(key, now);
  }
  if (changes.size === 0) return before;
  return Object.freeze({
    hosts: before.hosts.with(changes),
    keys: keysAfter(before, changes),
    routing: routes(before, changes) ? {} : before.routing,
  });
}

interface Candidate {
  readonly entry: HostEntry;
  readonly old: HostEntry | undefined;
  readonly refuse: Refuse;
}

function accepted(key: ObjectKey, { entry, old, refuse }: Candidate): HostEntry | undefined {
  try {
    const shared = sharing(old, entry);
    checkEntry(key, shared, old);
    return shared;
  } catch (error) {
    refuse(key, error);
    return old;
  }
}

function rethrow(_key: ObjectKey, error: unknown): never {
  throw error;
}

function keysAfter(before: Snapshot, changes: ReadonlyMap<ObjectKey, HostEntry | undefined>): SortedKeys<ObjectKey> {
  const added: ObjectKey[] = [];
  const gone = new Set<ObjectKey>();
  for (const [key, entry] of changes) {
    if (entry === undefined) gone.add(key);
    else if (before.hosts.get(key) === undefined) added.push(key);
  }
  return before.keys.with(added, gone);
}

/** Whether any virtual host is another one than before. */
function routes(before: Snapshot, changes: ReadonlyMap<ObjectKey, HostEntry | undefined>): boolean {
  for (const [key, entry] of changes) {
    const old = before.hosts.get(key);
    if (entry?.own !== old?.own || entry?.others !== old?.others) return true;
  }
  return false;
}
