import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Manifest, pods, put, rollout, service } from '../harness/manifests.js';
import { within } from '../harness/poll.js';
import { type Running, run } from '../harness/process.js';
import { PENSTOCK } from '../harness/product.js';

/** The version in package.json. */
export const VERSION: string = (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string })
  .version;

/** How a command ended. */
export interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever that is. */
export async function ran(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const process = run(globalThis.process.execPath, [PENSTOCK, ...args], env);
  const code = await process.ended;
  return { code, stdout: process.stdout(), stderr: process.stderr() };
}

/** A folder that goes with the test. */
export async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-cli-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The Rollout shop/web of an update from `old` to `new`, with so much weight on the new version. */
export function web(weight: number, steps: readonly Manifest[] = [{ setWeight: 20 }, { setWeight: 50 }]): Manifest {
  const trafficRouting = { plugins: { 'penstock/xds': {} } };
  const weights = {
    canary: { podTemplateHash: 'new', weight },
    stable: { podTemplateHash: 'old', weight: 100 - weight },
  };
  const status = { currentPodHash: 'new', stableRS: 'old', currentStepIndex: 1, canary: { weights } };
  return rollout('web', { steps, trafficRouting }, status);
}

/** What stands around the Rollout: its Service and ready pods of both versions. */
export const AROUND: readonly Manifest[] = [
  service('web', { app: 'web' }),
  ...pods('web', [
    { hash: 'old', ports: [9001, 9002] },
    { hash: 'new', ports: [9003] },
  ]),
];

/** A folder with Rollout, Service and pods. */
export async function shopFolder(t: TestContext, rolloutOf: Manifest = web(20)): Promise<string> {
  const folder = await emptyFolder(t);
  await put(folder, 'around.yaml', AROUND);
  await put(folder, 'web.yaml', [rolloutOf]);
  return folder;
}

/** A line of the log in JSON. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A `penstock serve` that goes with the test. */
export interface Served extends Running {
  /** The line that says so. */
  readonly ready: LogLine;
  readonly xdsPort: number;
  readonly adminPort: number;
  /** Lines of the log so far. */
  readonly log: () => readonly LogLine[];
  /** The first line with that sentence whose facts fit, come or to come. */
  readonly said: (sentence: string, fits?: (line: LogLine) => boolean) => Promise<LogLine>;
}

/** Starts `penstock serve` on free ports of loopback, logging JSON, and waits for its ready line. */
export async function served(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const ports = ['--xds-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'];
  const process = run(globalThis.process.execPath, [PENSTOCK, 'serve', ...ports, '--log-format', 'json', ...args], env);
  t.after(() => process.stop());
  const said: Served['said'] = async (sentence, fits = () => true) => {
    const isIt = (text: string): boolean => {
      const line = parsed(text);
      return line?.['msg'] === sentence && fits(line);
    };
    const found = process.line(matching(isIt), 'stderr');
    return parsed(await within(`"${sentence}" in the log`, found, process.stderr)) ?? {};
  };
  const ready = await said('ready');
  const portOf = (name: string): number => Number(/:(\d+)$/.exec(String(ready[name]))?.[1]);
  return {
    ...process,
    ready,
    said,
    xdsPort: portOf('xds'),
    adminPort: portOf('admin'),
    log: () =>
      process
        .stderr()
        .split('\n')
        .map(parsed)
        .filter((line) => line !== undefined),
  };
}

function parsed(text: string): LogLine | undefined {
  return text.startsWith('{') ? (JSON.parse(text) as LogLine) : undefined;
}

/** A pattern that asks a function. */
function matching(test: (line: string) => boolean): RegExp {
  const pattern = /(?:)/;
  pattern.test = test;
  return pattern;
}

/** The error message of a command that failed. */
export function assertFails({ code, stderr }: Ended, wanted: number, message: RegExp): void {
  assert.match(stderr, message);
  assert.equal(code, wanted, stderr);
  assert.doesNotMatch(stderr, /\n {4}at /, 'no stack: it is no fault of ours');
}
