import type { ObjectRef, Place, Problem } from '../base/index.js';
import { type JsonValue, type ResourceKind, toJson } from '../codec/index.js';
import type { WorldEvent } from '../model/index.js';
import { Pipeline } from '../pipeline/index.js';
import { onDemandTable, outboundListener, placeholder, routeTable } from '../resources/index.js';
import { viewsWith } from '../snapshot/index.js';
import { readDirectory } from '../sources/index.js';
import type { Address } from './values.js';

/** What a proxy of full scope is served, in Envoy's own JSON form, and what is wrong with what it is made from. */
export interface Translation {
  readonly listeners: readonly JsonValue[];
  readonly routes: readonly JsonValue[];
  readonly clusters: readonly JsonValue[];
  readonly endpoints: readonly JsonValue[];
  readonly problems: readonly Problem[];
}

/** What a file or folder holds, once through the pipeline. */
export interface Offline {
  readonly pipeline: Pipeline;
  readonly events: readonly WorldEvent[];
  /** Of files, of objects, and among objects. */
  readonly problems: readonly Problem[];
}

const USUAL_OUTBOUND: Address = { host: '127.0.0.1', port: 15_001 };

/** Reads a file or folder once and derives everything from it. Throws `SOURCE_UNREADABLE` where there is nothing to read. */
export async function offline(path: string): Promise<Offline> {
  const { events, problems, locate } = await readDirectory(path);
  const pipeline = offlinePipeline(locate);
  pipeline.apply(events);
  return { pipeline, events, problems: [...problems, ...pipeline.problems()] };
}

/** What a proxy of `namespace` would be served from a file or folder. Throws as `offline` does. */
export async function translated(path: string, namespace: string): Promise<Translation> {
  const { pipeline, problems } = await offline(path);
  const viewOf = viewsWith({ routeTable, outboundListener, onDemandTable, placeholder });
  const view = viewOf(pipeline.snapshot, { namespace, outbound: USUAL_OUTBOUND, routing: { kind: 'table' } });
  const all = (kind: ResourceKind): readonly JsonValue[] => [...view.all(kind)].map(toJson);
  return {
    listeners: all('listener'),
    routes: all('route'),
    clusters: all('cluster'),
    endpoints: all('endpoint'),
    problems,
  };
}

function offlinePipeline(locate: (ref: ObjectRef, path: string) => Place | undefined): Pipeline {
  return new Pipeline({
    now: () => 0,
    publish: () => undefined,
    problems: () => undefined,
    locate,
    failed: ({ kind, namespace, name }, error) => {
      throw new Error(`${kind} ${namespace}/${name} could not be derived`, { cause: error });
    },
  });
}
