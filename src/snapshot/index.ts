/** What is served, as frozen values that share what did not change: snapshots, what differs between two, and how a proxy sees one. */
export { diff, isEmptyChange } from './diff.js';
export type { Changes, NameChanges } from './diff.js';
export type { HostEntry } from './host-entry.js';
export { EMPTY_SNAPSHOT, withHosts } from './snapshot.js';
export type { Refuse, Snapshot } from './snapshot.js';
export { viewsWith } from './view.js';
export type { Assembly, ListenAddress, ProxyScope, View, ViewOf } from './view.js';
