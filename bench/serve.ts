import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../test/harness/free-port.js';
import { PENSTOCK } from '../test/harness/product.js';
import { nowNs } from './clock.js';
import { type ControlPlane, podsOf, type Serving, SET_UP_MS } from './control-planes.js';
import { usageOf } from './usage.js';
import { rewriteRollout, writeMesh } from './world.js';

/** The real `penstock serve` on a folder: a change is a file that is replaced. */
export interface Serve extends ControlPlane {
  /** Ends it without a word, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again with the same folder and ports; gives when its admin server said that it is ready. */
  restart(): Promise<number>;
}

/** Starts one; `args` are further arguments of the command. */
export async function startServe({ services, ports }: Serving, args: readonly string[] = []): Promise<Serve> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const mesh = join(folder, 'mesh');
  writeMesh(mesh, services, podsOf(ports));
  const [xds, admin] = [await freePort(), await freePort()];
  const command = [
    ...[PENSTOCK, 'serve', '--source', `dir:${mesh}`, '--xds-address', `127.0.0.1:${xds}`],
    ...['--admin-address', `127.0.0.1:${admin}`, ...args],
  ];
  const logFile = join(folder, 'log');
  let child = start(command, logFile);
  const end = async (): Promise<void> => {
    await ended(child, 'SIGTERM');
    process.off('exit', clear);
    clear();
  };
  const ready = async (): Promise<number> => {
    if (await isReady(admin)) return nowNs();
    const log = readFileSync(logFile, 'utf8').slice(-2000);
    await end();
    throw new Error(`penstock serve was not ready within ${SET_UP_MS} ms:\n${log}`);
  };
  await ready();
  return {
    address: `127.0.0.1:${xds}`,
    change: (service, weight) => {
      let at = 0;
      rewriteRollout(mesh, service, weight, () => {
        at = nowNs();
      });
      return Promise.resolve(at);
    },
    usage: () => usageOf(child.pid ?? -1),
    crash: () => ended(child, 'SIGKILL'),
    restart: () => {
      child = start(command, logFile);
      return ready();
    },
    stop: end,
  };
}

function start(command: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  const kill = (): boolean => child.kill('SIGKILL');
  // Not even where the runner ends in the middle.
  process.once('exit', kill);
  child.once('close', () => process.off('exit', kill));
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), 5000);
  await closed;
  clearTimeout(force);
}

async function isReady(admin: number): Promise<boolean> {
  const until = performance.now() + SET_UP_MS;
  while (performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return true;
    await pause(20);
  }
  return false;
}
