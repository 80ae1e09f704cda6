import { appendFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { type EnvoyBinary, findEnvoy } from './envoy-binary.js';

/** An Envoy that is there. */
export type FoundEnvoy = Extract<EnvoyBinary, { kind: 'found' }>;

let looked: EnvoyBinary | undefined;

/**
 * Says that a test is about to use a real Envoy and returns it. Without one the test is skipped, its line says what is
 * missing and which command gets it, and undefined comes back: `const envoy = usesRealEnvoy(t); if (!envoy) return;`.
 * Each call is counted in the file that `PENSTOCK_ENVOY_TALLY` names, from which `npm test` makes its closing lines.
 */
export function usesRealEnvoy(t: TestContext): FoundEnvoy | undefined {
  looked ??= findEnvoy();
  tally(looked.kind === 'found' ? 'used' : 'skipped', t.name);
  if (looked.kind === 'found') return looked;
  t.skip(`needs a real Envoy: ${looked.reason}; get it with: ${looked.command}`);
  return undefined;
}

function tally(what: 'used' | 'skipped', name: string): void {
  const file = process.env['PENSTOCK_ENVOY_TALLY'];
  if (file) appendFileSync(file, `${what} ${name.replaceAll('\n', ' ')}\n`);
}
