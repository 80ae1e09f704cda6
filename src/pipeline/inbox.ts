import { type ObjectRef, printRef, type Problem } from '../base/index.js';
import type { WorldEvent } from '../model/index.js';

/** Whom an inbox brings what it holds: the pipeline. */
export interface Intake {
  apply(events: readonly WorldEvent[], seenAt: number): void;
  fileProblems(file: string, problems: readonly Problem[]): void;
}

/**
 * Between a source and the pipeline: what comes in one turn of the event loop is one batch.
 *
 * No time is waited for: the batch is taken up as soon as what is already there was heard. While the loop is busy with one batch, a
 * burst piles up in front of it, and becomes the next one; so there are as many rebuilds as there is time for, and no more.
 * Order is kept, and a later version of an object takes the place of an earlier one where that can no longer mean anything.
 */
export class Inbox {
  readonly #intake: Intake;
  /** Where an object's latest event is in `#events`. */
  readonly #latest = new Map<string, number>();
  readonly #files = new Map<string, readonly Problem[]>();
  #events: (WorldEvent | undefined)[] = [];
  /** `undefined` where there is no batch; an empty batch is one too. */
  #seenAt: number | undefined;
  #due: NodeJS.Immediate | undefined;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  /** Takes in what a source saw, in the order of its calls; `seenAt` is when, in the milliseconds of the pipeline's clock. */
  apply(events: readonly WorldEvent[], seenAt: number): void {
    this.#seenAt = Math.min(this.#seenAt ?? seenAt, seenAt);
    for (const event of events) this.#take(event);
    this.#due ??= setImmediate(() => this.flush());
  }

  /** Takes in what is wrong with a file; the last word on it counts. */
  fileProblems(file: string, problems: readonly Problem[]): void {
    this.#files.set(file, problems);
    this.#due ??= setImmediate(() => this.flush());
  }

  /** Brings what it holds now and not at the end of the turn. */
  flush(): void {
    const files = [...this.#files];
    const events = this.#events.filter((event) => event !== undefined);
    const seenAt = this.#seenAt;
    this.drop();
    for (const [file, problems] of files) this.#intake.fileProblems(file, problems);
    if (seenAt !== undefined) this.#intake.apply(events, seenAt);
  }

  /** Forgets what it holds. */
  drop(): void {
    clearImmediate(this.#due);
    this.#due = undefined;
    this.#seenAt = undefined;
    this.#events = [];
    this.#latest.clear();
    this.#files.clear();
  }

  #take(event: WorldEvent): void {
    const id = printRef(refOf(event));
    const at = this.#latest.get(id);
    const before = at === undefined ? undefined : this.#events[at];
    if (at !== undefined && before !== undefined && isMoot(before, event)) this.#events[at] = undefined;
    this.#latest.set(id, this.#events.push(event) - 1);
  }
}

function refOf(event: WorldEvent): ObjectRef {
  return event.kind === 'applied' ? event.object : event.ref;
}

/**
 * Whether what came before means nothing any more. Of a Rollout everything does, for what it means follows from its history (the
 * last good version, the step that was reached); a version that can not be used leaves the one before it in force.
 */
function isMoot(before: WorldEvent, after: WorldEvent): boolean {
  if (refOf(after).kind === 'Rollout') return false;
  return after.kind !== 'rejected' || before.kind === 'rejected';
}
