import { CommanderError } from 'commander';
import { errorMessage, EXIT, exitCodeOf, type ExitCode } from './exit.js';
import { createProgram, type Terminal } from './program.js';

/** Runs one command, `words` being what stands behind `penstock`. Does not throw: what went wrong is on `terminal.err`. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.fine;
  const program = createProgram((ended) => {
    code = ended;
  }, terminal);
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own errors and help by the time it throws them.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    terminal.err(`${errorMessage(error)}\n`);
    return exitCodeOf(error);
  }
}
