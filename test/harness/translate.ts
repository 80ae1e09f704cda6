import { relative } from 'node:path';
import type { Problem } from '../../src/base/index.js';
import { type JsonValue, type ResourceKind, toJson } from '../../src/codec/index.js';
import { Pipeline } from '../../src/pipeline/index.js';
import { outboundListener, routeTable } from '../../src/resources/index.js';
import { viewsWith } from '../../src/snapshot/index.js';
import { readDirectory } from '../../src/sources/index.js';

/** What a proxy of full scope is served, in Envoy's own JSON, and what is wrong with what it is made from. */
export interface Translated {
  readonly listeners: readonly JsonValue[];
  readonly routes: readonly JsonValue[];
  readonly clusters: readonly JsonValue[];
  readonly endpoints: readonly JsonValue[];
  readonly problems: readonly Problem[];
}

/** Translates a file or folder for the proxies of a namespace, as `penstock translate` does. Places are relative to `folder`. */
export async function translate(path: string, folder: string, namespace = 'shop'): Promise<Translated> {
  const { events, problems, locate } = await readDirectory(path);
  const pipeline = new Pipeline({
    now: () => 0,
    publish: () => undefined,
    problems: () => undefined,
    locate,
    failed: ({ kind, namespace: where, name }, error) => {
      throw new Error(`${kind} ${where}/${name} could not be derived`, { cause: error });
    },
  });
  pipeline.apply(events);
  const viewOf = viewsWith({ routeTable, outboundListener });
  const view = viewOf(pipeline.snapshot, { namespace, outbound: { host: '127.0.0.1', port: 15_001 } });
  const all = (kind: ResourceKind): readonly JsonValue[] => [...view.all(kind)].map(toJson);
  return {
    listeners: all('listener'),
    routes: all('route'),
    clusters: all('cluster'),
    endpoints: all('endpoint'),
    problems: [...problems, ...pipeline.problems()].map((problem) => within(folder, problem)),
  };
}

function within(folder: string, problem: Problem): Problem {
  const { place } = problem;
  return place === undefined ? problem : { ...problem, place: { ...place, file: relative(folder, place.file) } };
}
