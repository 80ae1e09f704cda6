import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the scenarios stand: a folder each, `NN-name`, with `in.yaml` and what it gives. */
export const SCENARIOS: string = fileURLToPath(new URL('../../../test/scenarios/', import.meta.url));

/** The names of all scenarios, in order. */
export function scenarioNames(): readonly string[] {
  return readdirSync(SCENARIOS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

/** Path of a scenario's folder. */
export function scenarioFolder(name: string): string {
  return join(SCENARIOS, name);
}
