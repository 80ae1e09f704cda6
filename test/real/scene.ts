import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { burst, isPlausible, type Target } from '../harness/load.js';
import { type Manifest, put, service, slice, type VersionPods } from '../harness/manifests.js';
import {
  penstock,
  serve,
  serveAt,
  type Serving,
  type Sidecar,
  sidecar,
  type SidecarOptions,
} from '../harness/product.js';
import { until, within } from '../harness/poll.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';

/** The whole product at work: a folder, `penstock serve` on it, and a real Envoy that obeys. */
export interface Scene {
  readonly binary: string;
  readonly folder: string;
  readonly serving: Serving;
  readonly envoy: Sidecar;
  /** Another Envoy; it ends with the scene. */
  readonly sidecar: (options: SidecarOptions) => Promise<Sidecar>;
  /** Writes a file in one step; resolves with the line of `serve` that says that every proxy has acknowledged the change. */
  readonly change: (file: string, objects: readonly Manifest[], logged: RegExp) => Promise<string>;
  /** Everything that was in the folder when it was called has reached every proxy. */
  readonly settled: (story?: string) => Promise<void>;
  /** Runs `penstock play` on Rollout shop/NAME. */
  readonly play: (name: string, ...args: readonly string[]) => Promise<string>;
  /** Kills `serve` without a word, and starts it again on the same ports when `meanwhile` is over. */
  readonly restart: (meanwhile: () => Promise<void>, ...args: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * The one stage of a test file: opened by the first test that asks for it, closed when all are over. `undefined` where there is no
 * Envoy, which the test then says.
 */
export function sharedStage<S extends Scene>(
  openStage: (binary: string) => Promise<S>,
): (t: TestContext) => Promise<S | undefined> {
  let opening: Promise<S> | undefined;
  after(async () => (await opening)?.close());
  return async (t) => {
    const binary = usesRealEnvoy(t);
    return binary === undefined ? undefined : (opening ??= openStage(binary.path));
  };
}

/** Opens a scene; `files` are in the folder before `serve` starts. */
export async function openScene(
  binary: string,
  files: Readonly<Record<string, readonly Manifest[]>>,
  { serveArgs = [], ...options }: SidecarOptions & { readonly serveArgs?: readonly string[] } = {},
): Promise<Scene> {
  const endings: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'penstock-real-'));
    endings.push(() => rm(folder, { recursive: true, force: true }));
    for (const [file, objects] of Object.entries(files)) await put(folder, file, objects);
    let serving = await serve(folder, ...serveArgs);
    endings.push(() => serving.process.stop());
    const start = async (proxy: SidecarOptions): Promise<Sidecar> => {
      const another = await sidecar(binary, serving, proxy);
      endings.push(() => another.stop());
      return another;
    };
    const envoy = await start(options);
    const markers = await Promise.all([startEcho('barrier'), startEcho('barrier')]);
    endings.push(() => Promise.all(markers.map((server) => server.close())));
    const change: Scene['change'] = async (file, objects, logged) => {
      const said = nextLine(serving, logged);
      await put(folder, file, objects);
      return said;
    };
    const play: Scene['play'] = (name, ...args) =>
      penstock('play', '-f', join(folder, `${name}.yaml`), '--rollout', `shop/${name}`, ...args);
    return {
      ...{ binary, folder, envoy, sidecar: start, change, play, close },
      get serving() {
        return serving;
      },
      settled: barrier({ folder, envoy, markers, serving: () => serving }),
      restart: async (meanwhile, ...args) => {
        await serving.process.kill();
        await meanwhile();
        serving = await serveAt(serving, folder, ...serveArgs, ...args);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The next line of the log that matches; what was said before does not count. */
export function nextLine({ process }: Pick<Serving, 'process'>, logged: RegExp): Promise<string> {
  const since = process.stderr().length;
  return within(`${String(logged)} in the log of serve`, process.line(logged, 'stderr', since), process.stderr);
}

/** What a barrier is made of. */
interface Barrier {
  readonly folder: string;
  readonly envoy: Sidecar;
  readonly markers: readonly EchoServer[];
  readonly serving: () => Serving;
}

/**
 * Files are picked up in the order in which they are written: so the endpoints of a Service that nobody else calls come and go,
 * and when Envoy has them and has acknowledged all that the server had by then, everything before has arrived too. It is
 * called all the while, for only then it is in a lazy scope.
 */
function barrier({ folder, envoy, markers, serving }: Barrier): Scene['settled'] {
  const passes = new Map<string, number>();
  return async (story = 'all') => {
    const name = `barrier-${story}`;
    const pass = passes.get(name) ?? 0;
    passes.set(name, pass + 1);
    const ready = 1 + (pass % markers.length);
    const slices = markers.slice(0, ready).map(({ port }, index) => slice(name, { name: `${index}`, port }));
    await put(folder, `${name}.yaml`, [service(name, {}), ...slices]);
    await until(`pass ${pass} of ${name}`, async () => {
      await ask({ port: envoy.outboundPort, host: `${name}.shop` });
      return (await envoy.stat(`cluster.shop/${name}_80.membership_total`)) === ready ? true : undefined;
    });
    const { sequence } = await proxyOf(serving());
    await until(`the acknowledgement of ${sequence}`, async () =>
      (await proxyOf(serving())).acknowledged >= sequence ? true : undefined,
    );
  };
}

/** How far a proxy is, as the admin API tells it. */
export interface ProxyProgress {
  readonly sequence: number;
  readonly acknowledged: number;
  readonly scope: 'full' | 'lazy';
  /** The Services that it is served, `NAMESPACE/NAME`, where its scope is lazy. */
  readonly hosts?: readonly string[];
  readonly types: readonly {
    readonly kind: string;
    readonly variant: string;
    readonly pending: number;
    readonly leaving: number;
    readonly rejections: readonly {
      readonly message: string;
      readonly resources: readonly { readonly name: string }[];
    }[];
  }[];
}

/** The state of a proxy in `/v1/proxies`; of the usual one unless another id is given. */
export async function proxyOf(
  { adminPort }: Pick<Serving, 'adminPort'>,
  id = 'sidecar~shop~caller',
): Promise<ProxyProgress> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/v1/proxies/${encodeURIComponent(id)}`);
  if (!response.ok) throw new Error(`proxy ${id}: ${await response.text()}`);
  return (await response.json()) as ProxyProgress;
}

/** A response that a proxy was sent. */
export interface Push {
  readonly kind: string;
  readonly resources: number;
  readonly removed: number;
}

/** What a proxy was sent since its server started, as that one's log has it at level debug. */
export function pushes({ process }: Pick<Serving, 'process'>, proxy: string): readonly Push[] {
  return process
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"msg":"pushed"') && line.includes(`"proxy":"${proxy}"`))
    .map((line) => JSON.parse(line) as Push)
    .map(({ kind, resources, removed }) => ({ kind, resources, removed }));
}

/** Servers as the pods of one version. */
export function versionPods(hash: string, servers: readonly EchoServer[], ready = true): VersionPods {
  return { hash, ports: servers.map(({ port }) => port), ready };
}

/** A Rollout's `status` with the weights that Argo records where a provider is set. */
export function recorded(stable: string, canary: string, weight: number, index = 0): Manifest {
  const weights = {
    canary: { podTemplateHash: canary, weight },
    stable: { podTemplateHash: stable, weight: 100 - weight },
  };
  return { currentPodHash: canary, stableRS: stable, currentStepIndex: index, canary: { weights } };
}

/** Statistics that tell of a switch gone wrong, by name; all of them must be 0, so only the others are in it. */
export async function troubles(envoy: Sidecar): Promise<ReadonlyMap<string, number>> {
  const names = [
    'update_rejected',
    'init_fetch_timeout',
    'no_cluster',
    'downstream_rq_5xx',
    'warming_clusters',
    'upstream_cx_none_healthy',
    'membership_degraded',
  ];
  const counted = await statistics(envoy, `(${names.join('|')})$`);
  return new Map([...counted].filter(([, value]) => value > 0));
}

/** Sum of all statistics whose name ends so. */
export async function total(envoy: Sidecar, ending: string): Promise<number> {
  return [...(await statistics(envoy, `${ending}$`)).values()].reduce((sum, value) => sum + value, 0);
}

/** Statistics by name, those of Envoy's own admin interface left out. */
async function statistics(envoy: Sidecar, filter: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await envoy.admin(`/stats?filter=${encodeURIComponent(filter)}`)).split('\n');
  const pairs = lines
    .map((line) => line.split(': '))
    .filter(([name = '']) => /\.|_/.test(name) && !name.includes('admin'));
  return new Map(pairs.map(([name = '', value]) => [name, Number(value)]));
}

/** An answer that came through Envoy. */
export interface Answer {
  readonly status: number;
  /** Who answered; empty where it was Envoy itself. */
  readonly version: string;
  readonly cookie: string | undefined;
  readonly body: string;
}

/** One request through an Envoy, on a connection of its own. */
export function ask({ port, host, path = '/', method = 'GET', headers = {} }: Target): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ agent: false, host: '127.0.0.1', port, path, method, headers: { ...headers, host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('error', reject).on('end', () => {
        const version = response.headers['x-version'];
        const [cookie] = response.headers['set-cookie'] ?? [];
        resolve({
          status: response.statusCode ?? 0,
          version: typeof version === 'string' ? version : '',
          cookie,
          body,
        });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Asserts that a burst saw no failure and that the share of `version` is as desired. */
export async function assertShare(target: Target, version: string, share: number, count = 1_000): Promise<void> {
  const tally = await burst(target, count);
  const hits = tally.versions.get(version) ?? 0;
  assert.deepEqual(tally.failures, new Map(), target.host);
  assert.equal(tally.leaked, 0, 'answers to mirrored requests that reached a caller');
  assert.ok(
    isPlausible(hits, tally.total, share),
    `${hits} of ${tally.total} requests to ${target.host} reached ${version}`,
  );
}
