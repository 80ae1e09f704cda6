import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { byText, ControlPlaneError, type DurationMs, type ObjectRef, type Place, printRef } from '../base/index.js';
import { Folder } from './folder.js';
import type { Sight } from './held-file.js';
import { inParallel } from './in-parallel.js';
import type { Source, SourceLog, SourceSink } from './source.js';
import { cannotRead, isThere, look, type Survey, survey } from './survey.js';
import { isWithin, WatchedFolders } from './watched-folders.js';

/** How a directory source reads; everything has a default. */
export interface DirectoryOptions {
  /** How long a file has to be quiet until a text that looks half-written counts, ten times as long where objects are missing from it: 20 ms. */
  readonly settle?: DurationMs;
  /** How often everything is compared with what is known, in case an event got lost: 5 s, less often where there is very much. */
  readonly rescanEvery?: DurationMs;
  /** Largest file that is read, in bytes: 16 MiB. */
  readonly fileLimit?: number;
}

const SETTLE_MS = 20;
const LOSS = 10;
const RESCAN_MS = 5000;
const RESCAN_PAUSE = 100;
/** 16 MiB: a thousand times a large Rollout, and more than etcd takes for any one object. */
export const FILE_LIMIT = 16_777_216;
const READS_AT_ONCE = 16;

/**
 * The Kubernetes objects in the `*.yaml`, `*.yml` and `*.json` files of a folder and all folders in it, as they change. `path` may
 * also be a single file.
 *
 * A file that another one replaces (rename, a mounted ConfigMap) counts at once, and so does one written in place that only grew
 * or kept its size. One that looks as if it were just being written (see `Doubt`), and one that is gone, counts when it has been
 * quiet for `settle`.
 * What is broken, cut off, empty, unreadable or too large is reported and keeps what it gave; only a whole file, its deletion or that of
 * its folder takes objects away.
 */
export function directorySource(path: string, options: DirectoryOptions, log: SourceLog): Source {
  // The folder that has this name, whichever it is: what `.` means would follow the working directory when that is moved or deleted.
  return new DirectorySource(resolve(path), options, log);
}

/** That there is nothing to read from. */
export function sourceUnreadable(path: string): ControlPlaneError {
  return new ControlPlaneError(
    'SOURCE_UNREADABLE',
    `${path} can not be read: give an existing folder or file with Kubernetes objects`,
  );
}

/**
 * Level-triggered: an event only marks a path as dirty, the work looks at what is there now. All that is marked in one turn of the
 * event loop is one batch, what is marked during a look is the next one.
 */
class DirectorySource implements Source {
  readonly #root: string;
  readonly #settleMs: number;
  readonly #rescanMs: number;
  readonly #fileLimit: number;
  readonly #log: SourceLog;
  readonly #folder = new Folder();
  readonly #watched: WatchedFolders;
  /** Marks of the files that were seen; those of what could not be read never match. */
  readonly #marks = new Map<string, string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Paths to look at, each with the time of the first sign that it is another one. */
  readonly #dirty = new Map<string, number>();
  readonly #settled = new Set<string>();
  #sink: SourceSink | undefined;
  #parent: FSWatcher | undefined;
  #rescan: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #patrol: Promise<void> | undefined;
  #isOpen = true;

  constructor(root: string, { settle, rescanEvery, fileLimit }: DirectoryOptions, log: SourceLog) {
    this.#root = root;
    this.#settleMs = settle ?? SETTLE_MS;
    this.#rescanMs = rescanEvery ?? RESCAN_MS;
    this.#fileLimit = fileLimit ?? FILE_LIMIT;
    this.#log = log;
    this.#watched = new WatchedFolders(
      (path) => {
        this.#mark(path);
      },
      (folder, error) => {
        this.#log.warn(
          { folder, error, seenEveryMs: this.#rescanMs },
          'folder can not be watched, its changes are seen late',
        );
      },
    );
  }

  async start(sink: SourceSink): Promise<void> {
    if (!(await isThere(this.#root))) throw sourceUnreadable(this.#root);
    if (!this.#isOpen) return;
    const seenAt = performance.now();
    this.#watchName();
    const sights = await this.#look([this.#root], new Set());
    if (!this.#isOpen) return;
    this.#sink = sink;
    const { problems, events } = this.#folder.see(sights, () => true);
    for (const [file, list] of problems) sink.fileProblems(file, list);
    sink.apply(events, seenAt);
    this.#rescanLater();
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    this.#watched.close();
    this.#parent?.close();
    clearTimeout(this.#rescan);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all([this.#work, this.#patrol]);
    this.#watched.close();
  }

  locate(ref: ObjectRef, path: string): Place | undefined {
    return this.#folder.locate(printRef(ref), path);
  }

  /** A folder's own watch does not tell when another one takes its name; the folder around it does. */
  #watchName(): void {
    const path = this.#root;
    try {
      this.#parent = watch(dirname(path), (_, name) => {
        if (name === basename(path)) this.#mark(path);
      });
      this.#parent.on('error', () => this.#parent?.close());
    } catch (error) {
      this.#log.warn({ folder: dirname(path), error }, 'folder around the source can not be watched');
    }
  }

  /** `lastMs`: how long the last one took. Thousands of files are looked at less often, so that it stays a small part of the time. */
  #rescanLater(lastMs = 0): void {
    if (!this.#isOpen) return;
    const begin = (): void => {
      const startedAt = performance.now();
      this.#patrol = this.#compare().finally(() => {
        this.#rescanLater(performance.now() - startedAt);
      });
    };
    this.#rescan = setTimeout(begin, Math.max(this.#rescanMs, lastMs * RESCAN_PAUSE)).unref();
  }

  /**
   * Compares everything with what is known, and marks what differs. That goes on beside the work: a changed file must not wait until
   * thousands of others were looked at.
   */
  async #compare(): Promise<void> {
    const { files, folders, failed } = await this.#surveyed(this.#root);
    if (!this.#isOpen) return;
    for (const [file, mark] of files) if (this.#marks.get(file) !== mark) this.#mark(file);
    for (const file of this.#marks.keys()) {
      const isHeldBack = [...failed.keys()].some((folder) => isWithin(folder, file));
      if (!files.has(file) && !isHeldBack) this.#mark(file);
    }
    for (const path of failed.keys()) this.#mark(path);
    if (files.size + folders.size === 0) this.#mark(this.#root);
  }

  #mark(path: string, seenAt: number = performance.now()): void {
    this.#dirty.set(path, Math.min(this.#dirty.get(path) ?? seenAt, seenAt));
    this.#begin();
  }

  #begin(): void {
    if (this.#sink === undefined || this.#work !== undefined || this.#dirty.size === 0 || !this.#isOpen) return;
    this.#work = this.#takeUp(this.#sink).finally(() => {
      this.#work = undefined;
      this.#begin();
    });
  }

  async #takeUp(sink: SourceSink): Promise<void> {
    // Events come in runs, several callbacks in one turn; what belongs together must be looked at together.
    await new Promise(setImmediate);
    const paths = [...this.#dirty.keys()];
    const seenAt = [...this.#dirty.values()].reduce((first, one) => Math.min(first, one));
    const settled = new Set(this.#settled);
    this.#dirty.clear();
    this.#settled.clear();
    const sights = await this.#look(paths, new Set(paths));
    if (!this.#isOpen) return;
    const change = this.#folder.see(sights, (file) => settled.has(file));
    for (const [file, { kind }] of sights) if (kind === 'gone' && !change.doubtful.has(file)) this.#marks.delete(file);
    for (const file of sights.keys()) this.#forgetQuiet(file);
    for (const [file, doubt] of change.doubtful) {
      this.#lookAgain(file, { waitMs: doubt === 'lost' ? this.#settleMs * LOSS : this.#settleMs, seenAt });
    }
    for (const [file, list] of change.problems) sink.fileProblems(file, list);
    if (change.events.length > 0) sink.apply(change.events, seenAt);
  }

  /** A file that was just looked at is no longer quiet since its last doubt: that would make the next half-written text count at once. */
  #forgetQuiet(file: string): void {
    clearTimeout(this.#timers.get(file));
    this.#timers.delete(file);
    this.#settled.delete(file);
  }

  #lookAgain(file: string, { waitMs, seenAt }: { readonly waitMs: number; readonly seenAt: number }): void {
    const timer = setTimeout(() => {
      this.#timers.delete(file);
      this.#settled.add(file);
      this.#mark(file, seenAt);
    }, waitMs);
    this.#timers.set(file, timer);
  }

  /** Looks at paths: at the files of `named` in any case, at others where their mark is another one. */
  async #look(paths: readonly string[], named: ReadonlySet<string>): Promise<ReadonlyMap<string, Sight>> {
    const sights = new Map<string, Sight>();
    const files = new Map<string, string>();
    for (const found of await inParallel(paths, READS_AT_ONCE, (path) => this.#survey(path, sights))) {
      for (const [file, mark] of found.files) {
        if (named.has(file) || this.#marks.get(file) !== mark) files.set(file, mark);
      }
    }
    // In path order, so that the same folder always gives the same batch.
    const inOrder = [...files].sort(([a], [b]) => byText(a, b));
    const texts = await inParallel(inOrder, READS_AT_ONCE, ([file]) => look(file, this.#fileLimit));
    for (const [index, [file, mark]] of inOrder.entries()) {
      const sight = texts[index];
      this.#marks.set(file, sight?.kind === 'text' ? mark : '');
      if (sight !== undefined) sights.set(file, sight);
    }
    const isLost = [...sights.values()].some(({ kind }) => kind === 'gone') && !(await isThere(this.#root));
    return isLost ? this.#withoutRoot(sights) : sights;
  }

  /** Finds what is at a path, watches its folders, and notes as gone what was there. */
  async #survey(path: string, sights: Map<string, Sight>): Promise<Survey> {
    const found = await this.#surveyed(path);
    // Most often the path is one file that was there before, and there is no need to look at all the others.
    const known = found.files.has(path) && this.#marks.has(path) ? [] : this.#marks.keys();
    for (const file of known) {
      if (!isWithin(path, file) || found.files.has(file)) continue;
      const isHeldBack = [...found.failed.keys()].some((folder) => isWithin(folder, file));
      if (!isHeldBack) sights.set(file, { kind: 'gone' });
    }
    if (path === this.#root && found.files.size + found.folders.size === 0) sights.set(path, { kind: 'gone' });
    for (const [folder, problem] of found.failed) {
      this.#marks.set(folder, '');
      sights.set(folder, { kind: 'unreadable', problem });
    }
    return found;
  }

  async #surveyed(path: string): Promise<Survey> {
    const found = await survey(path, this.#root, (folder, mark) => {
      if (this.#isOpen) this.#watched.arm(folder, mark);
    });
    this.#watched.keepOnly(path, found.folders);
    return found;
  }

  /** While the root is not there at all, everything that it held stays in force: an unmounted volume is no order to stop. */
  #withoutRoot(sights: ReadonlyMap<string, Sight>): ReadonlyMap<string, Sight> {
    const rest = [...sights].filter(([, { kind }]) => kind !== 'gone');
    this.#marks.set(this.#root, '');
    return new Map([...rest, [this.#root, { kind: 'unreadable', problem: cannotRead(this.#root, 'no longer there') }]]);
  }
}
