import type { ObjectKey, Problem } from '../base/index.js';
import { type Touched, World, type WorldEvent } from '../model/index.js';
import { StageClock } from '../observe/index.js';
import { diff, EMPTY_SNAPSHOT, isEmptyChange, type Snapshot, withHosts } from '../snapshot/index.js';
import { Derivation, refOf } from './derivation.js';
import type { PipelineOptions } from './options.js';
import { ProblemLedger } from './problem-ledger.js';
import type { HostRoutes } from './trial.js';

/**
 * The program in one place: what sources see goes into the world, what it touched becomes intent, resources and a snapshot,
 * and what differs from the last snapshot is published.
 *
 * Everything happens within the call that brings the events: no timer stands between an event and its publication. What a
 * batch did not touch is not looked at.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #world = new World();
  readonly #problems: ProblemLedger;
  readonly #derivation: Derivation;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  #sequence = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#problems = new ProblemLedger(options.locate);
    this.#derivation = new Derivation(this.#world, this.#problems, options.failed);
  }

  /** The newest snapshot; the empty one before the first events. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** What was derived, for those who look: intents by Rollout and by Service. */
  get derived(): Pick<Derivation, 'rollouts' | 'hosts'> {
    return this.#derivation;
  }

  /**
   * Takes one batch of events, which the source saw at `seenAt`; the first one is published even when it is empty, for it says
   * that the source is complete.
   */
  apply(events: readonly WorldEvent[], seenAt: number = this.#options.now()): void {
    const clock = new StageClock(this.#options.now, seenAt);
    clock.pass('read');
    this.#problems.note(events);
    const touched = this.#world.apply(events);
    clock.pass('model');
    this.#rebuild(touched, clock);
  }

  /** Some proxy took the route table of a publication. Not to be called from within `publish`. */
  acknowledged(sequence: number): void {
    this.#rebuild(this.#derivation.acknowledged(sequence));
  }

  /** Some proxy refused it, and nobody took it: the last good routes of whose fault that is come back (ADR 13). Called as above. */
  refused(sequence: number, message: string): void {
    this.#rebuild(this.#derivation.rejected(sequence, message));
  }

  /** Some proxy took these routes of single hosts. Called as above. */
  hostsTaken(routes: readonly HostRoutes[]): void {
    this.#rebuild(this.#derivation.taken(routes));
  }

  /** Some proxy refused the routes of one host, and nobody took them. Called as above. */
  hostRefused(routes: HostRoutes, message: string): void {
    this.#rebuild(this.#derivation.notTaken(routes, message));
  }

  /** Replaces what was wrong with one file. */
  fileProblems(file: string, problems: readonly Problem[]): void {
    this.#problems.set(`File ${file}`, problems);
    this.#tell();
  }

  /** Every problem there is, in the order of their objects. */
  problems(): readonly Problem[] {
    return this.#problems.all();
  }

  #rebuild(touched: Touched, clock: StageClock = new StageClock(this.#options.now, this.#options.now())): void {
    const { entries, causes } = this.#derivation.derive(touched);
    clock.pass('derive');
    const before = this.#snapshot;
    this.#snapshot = withHosts(before, entries, (key, error) => this.#refuse(key, error));
    const changes = diff(before, this.#snapshot);
    clock.pass('snapshot');
    if (this.#sequence === 0 || !isEmptyChange(changes)) {
      this.#sequence += 1;
      this.#derivation.trials.table.upcoming(this.#sequence + 1);
      this.#options.publish({ sequence: this.#sequence, snapshot: this.#snapshot, changes, causes, clock });
    }
    this.#tell();
  }

  /** A fault of ours in one host: it keeps what it had, and is derived from the start when it is touched again. */
  #refuse(key: ObjectKey, error: unknown): void {
    this.#derivation.refused(key);
    this.#options.failed(refOf('Service', key), error);
  }

  #tell(): void {
    const change = this.#problems.takeChange();
    if (change.appeared.length + change.gone.length > 0) this.#options.problems(change);
  }
}
