import type { ObjectRef, Place, Problem } from '../base/index.js';
import type { StageClock } from '../observe/index.js';
import type { Changes, Snapshot } from '../snapshot/index.js';

/** Why something is published: which object changed, and how, in a few words. */
export interface Cause {
  readonly object: ObjectRef;
  readonly what: string;
}

/** A new snapshot on its way to the proxies. */
export interface Publication {
  /** Counts from 1, in this process only. It is part of nonces, which mean nothing to a proxy, and of no version. */
  readonly sequence: number;
  readonly snapshot: Snapshot;
  readonly changes: Changes;
  readonly causes: readonly Cause[];
  /** Runs since the source saw what caused it, in the milliseconds of `PipelineOptions.now`; the snapshot is its last stage so far. */
  readonly clock: StageClock;
}

/** Problems that came and went with one batch. */
export interface ProblemChange {
  readonly appeared: readonly Problem[];
  readonly gone: readonly Problem[];
  /** How many there are now; counted along, for looking at all of them would cost more with every Rollout. */
  readonly errors: number;
  readonly warnings: number;
}

/** What the pipeline needs from around it. */
export interface PipelineOptions {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly publish: (publication: Publication) => void;
  readonly problems: (change: ProblemChange) => void;
  /** Finds the place of a field where the source knows files. */
  readonly locate: (ref: ObjectRef, path: string) => Place | undefined;
  /** One object could not be derived because of a fault of ours; what it had stays in force. */
  readonly failed: (object: ObjectRef, error: unknown) => void;
}
