import { byText } from '../base/index.js';
import type { EncodedResource } from '../codec/index.js';
import type { HostEntry } from './host-entry.js';
import type { Snapshot } from './snapshot.js';

/** Names of one kind of resource that came, became another, or went; each list in text order. */
export interface NameChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** By what two snapshots differ. A virtual host counts as changed when any proxy sees another one. */
export interface Changes {
  readonly cluster: NameChanges;
  readonly endpoint: NameChanges;
  readonly virtualHost: NameChanges;
  /** API listeners; the outbound listener depends on no snapshot. */
  readonly listener: NameChanges;
}

/** Exactly what differs, at the cost of what differs: entries that both share are not looked at. */
export function diff(before: Snapshot, after: Snapshot): Changes {
  const cluster = new Comparison();
  const endpoint = new Comparison();
  const virtualHost = new Comparison();
  const listener = new Comparison();
  for (const host of before.hosts.differences(after.hosts)) {
    const compare = (comparison: Comparison, ...parts: readonly (keyof HostEntry)[]): void =>
      comparison.add(versions(host.before, parts), versions(host.after, parts));
    compare(cluster, 'clusters');
    compare(endpoint, 'endpoints');
    compare(virtualHost, 'own', 'others');
    compare(listener, 'apiListeners');
  }
  return {
    cluster: cluster.result(),
    endpoint: endpoint.result(),
    virtualHost: virtualHost.result(),
    listener: listener.result(),
  };
}

/** Whether nothing differs. */
export function isEmptyChange(changes: Changes): boolean {
  return [changes.cluster, changes.endpoint, changes.virtualHost, changes.listener].every(
    ({ added, changed, removed }) => added.length + changed.length + removed.length === 0,
  );
}

/** Version by name; a name that stands in several parts has all its versions. */
function versions(entry: HostEntry | undefined, parts: readonly (keyof HostEntry)[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of parts) {
    const resources: readonly EncodedResource[] = entry?.[part] ?? [];
    for (const { name, version } of resources) found.set(name, `${found.get(name) ?? ''} ${version}`);
  }
  return found;
}

class Comparison {
  readonly #added: string[] = [];
  readonly #changed: string[] = [];
  readonly #removed: string[] = [];

  add(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
    for (const [name, version] of after) {
      const old = before.get(name);
      if (old === undefined) this.#added.push(name);
      else if (old !== version) this.#changed.push(name);
    }
    for (const name of before.keys()) if (!after.has(name)) this.#removed.push(name);
  }

  result(): NameChanges {
    return {
      added: this.#added.sort(byText),
      changed: this.#changed.sort(byText),
      removed: this.#removed.sort(byText),
    };
  }
}
