import { type DurationMs, durationMs } from './units.js';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
  ['us', 0.001],
  ['µs', 0.001],
  ['ns', 0.000_001],
]);

/** What durations look like, without a sign: Go's `time.ParseDuration`, which Argo Rollouts uses. */
export const DURATION: RegExp = /^(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|us|µs|ns|m|s)){1,7}$/;

/** 2^63 ns, 292 years: what Go can hold. Envoy refuses a table with a duration of more than 10,000 years. */
const TOO_LONG_MS = 2 ** 63 / 1e6;

/**
 * Milliseconds of a duration as Go writes it (`30s`, `1h30m`, `1.5s`), rounded up so that little never becomes nothing.
 * `undefined` for what Go does not take, too long ones included.
 */
export function parseDuration(text: string): DurationMs | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)([a-zµ]+)/g)) {
    sum += Number(amount) * (UNITS.get(unit) ?? 0);
  }
  return sum < TOO_LONG_MS ? durationMs(Math.ceil(sum)) : undefined;
}
