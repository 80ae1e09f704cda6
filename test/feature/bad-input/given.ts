import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Problem } from '../../../src/base/index.js';
import { Pipeline } from '../../../src/pipeline/index.js';
import { onDemandTable, outboundListener, placeholder, routeTable } from '../../../src/resources/index.js';
import { type ProxyScope, type Snapshot, viewsWith } from '../../../src/snapshot/index.js';
import { directorySource } from '../../../src/sources/index.js';
import { type Manifest, pods, put, service, slice } from '../../harness/manifests.js';
import { until } from '../../harness/poll.js';
import { type Json, json } from '../../unit/resources/given.js';

const FIXTURES = fileURLToPath(new URL('../../../../test/feature/bad-input/', import.meta.url));

/** A file with mistakes, each marked on its line: `# ! CODE path: words of what is expected`. */
export interface Fixture {
  readonly name: string;
  readonly text: string;
}

/** What one mark announces. */
export interface Mark {
  readonly line: number;
  readonly code: string;
  readonly path: string;
  readonly words: string;
}

/** The fixtures of the folder, by name. */
export function fixtures(): readonly Fixture[] {
  return readdirSync(FIXTURES)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .map((file) => ({ name: basename(file, '.yaml'), text: readFileSync(join(FIXTURES, file), 'utf8') }));
}

/** The marks of a text, in its order. */
export function marksOf(text: string): readonly Mark[] {
  return text.split('\n').flatMap((content, index) => {
    const [, code, path = '', words] = / # ! ([A-Z_]+)(?: (\S+))?: (.+)$/.exec(content) ?? [];
    return code === undefined || words === undefined ? [] : [{ line: index + 1, code, path, words }];
  });
}

/** What a fixture says of the split of shop/web once it has been read over the good objects: `80/20`, or `plain`. */
export function announcedSplit(text: string): string {
  return /^# Split of shop\/web afterwards: ([^,\n]+)/m.exec(text)?.[1] ?? '';
}

const VERSIONS = [
  { hash: '5c7b9dd8f9', ports: [9001, 9002] },
  { hash: '7d4f6c5b8c', ports: [9003] },
];
const [STABLE = '', CANARY = ''] = VERSIONS.map(({ hash }) => hash);

/** The Rollout shop/web with 20 % on its canary. */
export const GOOD_ROLLOUT: string = stringify({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'web', namespace: 'shop', generation: 7 },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } } },
    strategy: { canary: { trafficRouting: { plugins: { 'penstock/xds': {} } }, steps: [{ setWeight: 20 }] } },
  },
  status: {
    observedGeneration: '7',
    currentPodHash: CANARY,
    stableRS: STABLE,
    currentStepIndex: 0,
    canary: {
      weights: { canary: { podTemplateHash: CANARY, weight: 20 }, stable: { podTemplateHash: STABLE, weight: 80 } },
    },
  },
});

const BESIDE: readonly Manifest[] = [
  service('good', { app: 'good' }),
  slice('good', { name: 'a', port: 9009 }),
  service('web', { app: 'web' }),
  ...pods('web', VERSIONS),
];

/** A folder with good objects (Services shop/good and shop/web, pods of both versions) and what is given as `web.yaml`. */
export async function folderWith(t: TestContext, web: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bad-input-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await put(folder, 'beside.yaml', BESIDE);
  await writeFile(join(folder, 'web.yaml'), web);
  return folder;
}

/** A directory source with the pipeline behind it, at work. */
export interface Running {
  /** As Envoy has it: `80/20`, `plain` for all pods of the Service, `none` where there is no host. */
  split(): string;
  /** Where shop/good leads. */
  good(): readonly string[];
  problems(): readonly Problem[];
  /** Resolves with the problems once there are some that fit. */
  problem(fits: (problem: Problem) => boolean): Promise<readonly Problem[]>;
  /** Resolves once there are none. */
  quiet(): Promise<unknown>;
}

/** Starts one on a folder; it stops with the test. */
export async function running(t: TestContext, folder: string): Promise<Running> {
  const source = directorySource(folder, {}, { warn: () => undefined });
  t.after(() => source.stop());
  const pipeline = new Pipeline({
    now: () => 0,
    publish: () => undefined,
    problems: () => undefined,
    locate: (ref, path) => source.locate(ref, path),
    failed: (ref, error) => {
      throw new Error(`${ref.kind} ${ref.namespace}/${ref.name} could not be derived`, { cause: error });
    },
  });
  await source.start({
    apply: (events) => pipeline.apply(events),
    fileProblems: (file, problems) => pipeline.fileProblems(file, problems),
  });
  return {
    split: () => splitIn(pipeline.snapshot),
    good: () => addressesIn(pipeline.snapshot, 'shop/good:80'),
    problems: () => pipeline.problems(),
    problem: (fits) => until('a problem', () => (pipeline.problems().some(fits) ? pipeline.problems() : undefined)),
    quiet: () => until('no problems', () => (pipeline.problems().length === 0 ? true : undefined)),
  };
}

const viewOf = viewsWith({ routeTable, outboundListener, onDemandTable, placeholder });
const SCOPE: ProxyScope = {
  namespace: 'shop',
  outbound: { host: '127.0.0.1', port: 15_001 },
  routing: { kind: 'table' },
};

function splitIn(snapshot: Snapshot): string {
  const host = viewOf(snapshot, SCOPE).get('virtualHost', 'outbound/web.shop.svc.cluster.local');
  if (host === undefined) return 'none';
  const { route } = json(host).routes.at(-1);
  if (route.cluster === 'shop/web:80') return 'plain';
  const weight = (hash: string): number => {
    const name = `shop/web:80@${hash}`;
    if (route.cluster !== undefined) return route.cluster === name ? 100 : 0;
    return route.weighted_clusters.clusters.find((one: { name: string }) => one.name === name)?.weight ?? 0;
  };
  return `${weight(STABLE)}/${weight(CANARY)}`;
}

function addressesIn(snapshot: Snapshot, cluster: string): readonly string[] {
  const found = viewOf(snapshot, SCOPE).get('endpoint', cluster);
  if (found === undefined) return [];
  return (json(found).endpoints ?? []).flatMap((locality: Json) =>
    locality.lb_endpoints.map(({ endpoint }: Json) => {
      const { address, port_value: port } = endpoint.address.socket_address;
      return `${address}:${port}`;
    }),
  );
}

/** Every marked mistake is told at its line with its code, its path and its words, and nothing else is. */
export function assertMarked(problems: readonly Problem[], text: string): void {
  const marks = marksOf(text);
  const told = problems.map(({ place, code, path }) => `${basename(place?.file ?? '')}:${place?.line} ${code} ${path}`);
  const marked = marks.map(({ line, code, path }) => `web.yaml:${line} ${code} ${path}`);
  assert.deepEqual(told.toSorted(), marked.toSorted());
  for (const { line, code, path, words } of marks) {
    const found = problems.find((one) => one.place?.line === line && one.code === code && one.path === path);
    assert.ok(found?.expected.includes(words), `line ${line}: "${found?.expected}" does not say "${words}"`);
  }
}
