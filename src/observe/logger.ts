import { type Logger as PinoLogger, pino } from 'pino';
import { printable, textLine } from './text.js';

/** The levels, least urgent first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The forms a log can have: a line for people or a JSON object a line. */
export const LOG_FORMATS = ['text', 'json'] as const;

/** One of `LOG_FORMATS`. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What is known of one event; never a secret. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** What a room needs in order to log: a constant sentence and the facts; a child carries an identity along. */
export interface Logger {
  /** Whether `debug` is written at all: where it is told of every push, its facts are not even put together for nothing. */
  readonly isDebugOn: boolean;
  debug(facts: LogFacts, sentence: string): void;
  info(facts: LogFacts, sentence: string): void;
  warn(facts: LogFacts, sentence: string): void;
  error(facts: LogFacts, sentence: string): void;
  child(facts: LogFacts): Logger;
}

/** Where lines go; each call is one whole line with its end. `isTTY` turns colours on in the text form. */
export interface LogDestination {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** How to log. */
export interface LoggerOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** Standard error unless given: standard output belongs to what a command was asked for. */
  readonly destination?: LogDestination;
}

/** A logger on pino. One event is one line in both forms. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? process.stderr;
  const settings = {
    level: options.level,
    // Neither process id nor host: the place that collects the lines knows them.
    base: null,
    messageKey: 'msg',
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    serializers: { error: errorText },
  };
  if (options.format === 'json') return onPino(pino(settings, { write: (line: string) => destination.write(line) }));
  const coloured = destination.isTTY === true;
  return onPino(pino(settings, { write: (line: string) => destination.write(`${asText(line, coloured)}\n`) }));
}

function onPino(log: PinoLogger): Logger {
  return {
    isDebugOn: log.isLevelEnabled('debug'),
    debug: (facts, sentence) => log.debug(facts, sentence),
    info: (facts, sentence) => log.info(facts, sentence),
    warn: (facts, sentence) => log.warn(facts, sentence),
    error: (facts, sentence) => log.error(facts, sentence),
    child: (facts) => onPino(log.child(facts)),
  };
}

/** A logger that says nothing: for tests, and for commands that answer by their output alone. */
export const SILENT: Logger = {
  isDebugOn: false,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};

function asText(line: string, coloured: boolean): string {
  const parsed: unknown = JSON.parse(line);
  const { ts, level, msg, ...facts } = isFacts(parsed) ? parsed : {};
  const time = Date.parse(String(ts));
  return textLine({ time, level: String(level), sentence: String(msg), facts: Object.entries(facts) }, coloured);
}

function isFacts(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** An error as one line: what went wrong and why, cause by cause. The stack is for `debug`, not for a log of facts. */
function errorText(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause instanceof Error ? `: ${String(errorText(error.cause))}` : '';
  return printable(`${error.message}${cause}`);
}
