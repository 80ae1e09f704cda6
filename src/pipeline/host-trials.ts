import type { ObjectKey } from '../base/index.js';
import type { HostIntent } from '../intent/index.js';

/** One host whose routes no proxy has acknowledged yet. */
interface Trial {
  /** `open`: served. `suspected` and `guilty`: its last good routes are served instead. `good`: to be served for sure. */
  readonly state: 'open' | 'suspected' | 'guilty' | 'good';
  /** Publication since which no table with this host's routes was acknowledged, whether they were these or earlier ones. */
  readonly first: number;
  /** Publication in which the routes came, and that in which they were held back; counts from 1. */
  readonly since: number;
  readonly heldAt: number;
  /** What the host meant when its routes were last acknowledged; `undefined` where they never were. */
  readonly before: Means | undefined;
  /** The routes on trial. */
  readonly routes: string;
  /** Whether it was held back together with others and is now tried again, as the only one of them. */
  readonly isAlone: boolean;
}

/** What a host means, and the versions of the virtual hosts that this gives, as one text. */
export interface Means {
  readonly host: HostIntent;
  readonly routes: string;
}

/** What an answer of a proxy leads to. */
export interface Judgement {
  /** Hosts that are to be derived again. */
  readonly again: ReadonlySet<ObjectKey>;
  /** Hosts whose routes are good. */
  readonly proven: readonly ObjectKey[];
  /** The host that made a proxy refuse the table, where only one can have done it. */
  readonly guilty: ObjectKey | undefined;
}

/** With more suspects than this the fault is hardly one host's, and finding it out would take too many tables. */
const MOST_SUSPECTS = 16;

/**
 * Which host makes proxies refuse the table that all hosts share (ADR 13). A host is on trial from the publication that
 * changed its routes until some proxy acknowledges a table of that publication or a later one; hosts without a trial are good.
 */
export class HostTrials {
  readonly #trials = new Map<ObjectKey, Trial>();
  #next = 1;
  #isAnythingGood = false;
  #latestHold = 0;

  /** The next publication has this number. */
  upcoming(sequence: number): void {
    this.#next = sequence;
  }

  /** What to serve of a host that now means `wanted` and is served as `served`; `undefined`: nothing, for it never was good. */
  choose(key: ObjectKey, served: Means | undefined, wanted: Means): HostIntent | undefined {
    const trial = this.#trials.get(key);
    const { host, routes } = wanted;
    if (trial?.routes === routes) {
      if (trial.state === 'suspected' || trial.state === 'guilty') return trial.before?.host;
      if (trial.state === 'good') this.#trials.delete(key);
      return host;
    }
    const before = trial === undefined || trial.state === 'good' ? served : trial.before;
    if (before?.routes === routes) this.#trials.delete(key);
    else this.#open(key, before, { routes, isAlone: false });
    return host;
  }

  /** Whether nothing is open about a host. */
  isGood(key: ObjectKey): boolean {
    return !this.#trials.has(key);
  }

  /** The host is gone. */
  forget(key: ObjectKey): void {
    this.#trials.delete(key);
  }

  /** Some proxy acknowledged the table of a publication. Costs the number of open trials. */
  acknowledged(sequence: number): Judgement {
    this.#isAnythingGood = true;
    const again = new Set<ObjectKey>();
    const proven: ObjectKey[] = [];
    for (const [key, trial] of this.#trials) {
      if (trial.since > sequence && trial.first <= sequence) this.#trials.set(key, { ...trial, first: sequence + 1 });
      if (trial.since > sequence || (isHeld(trial) && trial.heldAt <= sequence)) continue;
      proven.push(key);
      if (!isHeld(trial)) this.#trials.delete(key);
      else {
        // Somebody took what another refused: the refusal is that other proxy's own affair.
        this.#trials.set(key, { ...trial, state: 'good' });
        again.add(key);
      }
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
    const suspects = [...this.#trials].filter(([, { state, first }]) => state === 'open' && first <= sequence);
    const isLate = sequence < this.#latestHold;
    // Right after a start nothing is known to be better.
    if (!this.#isAnythingGood || isLate || suspects.length === 0 || suspects.length > MOST_SUSPECTS) return NOTHING;
    const isSure = suspects.length === 1 && suspects.every(([, { since }]) => since <= sequence);
    const state = isSure ? 'guilty' : 'suspected';
    for (const [key, trial] of suspects) {
      // Who is suspected again stands behind those who wait.
      this.#trials.delete(key);
      this.#trials.set(key, { ...trial, state, heldAt: this.#next, isAlone: false });
    }
    this.#latestHold = this.#next;
    const keys = suspects.map(([key]) => key);
    return { again: new Set(keys), proven: [], guilty: state === 'guilty' ? keys[0] : undefined };
  }

  /** After a table without the suspects was taken, the first of them gets another trial, one at a time. */
  #release(sequence: number): ObjectKey | undefined {
    let first: [ObjectKey, Trial] | undefined;
    for (const [key, trial] of this.#trials) {
      if (trial.state === 'open' && trial.isAlone) return undefined;
      if (trial.state === 'suspected' && trial.heldAt <= sequence) first ??= [key, trial];
    }
    if (first === undefined) return undefined;
    const [key, { before, routes }] = first;
    this.#open(key, before, { routes, isAlone: true });
    return key;
  }

  #open(key: ObjectKey, before: Means | undefined, how: Pick<Trial, 'routes' | 'isAlone'>): void {
    const open = this.#trials.get(key);
    const first = open?.state === 'open' ? open.first : this.#next;
    this.#trials.set(key, { state: 'open', first, since: this.#next, heldAt: 0, before, ...how });
  }
}

const NOTHING: Judgement = { again: new Set(), proven: [], guilty: undefined };

function isHeld({ state }: Trial): boolean {
  return state === 'suspected' || state === 'guilty';
}
