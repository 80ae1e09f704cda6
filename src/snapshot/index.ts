/** What is served, as frozen values that share what did not change: snapshots, what differs between two, and how a proxy sees one. */
export { diff, isEmptyChange } from './diff.js';
export type { Changes, NameChanges } from './diff.js';
export { changesOf } from './host-changes.js';
export type { HostEntry } from './host-entry.js';
export { HostSet } from './host-set.js';
export type { Turn } from './host-set.js';
export { hostAsked, ownerOf } from './owner.js';
export { referrersOf } from './referrers.js';
export type { Referrer } from './referrers.js';
export { EMPTY_SNAPSHOT, withHosts } from './snapshot.js';
export type { Refuse, Snapshot } from './snapshot.js';
export { viewsWith } from './view.js';
export type { Assembly, ListenAddress, ProxyScope, Routing, View, ViewOf } from './view.js';
