import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { objectKey, trafficTotal } from '../../../src/base/index.js';
import { hostIntent } from '../../../src/intent/index.js';
import { hash, intent, world } from './given.js';
import type { Given } from './given.js';

// `PENSTOCK_SEED=123` repeats a run.
const seed = Number(process.env['PENSTOCK_SEED'] ?? Date.now() % 1_000_000);

const NAMES = ['v1', 'v2', 'v3', 'x1', 'x2'];
const someHash = fc.constantFrom(...NAMES.map(hash));
const maybeHash = fc.option(someHash, { nil: undefined });
/** Whatever a number in somebody's status may be. */
const anyNumber = fc.oneof(fc.integer({ min: -50, max: 250 }), fc.double(), fc.constant(Number.NaN));
const destination = fc.record({ hash: maybeHash, weight: anyNumber });

const match = fc.constantFrom([], [{ name: 'x-a', value: { kind: 'exact', value: '1' } }]);
const mirrorMatch = fc.constantFrom([], [{ method: { kind: 'regex', value: 'G.*' }, path: undefined, headers: [] }]);
const routeName = fc.constantFrom('a', 'b', 'z');
const step = fc.oneof(
  fc.record({ setWeight: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ setHeaderRoute: fc.record({ name: routeName, match }) }),
  fc.record({ setMirrorRoute: fc.record({ name: routeName, match: mirrorMatch, percentage: fc.constant(50) }) }),
  fc.constant({ pause: {} }),
);

const given: fc.Arbitrary<Given> = fc.record({
  canary: fc.record({
    routing: fc.constantFrom('provider' as const, 'none' as const),
    total: fc.constantFrom(100, 101, 1000, 1_000_000).map((total) => trafficTotal(total)!),
    managedRoutes: fc.constantFrom(['a', 'b'], ['b', 'a', 'a'], []),
    dynamicStableScale: fc.boolean(),
  }),
  steps: fc.array(step, { maxLength: 6 }),
  status: fc.record({
    currentPodHash: maybeHash,
    stableHash: maybeHash,
    stepIndex: fc.option(fc.integer({ min: -2, max: 9 }), { nil: undefined }),
    aborted: fc.boolean(),
    promoteFull: fc.boolean(),
    weights: fc.option(
      fc.record({ canary: destination, stable: destination, additional: fc.array(destination, { maxLength: 3 }) }),
      { nil: undefined },
    ),
  }),
  record: fc.record({ aborted: fc.boolean(), walked: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }) }),
  options: fc.record({ mirrorMethods: fc.constantFrom(undefined, ['GET', 'POST'], []) }),
  replicas: fc.integer({ min: 0, max: 10 }),
  ready: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 10 })),
  claims: fc.constantFrom({ web: 'root' }, { web: 'stable' }, { web: 'canary' }, { web: 'ping' }, { web: 'active' }),
});

/** Every rule below holds for whatever Argo may write, and nothing is thrown. */
function holds(name: string, check: (row: Given) => void): void {
  test(`${name} (seed ${seed})`, () => fc.assert(fc.property(given, check), { seed, numRuns: 2000 }));
}

function hashesOf(row: Given): readonly string[] {
  return intent(row).split.map(({ version }) => (version.kind === 'all' ? 'all' : version.hash));
}

/** Whether pods are ready, but none of a version that the Rollout names. */
function isForeign({ status, ready = {} }: Given): boolean {
  const { currentPodHash, stableHash, weights } = status ?? {};
  const recorded = weights === undefined ? [] : [weights.canary, weights.stable, ...weights.additional];
  const named = [currentPodHash, stableHash, ...recorded.map(({ hash }) => hash)];
  const hashes = Object.entries(ready).flatMap(([hash, count]) => (count > 0 ? [hash] : []));
  return hashes.length > 0 && !hashes.some((hash) => named.some((one) => one === hash));
}

holds('a split sums to its total, in whole parts', (row) => {
  const { split, total } = intent(row);
  if (row.status?.stableHash === undefined || isForeign(row)) return assert.deepEqual(split, []);
  // Of an abort or a rollback only some of the recorded versions are left.
  if (split.length === 0)
    return assert.ok(row.status.aborted || row.record?.aborted || row.status.weights !== undefined);
  assert.ok(split.every(({ weight }) => Number.isInteger(weight) && weight >= 0));
  assert.equal(
    split.reduce((sum, { weight }) => sum + weight, 0),
    total,
  );
});

holds('only ready versions have traffic, as long as one of the split is ready', (row) => {
  const { split } = intent(row);
  const ready = (version: (typeof split)[number]['version']) =>
    version.kind === 'hash' && (row.ready?.[version.hash] ?? 0) > 0;
  if (!split.some(({ version }) => ready(version))) return;
  assert.ok(split.every(({ version, weight }) => weight === 0 || ready(version)));
});

holds('stable stands first, then the canary, no version twice', (row) => {
  const { stable, canary } = intent(row);
  const hashes = hashesOf(row);
  if (hashes.length === 0) return;
  assert.equal(hashes[0], stable);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.ok(canary === undefined || hashes.includes(canary));
});

holds('a managed route matches something, and its backends sum to the total', (row) => {
  const { managed, total } = intent(row);
  for (const { backends, matches } of managed) {
    assert.ok(matches.length > 0);
    assert.equal(
      backends.reduce((sum, { weight }) => sum + weight, 0),
      total,
    );
  }
});

holds('every version that a host uses is among its versions, and its last route takes every request', (row) => {
  const view = world(row);
  const host = hostIntent(view, objectKey('shop', 'web'), intent(row));
  for (const { routes, versions } of host?.ports ?? []) {
    const listed = new Set(versions.map((one) => JSON.stringify(one)));
    const used = routes.flatMap(({ backends, mirrors }) => [...backends, ...mirrors]);
    assert.ok(used.every(({ version }) => listed.has(JSON.stringify(version))));
    assert.deepEqual(
      routes.map(({ matches }) => matches.length === 0),
      routes.map((_, index) => index === routes.length - 1),
    );
  }
});

holds('the same world gives the same intent', (row) => {
  assert.deepEqual(intent(row), intent(row));
});
