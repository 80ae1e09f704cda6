import { type ObjectKey, OUTBOUND } from '../base/index.js';
import { type Changes, diff } from './diff.js';
import { EMPTY_SNAPSHOT, type Snapshot, withHosts } from './snapshot.js';

/** What comes to a proxy that begins to see these hosts of a snapshot, or goes from one that sees them no more. */
export function changesOf(snapshot: Snapshot, hosts: readonly ObjectKey[], what: 'come' | 'go'): Changes {
  const alone = withHosts(EMPTY_SNAPSHOT, new Map(hosts.map((key) => [key, snapshot.hosts.get(key)])));
  if (what === 'come') return diff(EMPTY_SNAPSHOT, alone);
  const gone = diff(alone, EMPTY_SNAPSHOT);
  // Whoever loses hosts gets another table (`HostSet.turn`), also where the snapshot has nothing of them any more.
  return { ...gone, route: { ...gone.route, changed: [OUTBOUND] } };
}
