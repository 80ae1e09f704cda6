import type { ObjectRef, Place, Problem } from '../base/index.js';
import type { WorldEvent } from '../model/index.js';

/** What a source needs from whoever listens to it. Neither call may throw. */
export interface SourceSink {
  /**
   * What changed, as one batch: it holds together, so it should be taken up together. Each object is in it at most once. `seenAt`
   * is when the first sign of it came, before anything was read, in the milliseconds of `performance.now()`.
   */
  apply(events: readonly WorldEvent[], seenAt: number): void;
  /** What is wrong with a file or folder as such; replaces what was said of it before, an empty list takes it back. */
  fileProblems(file: string, problems: readonly Problem[]): void;
}

/** Where objects come from. */
export interface Source {
  /**
   * Resolves when everything that is there was given to the sink as one batch (an empty one where nothing is there). Fails with
   * `ControlPlaneError` SOURCE_UNREADABLE where there is nothing to read from.
   */
  start(sink: SourceSink): Promise<void>;
  /** Resolves when nothing is watched any more; the sink is not called after that. */
  stop(): Promise<void>;
  /** Where a field of an object was read; the nearest field around it where it is not there; `undefined` for an object that is not ours. */
  locate(ref: ObjectRef, path: string): Place | undefined;
}

/** What a source needs in order to log: a constant sentence and the facts. */
export interface SourceLog {
  warn(facts: Readonly<Record<string, unknown>>, sentence: string): void;
}
