import { invariant } from '../src/base/index.js';
import type { EncodedResource } from '../src/codec/index.js';
import { parseObject } from '../src/model/index.js';
import { Pipeline } from '../src/pipeline/index.js';
import { outboundListener } from '../src/resources/index.js';
import type { HostEntry } from '../src/snapshot/index.js';
import { CANARY, FIRST_WEIGHT, partsOf, type Pods, rolloutOf, serviceName } from './world.js';

/**
 * What penstock serves of the first service, as bytes in base64. The peer makes the resources of all services from them, so
 * that both serve the same, byte for byte but for the service's name, whatever penstock's resources look like this week.
 */
export interface Templates {
  /** The name that stands in them for the service's. */
  readonly service: string;
  /** Marks the cluster whose weight changes: its name ends in this. */
  readonly canary: string;
  /** A RouteConfiguration of the service alone. */
  readonly routes: string;
  /** A VirtualHost of the service in one table of all. */
  readonly host: string;
  readonly clusters: readonly string[];
  readonly endpoints: readonly string[];
  /** A listener that finds its routes in one table. */
  readonly listener: string;
}

/** Asks the pipeline for them. */
export function templatesOf(pods: Pods, listenerPort: number): Templates {
  const { own, routes, clusters, endpoints } = firstEntry(pods);
  return {
    service: serviceName(0),
    canary: `@${CANARY}`,
    routes: base64(routes[0]),
    host: base64(own[0]),
    clusters: clusters.map(base64),
    endpoints: endpoints.map(base64),
    listener: base64(outboundListener({ host: '127.0.0.1', port: listenerPort }, 'table')),
  };
}

function firstEntry(pods: Pods): HostEntry {
  const pipeline = new Pipeline({
    now: () => performance.now(),
    publish: () => undefined,
    problems: () => undefined,
    locate: () => undefined,
    failed: (_, error) => {
      throw error;
    },
  });
  const events = [...partsOf(0, pods), rolloutOf(0, FIRST_WEIGHT)].map(parseObject);
  pipeline.apply(events.filter((event) => event !== undefined));
  const [key] = pipeline.snapshot.keys;
  const entry = key === undefined ? undefined : pipeline.snapshot.hosts.get(key);
  invariant(entry !== undefined, 'a Service with a Rollout is served');
  return entry;
}

function base64(resource: EncodedResource | undefined): string {
  invariant(resource !== undefined, 'a Service has routes');
  return Buffer.from(resource.body).toString('base64');
}
