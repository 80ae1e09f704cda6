import { assertNever, ControlPlaneError, type ErrorCode } from '../base/index.js';

/** Exit codes of every command, after sysexits and istioctl. */
export const EXIT = {
  fine: 0,
  failure: 1,
  usage: 64,
  badInput: 65,
  problemsFound: 79,
} as const;

/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called wrongly: its message says how to call it. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The exit code of an error that ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof ControlPlaneError ? exitCodeOfWrong(error.code) : EXIT.failure;
}

function exitCodeOfWrong(code: ErrorCode): ExitCode {
  switch (code) {
    case 'SOURCE_UNREADABLE':
    case 'CONFIG_INVALID':
      return EXIT.badInput;
    case 'ADDRESS_INVALID':
    case 'REQUEST_INVALID':
      return EXIT.usage;
    case 'FILE_UNWRITABLE':
    case 'ADDRESS_IN_USE':
    case 'SERVER_UNREACHABLE':
    case 'NOT_FOUND':
    case 'INTERNAL':
      return EXIT.failure;
    default:
      return assertNever(code);
  }
}

/** What is printed of an error that ended a command. A fault of ours comes with its stack, for a report. */
export function errorMessage(error: unknown): string {
  if (error instanceof UsageError) return `error: ${error.message}`;
  if (error instanceof ControlPlaneError) return `error: ${error.message} [${error.code}]`;
  if (error instanceof Error)
    return `error: this is a fault of penstock, please report it\n${error.stack ?? error.message}`;
  return `error: ${String(error)}`;
}
