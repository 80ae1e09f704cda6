import { setTimeout as pause } from 'node:timers/promises';

/** A safety net that no sound run comes near, however busy the machine is: what waits this long waits for ever. */
export const LIMIT_MS = 30_000;

/**
 * Asks until there is an answer: for facts that nobody announces, such as a port that answers. Tries every 10 ms and gives up
 * after `limit` milliseconds, naming what it waited for.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  limit: number = LIMIT_MS,
): Promise<T> {
  const end = performance.now() + limit;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    await pause(10);
  } while (performance.now() < end);
  throw new Error(`waited ${limit} ms in vain for ${what}`, { cause: last });
}

/** What a promise resolves with, if it does within `limit` milliseconds; else the reason it fails with ends in `context`. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  context: () => string,
  limit: number = LIMIT_MS,
): Promise<T> {
  const over = new AbortController();
  const late = pause(limit, undefined, { signal: over.signal }).then(() => {
    throw new Error(`waited ${limit} ms in vain for ${what}:\n${context().slice(-4000)}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => undefined);
    over.abort();
  }
}
