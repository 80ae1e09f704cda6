/** Why the environment failed us; each has one line in `docs/errors.md`. */
export const ERROR_CODES = [
  'SOURCE_UNREADABLE',
  'FILE_UNWRITABLE',
  'ADDRESS_IN_USE',
  'ADDRESS_INVALID',
  'CONFIG_INVALID',
  'SERVER_UNREACHABLE',
  'REQUEST_INVALID',
  'NOT_FOUND',
  'INTERNAL',
] as const;

/** Stable name of a `ControlPlaneError`. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The environment is wrong (a port in use, a folder that can not be read): thrown, caught by the nearest shell, which retries or exits. */
export class ControlPlaneError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ControlPlaneError';
    this.code = code;
  }
}

/** Ends a switch over a union: a case that was forgotten does not compile. */
export function assertNever(value: never): never {
  throw new Error(`a case was forgotten: ${JSON.stringify(value)}`);
}

/** An invariant of ours. When it is broken the present rebuild is given up and the last good snapshot stays. */
export function invariant(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`invariant broken: ${message}`);
}
