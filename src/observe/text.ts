/**
 * Makes a string of unknown origin safe to print: control characters, and the signs that reorder or hide text on a terminal,
 * appear as `\u{..}`. A header name or a NACK message can so neither forge a log line nor move the cursor (GO-2025-3504).
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (sign) => {
    const named = NAMED.get(sign);
    return named ?? `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

// Control and format signs (zero-width, bidirectional, tags), line and paragraph separators.
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const NAMED: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** What a log line holds: a sentence that is always the same, and the facts of this event. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: string;
  readonly sentence: string;
  readonly facts: readonly (readonly [name: string, value: unknown])[];
}

const COLOURS: ReadonlyMap<string, string> = new Map([
  ['debug', '\u001b[2m'],
  ['info', '\u001b[32m'],
  ['warn', '\u001b[33m'],
  ['error', '\u001b[31m'],
]);
const PLAIN = '\u001b[0m';

/** One line for people, without its line end: time of day in UTC, level, sentence, facts as `name=value`. */
export function textLine(line: LogLine, coloured: boolean): string {
  const time = new Date(line.time).toISOString().slice(11, 23);
  const level = line.level.padEnd(5);
  const colour = coloured ? COLOURS.get(line.level) : undefined;
  const facts = line.facts.map(([name, value]) => ` ${printable(name)}=${factText(value)}`).join('');
  return `${time} ${colour === undefined ? level : `${colour}${level}${PLAIN}`} ${printable(line.sentence)}${facts}`;
}

function factText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? printable(value) : quoted(value);
  return printable(figuresText(value) ?? JSON.stringify(value) ?? String(value));
}

/** `read:1.2,model:0.1`: figures with names are read as such, not as an object of JSON. */
function figuresText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const figures = Object.entries(value);
  if (figures.length === 0 || !figures.every(([name, figure]) => typeof figure === 'number' && /^\w+$/.test(name)))
    return undefined;
  return figures.map(([name, figure]) => `${name}:${figure}`).join(',');
}

/** A quotation mark in a value must not look like its end: what follows would read as another fact. */
function quoted(value: string): string {
  return `"${printable(value.replaceAll(/["\\]/g, '\\$&'))}"`;
}
