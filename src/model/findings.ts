import { type ObjectRef, type Problem, type ProblemCode, showValue } from '../base/index.js';

/** One thing a parser found wrong. `severity` is `error` unless it says otherwise. */
export interface Finding {
  readonly code: ProblemCode;
  readonly path: string;
  /** What stands there; `undefined` where nothing does. */
  readonly value?: unknown;
  readonly expected: string;
  readonly severity?: Problem['severity'];
}

// One object can hold a hundred thousand mistakes; nobody reads more than these, and each of them costs memory.
const MOST = 100;

/** What is wrong with one object, in the order it was found. */
export class Findings {
  readonly ref: ObjectRef;
  readonly #problems: Problem[] = [];
  readonly #seen = new Set<string>();
  #hasErrors = false;

  constructor(ref: ObjectRef) {
    this.ref = ref;
  }

  /** Whether the object can not be used. */
  get hasErrors(): boolean {
    return this.#hasErrors;
  }

  /** At most the first 100. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Keeps a finding. */
  add({ code, path, value, expected, severity = 'error' }: Finding): void {
    this.#hasErrors ||= severity === 'error';
    // More than one parser may look at a field; what is wrong with it is said once.
    const id = `${code} ${path}`;
    if (this.#problems.length === MOST || this.#seen.has(id)) return;
    this.#seen.add(id);
    this.#problems.push({ code, severity, object: this.ref, path, value: printed(value), expected });
  }
}

/** YAML can build a list that contains itself, which has no JSON. */
function printed(value: unknown): string {
  try {
    return showValue(value);
  } catch {
    return 'a value that contains itself';
  }
}
