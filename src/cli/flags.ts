import { nearest } from '../base/index.js';
import { UsageError } from './exit.js';
import type { Parsed } from './values.js';

/** The value of a flag. Throws `UsageError` with what was expected. */
export function readFlag<T>(flag: string, text: string, parse: (text: string) => Parsed<T>): T {
  const parsed = parse(text);
  if (parsed.ok) return parsed.value;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, expected ${parsed.expected}`);
}

/** The value of a flag that takes one of a few words. Throws `UsageError`, with a hint where one is near. */
export function readChoice<const T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const value = choices.find((choice) => choice === text);
  if (value !== undefined) return value;
  const meant = nearest(text, choices);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, expected one of ${choices.join(', ')}${hint}`);
}
