import type { ObjectKey } from '../base/index.js';
import { acquit, type Dates, isHeld, type Judgement, NOTHING, type Trial } from './trial.js';

/** With more suspects than this the fault is hardly one host's, and finding it out would take too many tables. */
const MOST_SUSPECTS = 16;

/**
 * Which host makes proxies refuse a table that all hosts share: a refusal names none, so it is told by when things happened
 * (ADR 13). A table that was acknowledged proves all hosts in it.
 */
export class TableTrials {
  readonly #trials: Map<ObjectKey, Trial>;
  #next = 1;
  #isAnythingGood = false;
  #latestHold = 0;
  /** The suspect that was tried last by itself. */
  #alone: ObjectKey | undefined;

  /** `trials` are those of single hosts, which this reads and changes. */
  constructor(trials: Map<ObjectKey, Trial>) {
    this.#trials = trials;
  }

  /** The next publication has this number. */
  upcoming(sequence: number): void {
    this.#next = sequence;
  }

  /** Dates of routes that come with the next publication, in the place of those of another trial. */
  opened(former: Trial | undefined): Dates {
    const first = former?.state === 'open' ? former.dates.first : this.#next;
    return { first, since: this.#next, heldAt: 0 };
  }

  /** Dates of routes that the next publication holds back. */
  held({ dates }: Trial): Dates {
    this.#latestHold = this.#next;
    return { ...dates, heldAt: this.#next };
  }

  /** Some proxy acknowledged the table of a publication. Costs the number of open trials. */
  acknowledged(sequence: number): Judgement {
    this.#isAnythingGood = true;
    const again = new Set<ObjectKey>();
    const proven: ObjectKey[] = [];
    for (const [key, trial] of this.#trials) {
      const { first, since, heldAt } = trial.dates;
      if (since > sequence && first <= sequence) {
        this.#trials.set(key, { ...trial, dates: { ...trial.dates, first: sequence + 1 } });
      }
      if (since > sequence || (isHeld(trial) && heldAt <= sequence)) continue;
      proven.push(key);
      // Where it is held back, somebody took what another refused: the refusal is that other proxy's own affair.
      if (acquit(this.#trials, key, trial)) again.add(key);
    }
    const next = again.size === 0 ? this.#release(sequence) : undefined;
    if (next !== undefined) again.add(next);
    return { again, proven, guilty: undefined };
  }

  /**
   * Some proxy refused the table of a publication. Of one before the latest hold nothing follows: what is held back was in it.
   * Routes that were replaced meanwhile may have been at fault; then nobody is guilty for sure.
   */
  refused(sequence: number): Judgement {
    const suspects = [...this.#trials].filter(([, { state, dates }]) => state === 'open' && dates.first <= sequence);
    const isLate = sequence < this.#latestHold;
    // Right after a start nothing is known to be better.
    if (!this.#isAnythingGood || isLate || suspects.length === 0 || suspects.length > MOST_SUSPECTS) return NOTHING;
    const isSure = suspects.length === 1 && suspects.every(([, { dates }]) => dates.since <= sequence);
    const state = isSure ? 'guilty' : 'suspected';
    for (const [key, trial] of suspects) {
      // Who is suspected again stands behind those who wait.
      this.#trials.delete(key);
      this.#trials.set(key, { ...trial, state, dates: this.held(trial) });
    }
    const keys = suspects.map(([key]) => key);
    return { again: new Set(keys), proven: [], guilty: isSure ? keys[0] : undefined };
  }

  /** After a table without the suspects was taken, the first of them gets another trial, one at a time. */
  #release(sequence: number): ObjectKey | undefined {
    if (this.#alone !== undefined && this.#trials.get(this.#alone)?.state === 'open') return undefined;
    for (const [key, trial] of this.#trials) {
      if (trial.state !== 'suspected' || trial.dates.heldAt > sequence) continue;
      this.#trials.set(key, { ...trial, state: 'open', dates: this.opened(trial) });
      this.#alone = key;
      return key;
    }
    return undefined;
  }
}
