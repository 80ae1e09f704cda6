/** How others see what the program does: its log, its metrics, and the clock of a push from event to last acknowledgement. */
export { createLogger, LOG_FORMATS, LOG_LEVELS, SILENT } from './logger.js';
export type { LogDestination, LogFacts, LogFormat, Logger, LoggerOptions, LogLevel } from './logger.js';
export { createMetrics } from './metrics.js';
export type { Metrics } from './metrics.js';
export { PushClock } from './push-clock.js';
export type { Client, ClientAt, PushClockOptions, PushReport, TimedPublication } from './push-clock.js';
export { StageClock, STAGES } from './stage-clock.js';
export type { Stage, StageTimes } from './stage-clock.js';
export { printable } from './text.js';
