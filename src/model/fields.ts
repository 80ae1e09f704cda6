import {
  nearest,
  type PodTemplateHash,
  type PortNumber,
  podTemplateHash,
  portNumber,
  type ProblemCode,
} from '../base/index.js';
import type { Finding, Findings } from './findings.js';

/** An object of JSON, as it comes from outside. */
export type RawObject = Readonly<Record<string, unknown>>;

/** Whether `raw` is an object of JSON: neither a list nor null. */
export function isRawObject(raw: unknown): raw is RawObject {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** The object's own value of a key: what `__proto__` and `constructor` inherit is not content. */
export function own(raw: RawObject, key: string): unknown {
  return Object.hasOwn(raw, key) ? raw[key] : undefined;
}

/** The path of a member: `a.b`, or `a["x/y"]` where the key is no plain word. */
export function childPath(path: string, key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/**
 * The members of one object of JSON, read by name and type. What has the wrong type is reported with its exact path and then
 * counts as not there; null counts as not there too, as it does for Kubernetes.
 */
export class Fields {
  readonly path: string;
  readonly findings: Findings;
  readonly #raw: RawObject;

  constructor(raw: RawObject, path: string, findings: Findings) {
    this.#raw = raw;
    this.path = path;
    this.findings = findings;
  }

  /** What stands under a key, null kept apart from nothing. */
  raw(key: string): unknown {
    return own(this.#raw, key);
  }

  /** Whether something other than null stands under a key. */
  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  /** Reports what is wrong with a key. */
  report(key: string, code: ProblemCode, expected: string, severity: Finding['severity'] = 'error'): undefined {
    this.findings.add({ code, path: childPath(this.path, key), value: this.raw(key), expected, severity });
    return undefined;
  }

  /** A text. */
  text(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.report(key, 'FIELD_TYPE', textExpected(value));
    // Half of a surrogate pair has no UTF-8, so it could never be sent.
    return /\p{Cs}/u.test(value) ? this.report(key, 'FIELD_VALUE', 'well-formed Unicode') : value;
  }

  /** A text that must be there and not be empty. */
  requiredText(key: string): string | undefined {
    const value = this.text(key);
    if (value !== undefined && value !== '') return value;
    return this.has(key) && value === undefined ? undefined : this.report(key, 'FIELD_MISSING', 'a text');
  }

  /** A text in which empty means that it is not there, as Go's `omitempty` has it. */
  filledText(key: string): string | undefined {
    const value = this.text(key);
    return value === '' ? undefined : value;
  }

  /** True or false; false unless it is there. */
  flag(key: string): boolean {
    const value = this.#value(key);
    if (value === undefined || typeof value === 'boolean') return value ?? false;
    this.report(key, 'FIELD_TYPE', isQuoted(value) ? 'true or false, without quotes' : 'true or false');
    return false;
  }

  /** A finite number. */
  number(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.report(key, 'FIELD_TYPE', isQuoted(value) ? 'a number, without quotes' : 'a number');
  }

  /** A whole number, 0 or more. */
  count(key: string): number | undefined {
    const value = this.number(key);
    if (value === undefined) return undefined;
    return Number.isSafeInteger(value) && value >= 0
      ? value
      : this.report(key, 'FIELD_VALUE', 'a whole number, 0 or more');
  }

  /** A port number. */
  port(key: string): PortNumber | undefined {
    const value = this.number(key);
    if (value === undefined) return undefined;
    return portNumber(value) ?? this.report(key, 'FIELD_VALUE', 'a whole number from 1 to 65535');
  }

  /** A pod template hash; Argo's empty word is none. */
  hash(key: string): PodTemplateHash | undefined {
    return podTemplateHash(this.text(key) ?? '');
  }

  /** The members of an object. */
  object(key: string): Fields | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (!isRawObject(value)) return this.report(key, 'FIELD_TYPE', 'an object');
    return new Fields(value, childPath(this.path, key), this.findings);
  }

  /** The objects of a list; an element that is none is reported and left out. */
  objects(key: string): readonly Fields[] {
    const path = childPath(this.path, key);
    return this.#list(key).flatMap((element, index) => {
      if (isRawObject(element)) return [new Fields(element, `${path}[${index}]`, this.findings)];
      this.findings.add({ code: 'FIELD_TYPE', path: `${path}[${index}]`, value: element, expected: 'an object' });
      return [];
    });
  }

  /** The texts of a list; an element that is none is reported and left out. */
  texts(key: string): readonly string[] {
    const path = childPath(this.path, key);
    return this.#list(key).flatMap((element, index) => {
      if (typeof element === 'string') return [element];
      this.findings.add({ code: 'FIELD_TYPE', path: `${path}[${index}]`, value: element, expected: 'a text' });
      return [];
    });
  }

  /** A map of texts, as labels and selectors are. */
  textMap(key: string): ReadonlyMap<string, string> {
    const fields = this.object(key);
    if (fields === undefined) return NO_TEXTS;
    return new Map(fields.keys().map((name) => [name, fields.#textOfMap(name)]));
  }

  /** The object's own keys. */
  names(): readonly string[] {
    return Object.keys(this.#raw);
  }

  /** The object's own keys under which something other than null stands. */
  keys(): readonly string[] {
    return this.names().filter((key) => this.has(key));
  }

  /** Warns of every key that is not in `known`: it has no effect, and is most often a slip of the pen. */
  expectOnly(known: readonly string[]): void {
    for (const key of this.names()) {
      if (known.includes(key)) continue;
      const guess = nearest(key, known);
      const hint =
        guess === undefined ? `one of ${known.join(', ')}` : `a field that Argo Rollouts has; did you mean ${guess}?`;
      this.report(key, 'FIELD_UNKNOWN', hint, 'warning');
    }
  }

  #textOfMap(key: string): string {
    const value = this.#value(key);
    if (typeof value === 'string') return value;
    this.report(key, 'FIELD_TYPE', textExpected(value));
    return '';
  }

  #list(key: string): readonly unknown[] {
    const value = this.#value(key);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.report(key, 'FIELD_TYPE', 'a list');
    return [];
  }

  #value(key: string): unknown {
    return this.raw(key) ?? undefined;
  }
}

const NO_TEXTS: ReadonlyMap<string, string> = new Map();

/** YAML takes `1e5`, `true` and `5566778899` for no texts, which surprises most where a hash or a version is meant. */
function textExpected(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? 'a text: put it in quotes' : 'a text';
}

/** Whether a text is a number, true or false but for its quotes. */
function isQuoted(value: unknown): boolean {
  return typeof value === 'string' && /^(?:true|false|-?\d+(?:\.\d+)?)$/.test(value);
}
