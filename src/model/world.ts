import {
  assertNever,
  objectKey,
  type ObjectKey,
  type ObjectRef,
  type PodTemplateHash,
  sameContent,
} from '../base/index.js';
import { type ClaimChange, Claims } from './claims.js';
import { EndpointIndex, type PortOfService } from './endpoint-index.js';
import type { ModelObject, ReplicaSet, Service, ServicePort, Touched, WorldEvent } from './objects.js';
import { ReplicaSetIndex } from './replica-set-index.js';
import { withApplied, withRejected } from './rollout-record.js';
import { adoptingHash, shapesTraffic } from './versions.js';
import type { Claim, Endpoint, RolloutRecord, Version, WorldView } from './world-view.js';

/** What a batch did, before it is known whom that concerns. */
interface Change extends ClaimChange {
  /** Services whose slices say something new. */
  readonly slices: Set<ObjectKey>;
  /** Services with an endpoint whose version is another now. */
  readonly versions: Set<ObjectKey>;
}

/**
 * All objects, and what follows from how they stand to each other. Kept up to date by `apply`, whose work grows with what an
 * event concerns and never with how much there is.
 *
 * Whatever order objects come in, the same objects give the same answers.
 */
export class World implements WorldView {
  readonly #records = new Map<ObjectKey, RolloutRecord>();
  readonly #services = new Map<ObjectKey, Service>();
  readonly #claims = new Claims();
  readonly #endpoints = new EndpointIndex();
  readonly #replicaSets = new ReplicaSetIndex();
  readonly #ready = new Map<ObjectKey, ReadonlyMap<PodTemplateHash, number>>();

  /** Takes over what a source saw; gives the keys for which something must be derived again, and no others. */
  apply(events: readonly WorldEvent[]): Touched {
    const change: Change = { services: new Set(), rollouts: new Set(), slices: new Set(), versions: new Set() };
    for (const event of events) this.#take(event, change);
    return this.#touchedBy(change);
  }

  rolloutKeys(): Iterable<ObjectKey> {
    return this.#records.keys();
  }

  serviceKeys(): Iterable<ObjectKey> {
    return this.#services.keys();
  }

  rollout(key: ObjectKey): RolloutRecord | undefined {
    return this.#records.get(key);
  }

  service(key: ObjectKey): Service | undefined {
    return this.#services.get(key);
  }

  claims(rollout: ObjectKey): readonly Claim[] {
    return this.#claims.of(rollout);
  }

  claimOn(service: ObjectKey): Claim | undefined {
    return this.#claims.on(service);
  }

  lostClaims(rollout: ObjectKey): readonly { readonly claim: Claim; readonly holder: ObjectKey }[] {
    return this.#claims.lost(rollout);
  }

  readyPods(rollout: ObjectKey): ReadonlyMap<PodTemplateHash, number> {
    return this.#ready.get(rollout) ?? NOBODY;
  }

  replicaSets(rollout: ObjectKey): ReadonlyMap<PodTemplateHash, ReplicaSet> {
    return this.#replicaSets.of(rollout);
  }

  endpoints(service: ObjectKey, port: ServicePort, version: Version): readonly Endpoint[] {
    const own = { service, port };
    const ports = version.kind === 'all' ? [own] : [own, ...this.#siblingPorts(own)];
    return this.#endpoints.endpoints(ports, version);
  }

  #take(event: WorldEvent, change: Change): void {
    switch (event.kind) {
      case 'applied':
        this.#takeObject(event.object, event, change);
        return;
      case 'rejected':
        // Of other kinds the last good version simply stays.
        if (event.ref.kind === 'Rollout') {
          const key = objectKey(event.ref.namespace, event.ref.name);
          this.#setRecord(key, withRejected(this.#records.get(key), key, event), change);
        }
        return;
      case 'deleted':
        this.#delete(event.ref, change);
        return;
      default:
        assertNever(event);
    }
  }

  #takeObject(object: ModelObject, { problems }: Pick<RolloutRecord, 'problems'>, change: Change): void {
    const { key } = object;
    switch (object.kind) {
      case 'Rollout':
        this.#setRecord(key, withApplied(this.#records.get(key), object, problems), change);
        return;
      case 'Service':
        this.#setService(key, object, change);
        return;
      case 'EndpointSlice':
        addAll(change.slices, this.#endpoints.setSlice(key, object));
        return;
      case 'Pod':
        addAll(change.versions, this.#endpoints.setPod(key, object));
        return;
      case 'ReplicaSet':
        this.#setReplicaSet(key, object, change);
        return;
      default:
        assertNever(object);
    }
  }

  #delete({ kind, namespace, name }: ObjectRef, change: Change): void {
    const key = objectKey(namespace, name);
    if (kind === 'Rollout') this.#setRecord(key, undefined, change);
    else if (kind === 'Service') this.#setService(key, undefined, change);
    else if (kind === 'EndpointSlice') addAll(change.slices, this.#endpoints.setSlice(key, undefined));
    else if (kind === 'Pod') addAll(change.versions, this.#endpoints.setPod(key, undefined));
    else if (kind === 'ReplicaSet') this.#setReplicaSet(key, undefined, change);
  }

  #setRecord(key: ObjectKey, record: RolloutRecord | undefined, change: Change): void {
    const before = this.#records.get(key);
    if (record === undefined) this.#records.delete(key);
    else this.#records.set(key, record);
    if (sameContent(meaning(before), meaning(record))) return;
    change.rollouts.add(key);
    this.#claims.setRollout(key, record?.good, change);
  }

  #setReplicaSet(key: ObjectKey, set: ReplicaSet | undefined, change: Change): void {
    for (const rollout of this.#replicaSets.set(key, set)) if (this.#records.has(rollout)) change.rollouts.add(rollout);
  }

  #setService(key: ObjectKey, service: Service | undefined, change: Change): void {
    const before = this.#services.get(key);
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, service);
    this.#claims.setService(key, service, change);
    // Whom it selects is a matter of claims alone: when Argo points a selector to another version, nothing has to be derived.
    if (sameContent(shape(before), shape(service))) return;
    change.services.add(key);
    addAll(change.rollouts, this.#claims.mentioning(key));
    const holder = this.#claims.on(key)?.rollout;
    if (holder !== undefined) change.rollouts.add(holder);
  }

  /** Whom it concerns. A key of `services` is not repeated in `endpoints`, for deriving a host covers its endpoints. */
  #touchedBy(change: Change): Touched {
    const endpoints = this.#reachedBy(change);
    const rollouts = new Set(change.rollouts);
    for (const rollout of change.rollouts) this.#recount(rollout);
    for (const rollout of this.#holdersOf(endpoints)) {
      if (!rollouts.has(rollout) && this.#recount(rollout)) rollouts.add(rollout);
    }
    const services = new Set(change.services);
    for (const rollout of rollouts) for (const { service } of this.#claims.of(rollout)) services.add(service);
    for (const service of services) endpoints.delete(service);
    return { services, rollouts, endpoints };
  }

  /** Services with other endpoints than before: those of one Rollout share theirs. Of an unclaimed one no version is asked. */
  #reachedBy({ slices, versions }: Change): Set<ObjectKey> {
    const reached = new Set<ObjectKey>();
    for (const rollout of this.#holdersOf([...slices, ...versions])) {
      for (const { service } of this.#claims.of(rollout)) reached.add(service);
    }
    for (const service of slices) if (this.#services.has(service)) reached.add(service);
    return reached;
  }

  #holdersOf(services: Iterable<ObjectKey>): ReadonlySet<ObjectKey> {
    const holders = new Set<ObjectKey>();
    for (const service of services) {
      const rollout = this.#claims.on(service)?.rollout;
      if (rollout !== undefined) holders.add(rollout);
    }
    return holders;
  }

  /** Counts the ready pods of a Rollout again; tells whether the difference can change what it means. */
  #recount(key: ObjectKey): boolean {
    const good = this.#records.get(key)?.good;
    const services = this.#claims.of(key).map(({ service }) => service);
    const before = this.readyPods(key);
    const after = good === undefined ? NOBODY : this.#endpoints.readyPods(services, adoptingHash(good));
    if (after.size === 0) this.#ready.delete(key);
    else this.#ready.set(key, after);
    return good !== undefined && shapesTraffic(good, before, after);
  }

  #siblingPorts(own: PortOfService): readonly PortOfService[] {
    const rollout = this.#claims.on(own.service)?.rollout;
    if (rollout === undefined) return [];
    return this.#claims.of(rollout).flatMap(({ service }) => {
      const sibling = service === own.service ? undefined : this.#services.get(service);
      const port = sibling && samePort(sibling, own.port);
      return port === undefined ? [] : [{ service, port }];
    });
  }
}

const NOBODY: ReadonlyMap<PodTemplateHash, number> = new Map();

function addAll<T>(set: Set<T>, values: Iterable<T>): void {
  for (const value of values) set.add(value);
}

/** The port of another Service of the same Rollout that leads to the same place, or else the one that is called like it. */
function samePort({ ports }: Service, own: ServicePort): ServicePort | undefined {
  return (
    ports.find(({ targetPort }) => targetPort === own.targetPort) ??
    ports.find(({ port }) => port === own.port) ??
    ports.find(({ name }) => name === own.name)
  );
}

/** All that can be asked of a record but its problems, which shape nothing. */
function meaning(record: RolloutRecord | undefined): unknown {
  if (record?.good === undefined) return undefined;
  const { labels: _, ...good } = record.good;
  return [good, record.aborted, record.walked];
}

/** What of a Service is served. Kubernetes and Argo write many a label and annotation that says nothing of traffic. */
function shape(service: Service | undefined): unknown {
  return service && [service.type, service.ports];
}
