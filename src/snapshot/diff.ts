import { byText, type ObjectKey } from '../base/index.js';
import type { EncodedResource } from '../codec/index.js';
import type { HostEntry, Part } from './host-entry.js';
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
  readonly scopedRoute: NameChanges;
  /** The route configurations of single Services; the table of all of them changes with any virtual host. */
  readonly route: NameChanges;
  /** API listeners; the outbound listener depends on no snapshot. */
  readonly listener: NameChanges;
  /** Every Service of which anything differs, in text order. */
  readonly hosts: readonly ObjectKey[];
}

/** Exactly what differs, at the cost of what differs: entries, and parts of them, that both share are not looked at. */
export function diff(before: Snapshot, after: Snapshot): Changes {
  const differing = [...before.hosts.differences(after.hosts)];
  const hosts = new Set<ObjectKey>();
  const names = (...parts: readonly Part[]): NameChanges => {
    const comparison = new Comparison();
    for (const host of differing) {
      if (parts.every((part) => host.before?.[part] === host.after?.[part])) continue;
      if (comparison.add(versions(host.before, parts), versions(host.after, parts))) hosts.add(host.key);
    }
    return comparison.result();
  };
  return {
    cluster: names('clusters'),
    endpoint: names('endpoints'),
    virtualHost: names('own', 'others'),
    scopedRoute: names('scopes', 'ownScopes'),
    route: names('routes'),
    listener: names('apiListeners'),
    hosts: [...hosts].sort(byText),
  };
}

/** Whether nothing differs. */
export function isEmptyChange({ hosts }: Changes): boolean {
  return hosts.length === 0;
}

/** Version by name; a name that stands in several parts has all its versions. */
function versions(entry: HostEntry | undefined, parts: readonly Part[]): ReadonlyMap<string, string> {
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

  /** Takes over what differs; tells whether anything does. */
  add(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): boolean {
    const had = this.#count();
    for (const [name, version] of after) {
      const old = before.get(name);
      if (old === undefined) this.#added.push(name);
      else if (old !== version) this.#changed.push(name);
    }
    for (const name of before.keys()) if (!after.has(name)) this.#removed.push(name);
    return this.#count() > had;
  }

  #count(): number {
    return this.#added.length + this.#changed.length + this.#removed.length;
  }

  result(): NameChanges {
    return {
      added: this.#added.sort(byText),
      changed: this.#changed.sort(byText),
      removed: this.#removed.sort(byText),
    };
  }
}
