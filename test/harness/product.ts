import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Envoy, startEnvoy } from './envoy-process.js';
import { freePort } from './free-port.js';
import { until } from './poll.js';
import { type Running, run } from './process.js';

/** The compiled `penstock`. */
export const PENSTOCK: string = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** A `penstock serve` at work. */
export interface Serving {
  readonly process: Running;
  readonly xdsPort: number;
  readonly adminPort: number;
}

/** Runs a command of `penstock` to its end; rejects with its output when it fails. */
export async function penstock(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PENSTOCK, ...args], { maxBuffer: 64 << 20 });
  return stdout;
}

/** Starts `penstock serve` on a folder, logging JSON, and waits until it is ready. */
export async function serve(folder: string, ...args: readonly string[]): Promise<Serving> {
  return serveAt({ xdsPort: await freePort(), adminPort: await freePort() }, folder, ...args);
}

/** The same on given ports: where one was before, for example. */
export async function serveAt(
  ports: Pick<Serving, 'xdsPort' | 'adminPort'>,
  folder: string,
  ...args: readonly string[]
): Promise<Serving> {
  const { xdsPort, adminPort } = ports;
  const process = run(globalThis.process.execPath, [
    ...[PENSTOCK, 'serve', '--source', `dir:${folder}`, '--log-format', 'json', '--drain-delay', '1s'],
    ...['--xds-address', `127.0.0.1:${xdsPort}`, '--admin-address', `127.0.0.1:${adminPort}`, ...args],
  ]);
  try {
    await until('penstock serve to be ready', async () =>
      (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok ? true : undefined,
    );
  } catch (error) {
    await process.stop();
    throw new Error(`penstock serve did not start:\n${process.stderr()}`, { cause: error });
  }
  return { process, xdsPort, adminPort };
}

/** How a sidecar differs from the usual one. */
export interface SidecarOptions {
  readonly namespace?: string;
  readonly nodeId?: string;
  /** Further arguments of `penstock bootstrap`. */
  readonly args?: readonly string[];
  readonly edit?: (bootstrap: string) => string;
  /** A free one unless given. */
  readonly outboundPort?: number;
}

/** A sidecar with its outbound port. */
export interface Sidecar extends Envoy {
  readonly outboundPort: number;
}

/**
 * Starts a real Envoy as the sidecar of a pod in `namespace`, from what `penstock bootstrap` prints, or from what `edit` makes
 * of that.
 */
export async function sidecar(
  binary: string,
  serving: Pick<Serving, 'xdsPort'>,
  proxy: SidecarOptions = {},
): Promise<Sidecar> {
  const { namespace = 'shop', nodeId = `sidecar~${namespace}~caller`, args = [], edit = (text) => text } = proxy;
  const outboundPort = proxy.outboundPort ?? (await freePort());
  const bootstrap = await penstock(
    ...['bootstrap', '--node-id', nodeId, '--namespace', namespace, '--admin-address', '127.0.0.1:0'],
    ...['--xds-address', `127.0.0.1:${serving.xdsPort}`, '--outbound-address', `127.0.0.1:${outboundPort}`, ...args],
  );
  const envoy = await startEnvoy(binary, edit(bootstrap));
  await until('the outbound listener', async () =>
    (await envoy.admin('/listeners')).includes('outbound') ? true : undefined,
  );
  return { ...envoy, outboundPort };
}
