import { type Problem, printProblem, printRef } from '../../base/index.js';
import { KINDS } from '../../model/index.js';
import { printable } from '../../observe/index.js';
import { EXIT, type ExitCode } from '../exit.js';
import { readChoice } from '../flags.js';
import { count, print, structured } from '../output.js';
import { offline } from '../translation.js';

/** Flags of `check`, as texts. */
export interface CheckFlags {
  readonly file: string;
  readonly output: string;
}

/** Prints every problem of a file or folder in the order of files and lines; exit code 79 where there are any, warnings too. */
export async function check(flags: CheckFlags): Promise<ExitCode> {
  const { text, code } = await checked(flags, process.stdout.isTTY);
  print(text);
  return code;
}

/** What `check` prints, and how it ends. On a terminal a problem is a paragraph, elsewhere a line. */
export async function checked(
  flags: CheckFlags,
  isTerminal: boolean,
): Promise<{ readonly text: string; readonly code: ExitCode }> {
  const format = readChoice('--output', flags.output, ['text', 'json']);
  const { events, problems } = await offline(flags.file);
  const sorted = [...problems].sort(byPlace);
  const errors = sorted.filter(({ severity }) => severity === 'error').length;
  const code = exitCode(events.length, sorted.length);
  if (format === 'json') return { text: structured({ objects: events.length, problems: sorted }, 'json'), code };
  const told = sorted.map(isTerminal ? paragraph : line);
  const sum = summary(flags.file, events.length, { errors, warnings: sorted.length - errors });
  return { text: [...told, sum].join('\n'), code };
}

/** A folder without objects has no problems either, but it is most likely the wrong one. */
function exitCode(objects: number, problems: number): ExitCode {
  if (problems > 0) return EXIT.problemsFound;
  return objects === 0 ? EXIT.badInput : EXIT.fine;
}

/** For programs: everything of a problem on one line. */
function line(problem: Problem): string {
  return `${problem.severity.padEnd(7)}  ${printProblem(problem)}`;
}

/** For a terminal, where a line that breaks is hard to read: place, object and field, and what was expected, one under the other. */
export function paragraph({ severity, code, object, path, value, expected, place }: Problem): string {
  const where = place === undefined ? printRef(object) : `${place.file}:${place.line}:${place.column}`;
  const subject = place === undefined || object.kind === 'File' ? '' : `${printRef(object)} `;
  const field = path === '' ? value : `${path} ${value === '' ? 'is missing' : `is ${value}`}`;
  const lines = [`${where}  ${severity}  ${code}`, `  ${subject}${field}`, `  expected ${expected}`];
  return `${lines
    .map((each) => printable(each.trimEnd()))
    .filter((each) => each !== '')
    .join('\n')}\n`;
}

function summary(
  path: string,
  objects: number,
  { errors, warnings }: { readonly errors: number; readonly warnings: number },
): string {
  const where = `in ${count(objects, 'object')}`;
  if (errors + warnings === 0) return objects === 0 ? nothingIn(path) : `no problems ${where}`;
  return `${count(errors, 'error')} and ${count(warnings, 'warning')} ${where}; docs/errors.md explains the codes`;
}

function nothingIn(path: string): string {
  return `no objects in ${path}: what is read are ${KINDS.join(', ')}, from *.yaml, *.yml and *.json`;
}

/** By file and line, as one goes through the files to mend them; what has no place comes last. */
function byPlace(a: Problem, b: Problem): number {
  if (a.place === undefined || b.place === undefined)
    return Number(a.place === undefined) - Number(b.place === undefined);
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
