#!/usr/bin/env node
import { CommanderError } from 'commander';
import { errorMessage, EXIT, exitCodeOf, type ExitCode } from './exit.js';
import { createProgram } from './program.js';

// A reader that has seen enough (`penstock translate | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.fine : EXIT.failure);
});

process.exitCode = await run(process.argv);

/** Runs one command; commander has printed its own errors and help by the time it throws them. */
async function run(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.fine;
  const program = createProgram((ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    process.stderr.write(`${errorMessage(error)}\n`);
    return exitCodeOf(error);
  }
}
