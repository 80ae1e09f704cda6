import { z } from 'zod';
import { type Envoy, startEnvoy } from '../test/harness/envoy-process.js';
import { freePort } from '../test/harness/free-port.js';
import { until } from '../test/harness/poll.js';
import { bootstrap } from '../src/resources/index.js';
import { type Usage, usageOf } from './usage.js';
import { NAMESPACE } from './world.js';

/** A real Envoy as the sidecar of a caller. */
export interface Sidecar extends Pick<Envoy, 'admin' | 'stat' | 'stop'> {
  /** Where it takes requests. */
  readonly port: number;
  /** From its start until it says that it is ready and listens for requests, in milliseconds. */
  readonly readyMs: number;
  usage(): Usage;
}

/** How it is served. */
export interface SidecarOptions {
  /** Of the control plane. */
  readonly address: string;
  readonly scope: 'lazy' | 'full';
  readonly workload: string;
  /** A free one unless given. */
  readonly port?: number;
  /** Whether the control plane takes load reports. */
  readonly hasReports?: boolean;
}

const Bootstrap = z.looseObject({ cluster_manager: z.unknown() });

/** Starts one, with the bootstrap that `penstock bootstrap` prints. */
export async function startSidecar(binary: string, options: SidecarOptions): Promise<Sidecar> {
  const { address, scope, workload, hasReports = true } = options;
  const port = options.port ?? (await freePort());
  const text = bootstrap({
    ...{
      nodeId: `sidecar~${NAMESPACE}~${workload}`,
      namespace: NAMESPACE,
      workload,
      scope,
      api: 'delta',
      aggregated: true,
    },
    xds: { host: '127.0.0.1', port: Number(address.slice(address.lastIndexOf(':') + 1)) },
    outbound: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: 0 },
  });
  const { cluster_manager: reports, ...rest } = Bootstrap.parse(text);
  const startedAt = performance.now();
  const config = JSON.stringify(hasReports ? { cluster_manager: reports, ...rest } : rest);
  const { process: running, admin, stat, stop } = await startEnvoy(binary, config);
  await until('the outbound listener', async () =>
    (await admin('/listeners')).includes('outbound') ? true : undefined,
  );
  const readyMs = performance.now() - startedAt;
  const kill = (): void => {
    process.kill(running.pid, 'SIGKILL');
  };
  // Not even where the runner ends in the middle.
  process.once('exit', kill);
  return {
    ...{ admin, stat, port, readyMs },
    usage: () => usageOf(running.pid),
    stop: async () => {
      process.off('exit', kill);
      await stop();
    },
  };
}
