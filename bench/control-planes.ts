import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nowNs } from './clock.js';
import { Program } from './program.js';
import { type Usage, usageOf } from './usage.js';
import { rewriteRollout, writeMesh } from './world.js';

/** A control plane under measurement, in a process of its own. */
export interface ControlPlane {
  readonly address: string;
  /** Gives a service's canary so many percent; answers with the time of the shared clock right before the change. */
  change(service: number, weight: number): Promise<number>;
  usage(): Usage;
  stop(): Promise<void>;
}

/** What a control plane is to serve. */
export interface Serving {
  readonly services: number;
  /** Listener, clusters and endpoints as well: penstock always has them, the peer only then. */
  readonly complete?: boolean;
  /** Where the pods of all services listen, for a real Envoy. */
  readonly ports?: { readonly stable: number; readonly canary: number; readonly listener: number };
}

/** How the peer keeps what it serves. */
export type PeerConfiguration = 'linear-service' | 'linear-table' | 'snapshot-service' | 'snapshot-table';

const Address = z.object({ address: z.string() });
const Changed = z.object({ at: z.number() });
/** Ten thousand services are read and derived. */
const SET_UP_MS = 120_000;

/** go-control-plane. */
export function startPeer(path: string, configuration: PeerConfiguration, serving: Serving): Promise<ControlPlane> {
  const program = new Program(`peer (${configuration})`, path);
  const { services, complete = false, ports } = serving;
  return driven(program, {
    configuration,
    services,
    complete,
    address: '127.0.0.1:0',
    stablePort: ports?.stable ?? 8080,
    canaryPort: ports?.canary ?? 8080,
    listenerPort: ports?.listener ?? 15_001,
  });
}

/** Penstock from the pipeline on: a change is a call, as it is at the peer. */
export function startInProcess({ services, ports }: Serving): Promise<ControlPlane> {
  const path = fileURLToPath(new URL('server.js', import.meta.url));
  const program = new Program('penstock in process', process.execPath, ['--expose-gc', path]);
  return driven(program, {
    services,
    ...(ports === undefined ? {} : { stablePort: ports.stable, canaryPort: ports.canary }),
  });
}

async function driven(program: Program, setUp: object): Promise<ControlPlane> {
  try {
    const { address } = await program.order('setUp', Address, setUp, SET_UP_MS);
    return {
      address,
      change: async (service, weight) => (await program.order('change', Changed, { service, weight })).at,
      usage: () => usageOf(program.pid),
      stop: () => program.stop(),
    };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** The real `penstock serve` on a folder: a change is a file that is replaced. */
export async function startServe({ services, ports }: Serving, args: readonly string[] = []): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'));
  const mesh = join(folder, 'mesh');
  writeMesh(mesh, services, ports === undefined ? {} : { stablePort: ports.stable, canaryPort: ports.canary });
  const [xds, admin] = [await freePort(), await freePort()];
  const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
  const logFile = join(folder, 'log');
  const child = spawn(
    process.execPath,
    [
      ...[main, 'serve', '--source', `dir:${mesh}`, '--xds-address', `127.0.0.1:${xds}`],
      ...['--admin-address', `127.0.0.1:${admin}`, ...args],
    ],
    { stdio: ['ignore', 'ignore', openSync(logFile, 'w')] },
  );
  const { pid } = child;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
    rmSync(folder, { recursive: true, force: true });
  };
  if (pid === undefined || !(await isReady(admin))) {
    const log = readFileSync(logFile, 'utf8').slice(-2000);
    await stop();
    throw new Error(`penstock serve was not ready within ${SET_UP_MS} ms:\n${log}`);
  }
  return {
    address: `127.0.0.1:${xds}`,
    change: (service, weight) => {
      let at = 0;
      rewriteRollout(mesh, service, weight, () => {
        at = nowNs();
      });
      return Promise.resolve(at);
    },
    usage: () => usageOf(pid),
    stop,
  };
}

async function isReady(admin: number): Promise<boolean> {
  const until = performance.now() + SET_UP_MS;
  while (performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${admin}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return true;
    await pause(50);
  }
  return false;
}

async function freePort(): Promise<number> {
  const socket = createServer();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', () => resolve()));
  const bound = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  if (bound === null || typeof bound === 'string') throw new Error('no free port was found');
  return bound.port;
}
