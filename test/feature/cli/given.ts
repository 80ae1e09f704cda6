import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runCommand } from '../../../src/cli/run.js';
import { type Manifest, pods, put, rollout, service } from '../../harness/manifests.js';
import { until, within } from '../../harness/poll.js';
import { type Running, run } from '../../harness/process.js';
import { PENSTOCK } from '../../harness/product.js';

/** The version in package.json. */
export const VERSION: string = (JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string })
  .version;

/** How a command ended. */
export interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever that is, as a process. */
export async function penstock(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const process = run(globalThis.process.execPath, [PENSTOCK, ...args], env);
  const code = await within(`penstock ${args.join(' ')}`, process.ended, process.stderr, 60_000);
  return { code, stdout: process.stdout(), stderr: process.stderr() };
}

/** The same within this process: for what ends with help or a refusal, before anything is printed by the command itself. */
export async function called(args: readonly string[]): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const code = await runCommand(args, { out: (text) => (stdout += text), err: (text) => (stderr += text) });
  return { code, stdout, stderr };
}

/** A command that failed as it should: with this code and message, nothing on standard output, and no stack. */
export function assertFails({ code, stdout, stderr }: Ended, wanted: number, message: RegExp): void {
  assert.match(stderr, message);
  assert.deepEqual([code, stdout], [wanted, ''], stderr);
  assert.doesNotMatch(stderr, /\n {4}at /, 'no stack: it is no fault of ours');
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

/** A folder with `web.yaml`, the Rollout, and `around.yaml`, Service and pods. */
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
  /** Where the admin address is, as a URL. */
  readonly admin: string;
  /** Lines of the log so far. */
  readonly log: () => readonly LogLine[];
  /** The first line with that sentence whose facts fit, come or to come. */
  readonly said: (sentence: string, fits?: (line: LogLine) => boolean) => Promise<LogLine>;
}

/** Addresses of loopback with ports that nobody has. */
export const FREE: readonly string[] = ['--xds-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'];

/** Starts `penstock serve` with just these arguments, to be stopped with the test. */
export function started(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running & { readonly told: (matches: RegExp) => Promise<string> } {
  const process = run(globalThis.process.execPath, [PENSTOCK, 'serve', ...args], env);
  t.after(() => process.stop());
  const told = (matches: RegExp): Promise<string> =>
    within(String(matches), process.line(matches, 'stderr'), process.stderr);
  return { ...process, told };
}

/** Starts `penstock serve` on free ports of loopback, logging JSON, and waits for its ready line. */
export async function served(t: TestContext, folder: string, ...args: readonly string[]): Promise<Served> {
  const process = started(t, ['--source', `dir:${folder}`, ...FREE, '--log-format', 'json', ...args]);
  const said: Served['said'] = async (sentence, fits = () => true) => {
    const isIt = (text: string): boolean => {
      const line = parsed(text);
      return line?.['msg'] === sentence && fits(line);
    };
    return parsed(await process.told(matching(sentence, isIt))) ?? {};
  };
  const ready = await said('ready');
  return {
    ...process,
    ready,
    said,
    xdsPort: Number(/:(\d+)$/.exec(String(ready['xds']))?.[1]),
    admin: `http://${String(ready['admin'])}`,
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

/** A pattern that asks a function, called what it looks for. */
function matching(name: string, test: (line: string) => boolean): RegExp {
  const pattern = new RegExp(name.replaceAll(/[^\w\s]/g, '.'));
  pattern.test = test;
  return pattern;
}

/** Waits until the server knows that a proxy has acknowledged everything. */
export async function upToDate({ admin }: Served, id: string): Promise<void> {
  await until(`${id} to be up to date`, async () => {
    const answer = await fetch(`${admin}/v1/proxies/${encodeURIComponent(id)}`);
    if (!answer.ok) return undefined;
    const { sequence, acknowledged } = (await answer.json()) as { sequence: number; acknowledged: number };
    return acknowledged >= sequence ? true : undefined;
  });
}

/** A value inside parsed JSON or YAML, by keys. */
export function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce((inner: unknown, key) => {
    assert.ok(typeof inner === 'object' && inner !== null, `nothing to look into for ${key}`);
    return (inner as Record<string | number, unknown>)[key];
  }, value);
}
