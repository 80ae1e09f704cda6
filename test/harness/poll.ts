import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks until there is an answer: for facts that nobody announces, such as a port that answers. Tries every 10 ms and gives up
 * after `limit` milliseconds, naming what it waited for.
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, limit = 10_000): Promise<T> {
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
