#!/usr/bin/env node
import { EXIT } from './exit.js';
import { runCommand } from './run.js';

// A reader that has seen enough (`penstock translate | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.fine : EXIT.failure);
});
// A log that nobody takes any more (its collector is gone, its disk is full) is no reason to stop serving.
process.stderr.on('error', () => undefined);

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
