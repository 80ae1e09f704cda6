import { byText, type ObjectRef, type Place, printRef, type Problem } from '../base/index.js';
import type { WorldEvent } from '../model/index.js';
import type { ProblemChange } from './options.js';

/** All problems by who told of them, and what came and went since somebody last asked. */
export class ProblemLedger {
  readonly #locate: (ref: ObjectRef, path: string) => Place | undefined;
  readonly #byOwner = new Map<string, readonly Problem[]>();
  #appeared = new Map<string, Problem>();
  #gone = new Map<string, Problem>();
  #errors = 0;
  #warnings = 0;

  constructor(locate: (ref: ObjectRef, path: string) => Place | undefined) {
    this.#locate = locate;
  }

  /** Takes over what parsers said of the objects of a batch. */
  note(events: readonly WorldEvent[]): void {
    for (const event of events) {
      const ref = event.kind === 'applied' ? event.object : event.ref;
      this.set(`parsed ${printRef(ref)}`, event.kind === 'deleted' ? [] : event.problems);
    }
  }

  /** Replaces all that `owner` said before. */
  set(owner: string, problems: readonly Problem[]): void {
    const before = this.#byOwner.get(owner) ?? [];
    if (before.length === 0 && problems.length === 0) return;
    const after = problems.map((problem) => this.#placed(problem));
    if (after.length === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, after);
    this.#errors += errorsIn(after) - errorsIn(before);
    this.#warnings += after.length - errorsIn(after) - (before.length - errorsIn(before));
    this.#compare(before, after);
  }

  /** Every problem, in the order of objects and fields. */
  all(): readonly Problem[] {
    const all = [...this.#byOwner.values()].flat().map((problem) => ({ id: identity(problem), problem }));
    return all.sort((a, b) => byText(a.id, b.id)).map(({ problem }) => problem);
  }

  /** What came and went since the last call, and how many there are. */
  takeChange(): ProblemChange {
    const change = {
      appeared: [...this.#appeared.values()],
      gone: [...this.#gone.values()],
      errors: this.#errors,
      warnings: this.#warnings,
    };
    this.#appeared = new Map();
    this.#gone = new Map();
    return change;
  }

  #compare(before: readonly Problem[], after: readonly Problem[]): void {
    const had = new Map(before.map((problem) => [identity(problem), problem]));
    for (const problem of after) {
      const id = identity(problem);
      if (!had.delete(id) && !this.#gone.delete(id)) this.#appeared.set(id, problem);
    }
    for (const [id, problem] of had) if (!this.#appeared.delete(id)) this.#gone.set(id, problem);
  }

  #placed(problem: Problem): Problem {
    if (problem.place !== undefined) return problem;
    const place = this.#locate(problem.object, problem.path);
    return place === undefined ? problem : { ...problem, place };
  }
}

function errorsIn(problems: readonly Problem[]): number {
  return problems.filter(({ severity }) => severity === 'error').length;
}

/** Two problems are the same when they say the same of the same field; a line that moved does not make a new one. */
function identity(problem: Problem): string {
  return [printRef(problem.object), problem.path, problem.code, problem.value, problem.expected].join('\n');
}
