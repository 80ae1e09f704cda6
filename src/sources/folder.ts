import { byText, type ObjectRef, type Place, type Problem } from '../base/index.js';
import type { WorldEvent } from '../model/index.js';
import {
  duplicate,
  type HeldFile,
  type HeldObject,
  placed,
  type PlaceOf,
  places,
  type Sight,
  type Standing,
} from './held-file.js';
import { type Doubt, judge, type Verdict } from './judge.js';
import { type GivenEvent, inner } from './read-document.js';
import { locateIn, type Locate } from './yaml-text.js';

/** What a look at some files changed. */
export interface FolderChange {
  /** Each object at most once, what is there before what is gone. */
  readonly events: readonly WorldEvent[];
  /** By file, only where they are others than before; an empty list takes the former ones back. */
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
  /** Files that are perhaps just being written: what they say did not count. Look again when they have been quiet. */
  readonly doubtful: ReadonlyMap<string, Doubt>;
}

/**
 * What the files of a folder hold, and so which objects there are. Does no I/O: looks go in, changes come out.
 *
 * The order in which files are seen does not matter; what is seen together counts together, so that an object that moves from one
 * file to another is never gone in between. An object in several files is taken from the first in path order.
 */
export class Folder {
  readonly #files = new Map<string, HeldFile>();
  /** Which files give an object. */
  readonly #holders = new Map<string, Set<string>>();
  /** What was told of an object last. */
  readonly #told = new Map<string, { readonly ref: ObjectRef; readonly version: string }>();
  readonly #toldProblems = new Map<string, string>();
  /** Texts that did not count when they were seen; `undefined` where the file was gone. */
  readonly #doubted = new Map<string, string | undefined>();
  #located: { readonly text: string; readonly locate: Locate } | undefined;

  /**
   * Takes up what was found at some paths. `isSettled` tells of a path that was quiet since it was doubtful: its text counts if it is
   * still the one that was doubted.
   */
  see(sights: ReadonlyMap<string, Sight>, isSettled: (file: string) => boolean): FolderChange {
    this.#located = undefined;
    const objects = new Set<string>();
    const files = new Set<string>();
    const doubtful = new Map<string, Doubt>();
    for (const [file, sight] of sights) {
      const before = this.#files.get(file);
      const { now, doubt } = this.#judge(file, sight, isSettled(file));
      if (doubt !== 'none') doubtful.set(file, doubt);
      if (now === before) continue;
      files.add(file);
      for (const id of this.#replace(file, now)) objects.add(id);
    }
    for (const id of objects) for (const file of this.#holders.get(id) ?? []) files.add(file);
    return { events: this.#events(objects), problems: this.#problems(files), doubtful };
  }

  /** See `Source.locate`. */
  locate(id: string, path: string): Place | undefined {
    const standing = this.#first(id);
    if (standing === undefined) return undefined;
    const { document, found } = standing.held;
    // Many questions in a row are about one document; it is kept until the next look, for a parsed one is large.
    if (this.#located?.text !== document.text) this.#located = { text: document.text, locate: locateIn(document.text) };
    return placed(standing.file, document, this.#located.locate(inner(found.inside, path)));
  }

  #judge(file: string, sight: Sight, isSettled: boolean): Verdict {
    const text = sight.kind === 'text' ? sight.text : undefined;
    const counts = isSettled && (!this.#doubted.has(file) || this.#doubted.get(file) === text);
    const verdict = judge(this.#files.get(file), { file, sight, counts });
    if (verdict.doubt === 'none') this.#doubted.delete(file);
    else this.#doubted.set(file, text);
    return verdict;
  }

  /** Puts a file's new state in the place of its former one; gives the objects that either has. */
  #replace(file: string, now: HeldFile | undefined): ReadonlySet<string> {
    const former = this.#files.get(file)?.objects ?? new Map<string, HeldObject>();
    const present = now?.objects ?? new Map<string, HeldObject>();
    if (now === undefined) this.#files.delete(file);
    else this.#files.set(file, now);
    for (const id of present.keys()) this.#holders.set(id, (this.#holders.get(id) ?? new Set()).add(file));
    for (const id of former.keys()) if (!present.has(id)) this.#letGo(id, file);
    return new Set([...former.keys(), ...present.keys()]);
  }

  #letGo(id: string, file: string): void {
    const holders = this.#holders.get(id);
    holders?.delete(file);
    if (holders?.size === 0) this.#holders.delete(id);
  }

  #events(ids: ReadonlySet<string>): readonly WorldEvent[] {
    const there: WorldEvent[] = [];
    const gone: WorldEvent[] = [];
    for (const id of ids) {
      const told = this.#told.get(id);
      const standing = this.#first(id);
      if (standing === undefined) {
        this.#told.delete(id);
        if (told !== undefined) gone.push({ kind: 'deleted', ref: told.ref });
        continue;
      }
      const event = placedEvent(standing);
      const { ref, fingerprint } = standing.held.found;
      // Where a problem is, is part of what is told of it.
      const version =
        fingerprint + event.problems.map(({ place }) => `@${place?.file}:${place?.line}:${place?.column}`).join('');
      if (told?.version === version) continue;
      this.#told.set(id, { ref, version });
      there.push(event);
    }
    return [...there, ...gone];
  }

  #problems(files: ReadonlySet<string>): ReadonlyMap<string, readonly Problem[]> {
    const changed = new Map<string, readonly Problem[]>();
    const placeOf = places();
    for (const file of files) {
      const problems = [...(this.#files.get(file)?.problems ?? []), ...this.#duplicates(file, placeOf)];
      const text = problems.length === 0 ? '' : JSON.stringify(problems);
      if (text === (this.#toldProblems.get(file) ?? '')) continue;
      if (text === '') this.#toldProblems.delete(file);
      else this.#toldProblems.set(file, text);
      changed.set(file, problems);
    }
    return changed;
  }

  #duplicates(file: string, placeOf: PlaceOf): readonly Problem[] {
    const problems: Problem[] = [];
    for (const [id, held] of this.#files.get(file)?.objects ?? []) {
      if (held.isKept || this.#holders.get(id)?.size === 1) continue;
      const first = this.#first(id);
      if (first !== undefined && first.file !== file) problems.push(duplicate({ file, held }, first, placeOf));
    }
    return problems;
  }

  /** The one that is in force: a file that has the object now goes before one that only keeps it from former times. */
  #first(id: string): Standing | undefined {
    const holders = [...(this.#holders.get(id) ?? [])].flatMap((file) => {
      const held = this.#files.get(file)?.objects.get(id);
      return held === undefined ? [] : [{ file, held }];
    });
    return holders.sort((a, b) => rank(a.held) - rank(b.held) || byText(a.file, b.file))[0];
  }
}

function rank(held: HeldObject): number {
  return held.isKept ? 1 : 0;
}

function placedEvent({ file, held }: Standing): GivenEvent {
  const { event, positions } = held.found;
  if (event.problems.length === 0) return event;
  const problems = event.problems.map((problem, index) => {
    const at = positions[index];
    return at === undefined ? problem : { ...problem, place: placed(file, held.document, at) };
  });
  return { ...event, problems };
}
