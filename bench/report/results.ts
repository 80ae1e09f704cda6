import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What one bench found, as it stands in its file. */
export interface Results {
  readonly bench: string;
  readonly startedAt: string;
  readonly isQuick: boolean;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly cases: readonly Case[];
}

const File = z.object({
  bench: z.string(),
  startedAt: z.string(),
  quick: z.boolean(),
  machine: z.record(z.string(), z.unknown()),
  cases: z.array(z.record(z.string(), z.unknown())),
});
const Nested = z.record(z.string(), z.unknown());

/** One case of a bench. Fields are named by paths such as `lastMs.p50`. */
export class Case {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  /** Throws where the field is no number: the file is of another version of the bench. */
  number(path: string): number {
    const value = this.#at(path);
    if (typeof value !== 'number') throw new Error(`a result has no number ${path}: measure again`);
    return value;
  }

  text(path: string): string {
    return String(this.#at(path));
  }

  has(path: string): boolean {
    return this.#at(path) !== undefined;
  }

  /** Whether all these fields have these values. */
  is(fields: Readonly<Record<string, unknown>>): boolean {
    return Object.entries(fields).every(([path, value]) => this.#at(path) === value);
  }

  #at(path: string): unknown {
    let value: unknown = this.#fields;
    for (const part of path.split('.')) value = Nested.safeParse(value).data?.[part];
    return value;
  }
}

/** Reads what a bench left; `undefined` where it has not run. */
export function readResults(folder: string, bench: string): Results | undefined {
  const path = join(folder, `${bench}.json`);
  if (!existsSync(path)) return undefined;
  const { quick, cases, ...rest } = File.parse(JSON.parse(readFileSync(path, 'utf8')));
  return { ...rest, isQuick: quick, cases: cases.map((fields) => new Case(fields)) };
}
