/**
 * The stages of a change, in their order: what the source saw is read and parsed and waits for its turn, is taken into the model,
 * derived and encoded, made a snapshot and compared with the last one, written to those who want it, acknowledged by the last of
 * them. Where a write has to wait for another answer first (routes for their clusters), that is part of `ack`.
 */
export const STAGES = ['read', 'model', 'derive', 'snapshot', 'write', 'ack'] as const;

/** One of `STAGES`. */
export type Stage = (typeof STAGES)[number];

/** Milliseconds by stage, of those that were passed. */
export type StageTimes = Readonly<Partial<Record<Stage, number>>>;

/** How long one change is in each stage: a stage ends where the next one begins, so that together they are the whole way. */
export class StageClock {
  /** When the source saw what caused the change, in the milliseconds of `now`. */
  readonly seenAt: number;
  readonly #now: () => number;
  readonly #times: Partial<Record<Stage, number>> = {};
  #passedAt: number;

  /** `now` gives milliseconds of a clock that never goes back. */
  constructor(now: () => number, seenAt: number) {
    this.#now = now;
    this.seenAt = seenAt;
    this.#passedAt = seenAt;
  }

  /** The stages that were passed. */
  get times(): StageTimes {
    return this.#times;
  }

  /** When the last of them was passed, in the milliseconds of `now`. */
  get passedAt(): number {
    return this.#passedAt;
  }

  /** This stage ends now, and the next one begins. */
  pass(stage: Stage): void {
    const now = this.#now();
    this.#times[stage] = now - this.#passedAt;
    this.#passedAt = now;
  }
}
