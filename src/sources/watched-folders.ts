import { type FSWatcher, watch } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { isHidden, isMissing } from './survey.js';

/** Prefix of the names that kubelet's atomic writer uses for itself: `..data` is the link that it swaps. */
const KUBELET = '..';

/** Whether `path` is `folder` or beneath it; both normal, and the paths in `.` do not say so. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || folder === '.' || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Says which paths may have changed in a set of folders, one inotify watch a folder. It only says where to look, never what is there. */
export class WatchedFolders {
  readonly #watches = new Map<string, { readonly mark: string; readonly watcher: FSWatcher }>();
  readonly #refused = new Set<string>();
  readonly #onDirty: (path: string) => void;
  readonly #onRefused: (folder: string, error: unknown) => void;

  /** `onRefused` is called once for a folder that can not be watched (a limit of the system, say). */
  constructor(onDirty: (path: string) => void, onRefused: (folder: string, error: unknown) => void) {
    this.#onDirty = onDirty;
    this.#onRefused = onRefused;
  }

  /** Watches a folder, unless the very same one is watched already. `mark` is the one of `Survey.folders`. */
  arm(folder: string, mark: string): void {
    const former = this.#watches.get(folder);
    if (former?.mark === mark) return;
    try {
      const watcher = watch(folder, (_, name) => {
        this.#onEvent(folder, name);
      });
      watcher.on('error', () => {
        this.#lose(folder);
      });
      this.#watches.set(folder, { mark, watcher });
      this.#refused.delete(folder);
    } catch (error) {
      this.#watches.delete(folder);
      // One that went away meanwhile is no problem: its going is an event of the folder around it.
      if (isMissing(error)) return;
      if (!this.#refused.has(folder)) this.#onRefused(folder, error);
      this.#refused.add(folder);
    }
    former?.watcher.close();
  }

  /** Lets go of the watched folders at `path` and beneath that are not in `present`. */
  keepOnly(path: string, present: ReadonlyMap<string, string>): void {
    for (const [folder, { watcher }] of this.#watches) {
      if (!isWithin(path, folder) || present.has(folder)) continue;
      watcher.close();
      this.#watches.delete(folder);
    }
  }

  /** Lets go of everything. */
  close(): void {
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  #onEvent(folder: string, name: string | null): void {
    if (name === null || name.startsWith(KUBELET)) {
      this.#onDirty(folder);
      return;
    }
    // So a folder's own end is told (by its own name, inotify's IN_DELETE_SELF and IN_MOVE_SELF): its watch is then dead or has
    // moved away with it. A child of the same name costs no more than a new watch.
    if (name === basename(folder)) this.#lose(folder);
    if (!isHidden(name)) this.#onDirty(join(folder, name));
  }

  #lose(folder: string): void {
    this.#watches.get(folder)?.watcher.close();
    this.#watches.delete(folder);
    this.#onDirty(folder);
  }
}
