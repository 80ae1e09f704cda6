import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { findEnvoy } from '../harness/envoy-binary.js';
import { failed, shareOf, steadyLoad, type Tally } from '../harness/load.js';
import { penstock, serve, type Serving, type Sidecar, sidecar } from '../harness/product.js';
import { measure, REQUESTS, type Result } from './measure.js';
import { NEW, OLD, writePods, writeShop } from './shop.js';
import { STAGES, type Stage } from './stages.js';
import { heading, liveRow, resultRow } from './table.js';

const HELP = `npm run demo [-- --break]

A real Envoy follows a Rollout from v1 to v2: penstock serves it, penstock play walks the Rollout through its steps, and at
every step ${REQUESTS} requests show whether Envoy does what the Rollout says. Exit code 0 only if it did at every step.

  --break   puts a pod of v2 behind the name of v1, to show that a wrong split is noticed: exit code 1
`;

/** Requests a second that run beside everything else, to notice a failure between the steps. */
const BACKGROUND_RATE = 100;

/** Everything that was started, to be stopped in reverse order. */
type Cleanup = (() => Promise<unknown>)[];

interface Scene {
  readonly folder: string;
  readonly serving: Serving;
  readonly envoy: Sidecar;
  readonly oldPods: readonly EchoServer[];
  readonly newPods: readonly EchoServer[];
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const unknown = args.find((arg) => arg !== '--break');
  if (unknown !== undefined) {
    process.stderr.write(`unknown argument ${unknown}\n\n${HELP}`);
    return 64;
  }
  const cleanup: Cleanup = [];
  const stop = async (): Promise<void> => {
    for (let end = cleanup.pop(); end !== undefined; end = cleanup.pop()) await end();
  };
  const interrupted = (): void => void stop().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await show(args.includes('--break'), cleanup);
  } finally {
    await stop();
  }
}

async function show(isBroken: boolean, cleanup: Cleanup): Promise<number> {
  const scene = await start(cleanup);
  const background = steadyLoad({ port: scene.envoy.outboundPort, host: 'web' }, BACKGROUND_RATE);
  cleanup.push(() => background.stop());
  process.stdout.write(`\n${heading()}\n`);
  const results: Result[] = [];
  for (const stage of STAGES) {
    if (isBroken && stage.until === 3) await swapPod(scene);
    await walkTo(stage, scene);
    const result = await measure(stage, { ...scene, watch });
    process.stdout.write(`${CLEAR}${resultRow(result)}\n`);
    results.push(result);
  }
  const tally = await background.stop();
  const faults = results.flatMap(({ stage, faults: found }) => found.map((fault) => `${stage.title}: ${fault}`));
  if (failed(tally) > 0) faults.push(`${failed(tally)} of ${tally.total} requests between the steps failed`);
  process.stdout.write(
    `\n${REQUESTS} requests a step, ${tally.total} more beside them without a pause: ${failed(tally)} failed.\n`,
  );
  for (const fault of faults) process.stdout.write(`WRONG  ${fault}\n`);
  process.stdout.write(
    faults.length === 0 ? 'Every observed split was right.\n' : 'Envoy did not do what the Rollout says.\n',
  );
  return faults.length === 0 ? 0 : 1;
}

async function start(cleanup: Cleanup): Promise<Scene> {
  const binary = findEnvoy();
  if (binary.kind === 'missing') throw new Error(`${binary.reason}; get it with: ${binary.command}`);
  const folder = await mkdtemp(join(tmpdir(), 'penstock-demo-'));
  cleanup.push(() => rm(folder, { recursive: true, force: true }));
  const oldPods = [await startEcho('v1'), await startEcho('v1')];
  const newPods = [await startEcho('v2'), await startEcho('v2')];
  cleanup.push(...[...oldPods, ...newPods].map((pod) => () => pod.close()));
  await writeShop(folder, [versionPods(OLD, oldPods), versionPods(NEW, newPods)]);
  tell(`two versions of a service, two pods each, and Rollout shop/web in ${folder}`);
  const serving = await serve(folder);
  cleanup.push(() => serving.process.stop());
  tell(`penstock serve reads it, xDS on 127.0.0.1:${serving.xdsPort}`);
  const envoy = await sidecar(binary.path, serving);
  cleanup.push(() => envoy.stop());
  tell(`Envoy ${binary.version}, sidecar of a caller: curl -H 'Host: web' 127.0.0.1:${envoy.outboundPort}`);
  tell('penstock play walks the Rollout; shares below are those of v2');
  return { folder, serving, envoy, oldPods, newPods };
}

/** Back to the start of the line, and nothing on it; only where somebody watches. */
const CLEAR = process.stdout.isTTY ? '\r\u001b[2K' : '';

/** Where somebody watches, requests are sent slowly enough to be seen and the row moves with them. */
async function watch(stage: Stage, tally: Tally): Promise<void> {
  if (!process.stdout.isTTY) return;
  if (tally.total % 20 === 0) process.stdout.write(`${CLEAR}${liveRow(stage, shareOf(tally, 'v2'), tally.total)}`);
  await pause(15);
}

/** Has the Rollout walk to a stage and waits until every proxy has acknowledged it. */
async function walkTo(stage: Stage, { folder, serving }: Scene): Promise<void> {
  if (stage.until === 'start') return;
  const until = stage.until === 'end' ? [] : ['--until', String(stage.until)];
  await penstock('play', '-f', folder, '--rollout', 'shop/web', '--step-seconds', '0', ...until);
  if (stage.logged !== undefined) await serving.process.line(stage.logged);
}

/** Breaks the split on purpose: v1 gets a third address, which is v2's. */
async function swapPod({ folder, serving, oldPods, newPods }: Scene): Promise<void> {
  await writePods(folder, [versionPods(OLD, [...oldPods, ...newPods.slice(0, 1)]), versionPods(NEW, newPods)]);
  await serving.process.line(/endpoints of \S+ 2 → 3/);
}

function versionPods(hash: string, servers: readonly EchoServer[]): { hash: string; ports: readonly number[] } {
  return { hash, ports: servers.map(({ port }) => port) };
}

function tell(text: string): void {
  process.stdout.write(`· ${text}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
