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

/** Milliseconds of a duration as Go writes it (`30s`, `1h30m`, `1.5s`), rounded up so that little never becomes nothing. */
export function parseDuration(text: string): DurationMs | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)([a-zµ]+)/g)) {
    sum += Number(amount) * (UNITS.get(unit) ?? 0);
  }
  return durationMs(Math.ceil(sum));
}
