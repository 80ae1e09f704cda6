/** Every code of a `Problem`. A retired code is never used again; `docs/errors.md` explains each, and a test compares the two. */
export const PROBLEM_CODES = [
  // files and documents
  'FILE_UNREADABLE',
  'FILE_TOO_LARGE',
  'YAML_INVALID',
  'OBJECT_INVALID',
  'OBJECT_DUPLICATE',
  'FIELD_MISSING',
  'FIELD_TYPE',
  'FIELD_UNKNOWN',
  'FIELD_VALUE',
  // a Rollout by itself
  'WEIGHT_OUT_OF_RANGE',
  'MAX_TRAFFIC_WEIGHT_INVALID',
  'MANAGED_ROUTE_UNKNOWN',
  'MATCH_INVALID',
  'REGEX_INVALID',
  'HEADER_NAME_INVALID',
  'MIRROR_PERCENTAGE_INVALID',
  'TRAFFIC_ROUTING_NULL',
  'TRAFFIC_ROUTING_NEEDS_PROVIDER',
  'DYNAMIC_STABLE_SCALE_NEEDS_PROVIDER',
  'OPTION_UNKNOWN',
  'OPTION_INVALID',
  'STATUS_STALE',
  'SPEC_REJECTED_BY_ARGO',
  // a Rollout among the others
  'SERVICE_UNKNOWN',
  'SERVICE_CLAIMED',
  'SERVICE_EXTERNAL_NAME',
  'SERVICE_PORT_UNKNOWN',
  'ROLLOUT_WITHOUT_SERVICE',
  'VERSION_EMPTY',
  'WEIGHT_CAPPED',
  // what a proxy said
  'ROUTES_REFUSED',
] as const;

/** Stable name of one kind of wrong; see `PROBLEM_CODES`. */
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** The object a problem, a log line or an event is about. `kind` is Kubernetes' own, or `File` for what has no object yet. */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Something wrong with what a user gave us: a value, never an exception, so that everything else keeps being served.
 *
 * `error`: this version of the object is not used, its last good one stays in force. `warning`: it is used, with the
 * restriction that the message tells.
 */
export interface Problem {
  readonly code: ProblemCode;
  readonly severity: 'error' | 'warning';
  readonly object: ObjectRef;
  /** Where in the object, as in `spec.strategy.canary.steps[2].setWeight`; empty for the object itself. */
  readonly path: string;
  /** What stands there, shortened for printing; empty where nothing stands there. */
  readonly value: string;
  /** What would be right, and so what to do. */
  readonly expected: string;
  /** Where it was read, when that is a file. */
  readonly place?: Place;
}

/** A result that may come with problems; the value is always usable. */
export interface Translation<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/** `Rollout shop/web`: how messages and logs name an object. */
export function printRef(ref: ObjectRef): string {
  return ref.namespace === '' ? `${ref.kind} ${ref.name}` : `${ref.kind} ${ref.namespace}/${ref.name}`;
}

/** One line for people: place, object, field, value, what was expected, code. */
export function printProblem(problem: Problem): string {
  const { object, path, value, expected, code } = problem;
  const place =
    problem.place === undefined ? '' : `${problem.place.file}:${problem.place.line}:${problem.place.column}: `;
  // A file's name stands in its place already.
  const subject = place !== '' && object.kind === 'File' ? '' : `${printRef(object)}: `;
  const found = value === '' ? (path === '' ? '' : ' is missing') : ` is ${value}`;
  const field = `${path}${found}`.trimStart();
  return printable(`${place}${subject}${field === '' ? '' : `${field}, `}expected ${expected} [${code}]`);
}

/** Names and patterns come from anybody: what would steer a terminal or a reader's eye is written as an escape. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
}

const LONGEST_VALUE = 80;

/** A value as it is shown in a problem: JSON on one line, control characters escaped, cut at 80 characters. */
export function showValue(value: unknown): string {
  // JSON has no infinity and would show null.
  const text = typeof value === 'number' ? String(value) : shown(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function shown(value: unknown): string {
  return value === undefined ? '' : (JSON.stringify(value) ?? typeof value);
}
