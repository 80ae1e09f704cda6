import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pods, put, rollout, service } from '../../harness/manifests.js';
import { within } from '../../harness/poll.js';
import { run } from '../../harness/process.js';
import { PENSTOCK } from '../../harness/product.js';

/** What a command left behind. */
export interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `penstock` to its end, with no setting of ours in the environment but those given. */
export async function penstock(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const process = run(globalThis.process.execPath, [PENSTOCK, ...args], env);
  const code = await within(`penstock ${args.join(' ')}`, process.ended, process.stderr, 20_000);
  return { code, stdout: process.stdout(), stderr: process.stderr() };
}

/** An empty folder that goes when the test ends. */
export async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-cli-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const STEPS = [
  { setWeight: 20 },
  { setHeaderRoute: { name: 'testers', match: [{ headerName: 'x-tester', headerValue: { exact: 'yes' } }] } },
  { pause: {} },
  { setHeaderRoute: { name: 'testers' } },
  { setWeight: 50 },
];

const WEB = `# The shop's front.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: shop}   # one line
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
  strategy:
    canary:
      trafficRouting:
        plugins: {penstock/xds: {}}
        managedRoutes: [{name: testers}]
      # One step a line.
      steps: ${JSON.stringify(STEPS)}
status:
  # Which versions there are.
  currentPodHash: new
  stableRS: old
  currentStepIndex: 0
`;

/** A folder with a Rollout `shop/web` at the start of an update, in `web.yaml`, and what belongs to it in `rest.yaml`. */
export async function shopFolder(t: TestContext): Promise<string> {
  const folder = await emptyFolder(t);
  await writeFile(join(folder, 'web.yaml'), WEB);
  await put(folder, 'rest.yaml', [
    service('web', { app: 'web' }),
    ...pods('web', [
      { hash: 'old', ports: [9001, 9002, 9003, 9004] },
      { hash: 'new', ports: [9005] },
    ]),
  ]);
  return folder;
}

/** A folder with one problem that is a warning: a Rollout that nobody can call. */
export async function lonelyFolder(t: TestContext): Promise<string> {
  const folder = await emptyFolder(t);
  await put(folder, 'lonely.yaml', [
    rollout('lonely', { steps: [{ setWeight: 20 }] }, { currentPodHash: 'a', stableRS: 'a', currentStepIndex: 1 }),
  ]);
  return folder;
}

/** A value inside parsed JSON or YAML, by keys. */
export function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce((inner: unknown, key) => {
    assert.ok(typeof inner === 'object' && inner !== null, `nothing to look into for ${key}`);
    return (inner as Record<string | number, unknown>)[key];
  }, value);
}
