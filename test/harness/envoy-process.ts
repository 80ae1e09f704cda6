import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './poll.js';
import { type Running, run } from './process.js';

/** A real Envoy at work. */
export interface Envoy {
  readonly process: Running;
  /** Port of its admin interface on loopback. */
  readonly adminPort: number;
  /** Body of a page of its admin interface, for example `/config_dump`. */
  readonly admin: (path: string) => Promise<string>;
  /** Value of one statistic; `undefined` where Envoy has none of that name. */
  readonly stat: (name: string) => Promise<number | undefined>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts Envoy from a bootstrap (YAML or JSON text) whose admin port is 0, and waits until its admin interface answers; with
 * `ready`, until it says that it is LIVE, which takes a control plane that answers.
 */
export async function startEnvoy(binary: string, bootstrap: string, ready = true): Promise<Envoy> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-envoy-'));
  const config = join(folder, 'bootstrap.yaml');
  const address = join(folder, 'admin-address');
  await writeFile(config, bootstrap);
  const args = ['-c', config, '--admin-address-path', address, '--concurrency', '1'];
  const process = run(binary, [...args, '--disable-hot-restart', '--log-level', 'warning']);
  const stop = async (): Promise<void> => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const adminPort = await until('Envoy to write its admin address', async () => {
      if (process.stderr().includes('exiting')) throw new Error(process.stderr());
      const text = await readFile(address, 'utf8');
      return Number(text.slice(text.lastIndexOf(':') + 1)) || undefined;
    });
    const admin = (path: string): Promise<string> => fetchText(adminPort, path);
    if (ready)
      await until('Envoy to be LIVE', async () => ((await admin('/ready')).startsWith('LIVE') ? true : undefined));
    return { process, adminPort, admin, stat: (name) => stat(admin, name), stop };
  } catch (error) {
    await stop();
    throw new Error(`Envoy did not start: ${process.stderr()}`, { cause: error });
  }
}

function fetchText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}

async function stat(admin: Envoy['admin'], name: string): Promise<number | undefined> {
  const filter = encodeURIComponent(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
  const line = (await admin(`/stats?filter=${filter}`)).split('\n').find((text) => text.startsWith(`${name}: `));
  return line === undefined ? undefined : Number(line.slice(name.length + 2));
}
