import type { ObjectKey } from '../base/index.js';
import type { HostIntent } from '../intent/index.js';
import type { Endpoint, WorldView } from '../model/index.js';
import { clustersOf, endpointResource } from '../resources/index.js';
import type { HostEntry } from '../snapshot/index.js';
import { describeEndpoints } from './describe.js';

/** The endpoints of one cluster as they were last encoded. */
interface Assignment {
  readonly endpoints: readonly Endpoint[];
  readonly resource: HostEntry['endpoints'][number];
}

/** Where the pods of all clusters of all hosts are: what lists the same pods as before is not encoded again. */
export class Assignments {
  readonly #world: WorldView;
  readonly #byHost = new Map<ObjectKey, ReadonlyMap<string, Assignment>>();

  constructor(world: WorldView) {
    this.#world = world;
  }

  /** The assignments of all clusters of a host as the world is now, and in words where endpoints came or went. */
  of(host: HostIntent): {
    readonly endpoints: HostEntry['endpoints'];
    readonly texts: readonly string[];
  } {
    const before = this.#byHost.get(host.service) ?? NONE;
    const after = new Map<string, Assignment>();
    for (const { name, port, version } of clustersOf(host)) {
      const endpoints = this.#world.endpoints(host.service, port, version);
      const had = before.get(name);
      const isSame = had !== undefined && areSame(had.endpoints, endpoints);
      after.set(name, isSame ? had : { endpoints, resource: endpointResource(name, endpoints) });
    }
    this.#byHost.set(host.service, after);
    return { endpoints: [...after.values()].map(({ resource }) => resource), texts: describeEndpoints(before, after) };
  }

  /** The host is gone. */
  delete(service: ObjectKey): void {
    this.#byHost.delete(service);
  }
}

const NONE: ReadonlyMap<string, Assignment> = new Map();

function areSame(before: readonly Endpoint[], after: readonly Endpoint[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ address, port }, index) => address === after[index]?.address && port === after[index].port)
  );
}
