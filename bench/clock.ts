/** CLOCK_MONOTONIC in nanoseconds: the clock that the Go programs read too, so that times of several processes compare. */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** Milliseconds between two times of that clock. */
export function msBetween(from: number, to: number): number {
  return (to - from) / 1e6;
}
