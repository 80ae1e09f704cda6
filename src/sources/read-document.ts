import { createHash } from 'node:crypto';
import { type ObjectRef, type Problem, printRef, showValue } from '../base/index.js';
import { parseObject, type WorldEvent } from '../model/index.js';
import { type Locate, type Position, parseText } from './yaml-text.js';

/** An object as a document gives it: used, or refused with its reasons. */
export type GivenEvent = Exclude<WorldEvent, { readonly kind: 'deleted' }>;

/** One object of a document. Positions of its problems count from the start of the document. */
export interface FoundObject {
  /** Kind, namespace and name: equal for the same object in whatever file. */
  readonly id: string;
  readonly ref: ObjectRef;
  readonly event: GivenEvent;
  /** Where each of the event's problems is, in the same order. */
  readonly positions: readonly Position[];
  /** Path of the object in its document: empty, or `items[3]` in a List. */
  readonly inside: string;
  /** Equal for equal content, whatever its comments, order of lines and place. */
  readonly fingerprint: string;
}

/** Something wrong that belongs to no object. */
export interface DocumentProblem {
  readonly code: Problem['code'];
  readonly severity: Problem['severity'];
  readonly path: string;
  readonly value: string;
  readonly expected: string;
  readonly at: Position;
}

/** What one document holds. */
export interface DocumentReading {
  readonly objects: readonly FoundObject[];
  readonly problems: readonly DocumentProblem[];
  /** Whether every object in it could be told by its name. Where not, what is missing from it may still be there. */
  readonly whole: boolean;
}

const OBJECT_EXPECTED = 'a Kubernetes object: a mapping with apiVersion, kind and metadata.name';

/** Reads the objects of one document, List items one by one. Never throws; pure. */
export function readDocument(text: string): DocumentReading {
  const parsed = parseText(text);
  if (parsed.kind === 'broken') return broken(parsed.message, parsed.at);
  if (parsed.value === undefined) return { objects: [], problems: [], whole: true };
  const objects: FoundObject[] = [];
  const problems: DocumentProblem[] = [];
  for (const item of itemsOf(parsed.value)) {
    const found = readObject(item, parsed.locate);
    if (found === undefined) continue;
    if ('id' in found) objects.push(found);
    else problems.push(...found);
  }
  return { objects, problems, whole: problems.length === 0 };
}

interface Item {
  readonly raw: unknown;
  readonly inside: string;
}

/** The object itself, or the items of a `List` or of a typed list, whose items may leave out what the list says once. */
function itemsOf(value: unknown): readonly Item[] {
  if (!isMapping(value)) return [{ raw: value, inside: '' }];
  const { apiVersion, kind, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ raw: value, inside: '' }];
  const common = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.map((item: unknown, index) => ({
    raw: isMapping(item) ? { ...common, ...item } : item,
    inside: `items[${index}]`,
  }));
}

/** An object, the problems that leave it without a name, or `undefined` for an object of a kind that is none of our business. */
function readObject({ raw, inside }: Item, locate: Locate): FoundObject | readonly DocumentProblem[] | undefined {
  if (!isMapping(raw) || typeof raw['kind'] !== 'string') {
    const severity = isMapping(raw) ? 'warning' : 'error';
    const value = showValue(raw);
    return [{ code: 'OBJECT_INVALID', severity, path: inside, value, expected: OBJECT_EXPECTED, at: locate(inside) }];
  }
  const text = asJson(raw);
  if (text === undefined) return broken('an alias here contains itself', locate(inside)).problems;
  const event = parseObject(raw);
  if (event === undefined || event.kind === 'deleted') return undefined;
  const positions = event.problems.map((problem) => locate(inner(inside, problem.path)));
  const ref = refOf(event);
  if (ref.name === '') {
    return event.problems.map(({ code, severity, path, value, expected }) => {
      return { code, severity, path: inner(inside, path), value, expected, at: locate(inner(inside, path)) };
    });
  }
  const fingerprint = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return { id: printRef(ref), ref, event, positions, inside, fingerprint };
}

/** Path of a field of an object, as its document sees it. */
export function inner(inside: string, path: string): string {
  if (inside === '' || path === '') return inside + path;
  return path.startsWith('[') ? inside + path : `${inside}.${path}`;
}

function refOf(event: GivenEvent): ObjectRef {
  if (event.kind === 'rejected') return event.ref;
  const { kind, namespace, name } = event.object;
  return { kind, namespace, name };
}

function broken(message: string, at: Position): DocumentReading {
  const problem: DocumentProblem = { code: 'YAML_INVALID', severity: 'error', path: '', value: '', expected: '', at };
  return {
    objects: [],
    problems: [{ ...problem, expected: `YAML or JSON that can be read: ${message}` }],
    whole: false,
  };
}

/** `undefined` for a value that contains itself or is nested too deep. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
