import { printProblem } from '../../base/index.js';
import { EXIT, type ExitCode } from '../exit.js';
import { readChoice, readFlag } from '../flags.js';
import { print, structured, tell } from '../output.js';
import { translated } from '../translation.js';
import { parseNamespace } from '../values.js';

/** Flags of `translate`, as texts. */
export interface TranslateFlags {
  readonly file: string;
  readonly namespace: string;
  readonly output: string;
}

/**
 * Prints one object `{listeners, routes, clusters, endpoints, problems}`. Problems are no failure here: they are in the
 * output, and told on standard error; `check` is the command that fails on them.
 */
export async function translate(flags: TranslateFlags): Promise<ExitCode> {
  const format = readChoice('--output', flags.output, ['yaml', 'json']);
  const translation = await translated(flags.file, readFlag('--namespace', flags.namespace, parseNamespace));
  print(structured(translation, format));
  for (const problem of translation.problems) tell(printProblem(problem));
  return EXIT.fine;
}
