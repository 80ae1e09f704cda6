import type { ObjectKey } from '../base/index.js';
import { type Changes, diff } from './diff.js';
import { EMPTY_SNAPSHOT, type Snapshot, withHosts } from './snapshot.js';

/** What comes to a proxy that begins to see these hosts of a snapshot, or goes from one that sees them no more. */
export function changesOf(snapshot: Snapshot, hosts: readonly ObjectKey[], what: 'come' | 'go'): Changes {
  const alone = withHosts(EMPTY_SNAPSHOT, new Map(hosts.map((key) => [key, snapshot.hosts.get(key)])));
  return what === 'come' ? diff(EMPTY_SNAPSHOT, alone) : diff(alone, EMPTY_SNAPSHOT);
}
