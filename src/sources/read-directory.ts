import { byText, type ObjectRef, type Place, type Problem, printRef } from '../base/index.js';
import type { WorldEvent } from '../model/index.js';
import { FILE_LIMIT, sourceUnreadable } from './directory-source.js';
import { Folder } from './folder.js';
import type { Sight } from './held-file.js';
import { inParallel } from './in-parallel.js';
import { isThere, look, rootOf, survey } from './survey.js';

/** What a folder or file held at one moment. */
export interface DirectoryContent {
  /** Every object, with its own problems. */
  readonly events: readonly WorldEvent[];
  /** What is wrong with files as such (broken YAML, an object given twice), in path order. */
  readonly problems: readonly Problem[];
  /** See `Source.locate`. */
  readonly locate: (ref: ObjectRef, path: string) => Place | undefined;
}

const READS_AT_ONCE = 16;

/**
 * Reads a folder with all that is in it, or one file of any name, once. Fails with `ControlPlaneError` SOURCE_UNREADABLE where
 * there is nothing.
 */
export async function readDirectory(path: string): Promise<DirectoryContent> {
  const root = rootOf(path);
  if (!(await isThere(root))) throw sourceUnreadable(root);
  const { files, failed } = await survey(root, root);
  const paths = [...files.keys()].sort(byText);
  const texts = await inParallel(
    paths,
    READS_AT_ONCE,
    async (file): Promise<[string, Sight]> => [file, await look(file, FILE_LIMIT)],
  );
  const folders = [...failed].map(([file, problem]): [string, Sight] => [file, { kind: 'unreadable', problem }]);
  const folder = new Folder();
  const { events, problems } = folder.see(new Map([...texts, ...folders]), () => true);
  return {
    events,
    problems: [...problems].sort(([a], [b]) => byText(a, b)).flatMap(([, list]) => list),
    locate: (ref, field) => folder.locate(printRef(ref), field),
  };
}
