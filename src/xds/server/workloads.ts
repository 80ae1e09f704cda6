import type { DurationMs, ObjectKey } from '../../base/index.js';
import { type Changes, changesOf, type HostSet, ownerOf } from '../../snapshot/index.js';
import { LearnedScope } from '../protocol/learned-scope.js';
import type { Audience, Listener } from './audience.js';
import type { XdsFacts } from './facts.js';
import type { Identity } from './identity.js';
import type { XdsPublication } from './options.js';

/** What all workloads share. */
export interface WorkloadContext {
  readonly facts: XdsFacts;
  /** Those who have to know of a change. */
  readonly audience: Audience<Listener>;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** The newest one. */
  readonly publication: () => XdsPublication;
  /** How long a Service stays in a scope after its last use; `undefined`: for ever. */
  readonly forgetAfter: DurationMs | undefined;
}

/** One proxy of a workload. */
export interface Member extends Listener {
  readonly identity: Pick<Identity, 'id'>;
  /** Takes over the scope as it is now; `changes` are what came with new Services, or went with old ones. */
  rescope(changes: Changes): void;
}

/** One workload: its proxies, and the scope that they have learned together. */
export class Workload implements Listener {
  readonly namespace: string;
  readonly name: string;
  readonly scope: LearnedScope = new LearnedScope();
  readonly #context: WorkloadContext;
  readonly #proxies = new Set<Member>();
  /** Proxies that tell what they use. Of others everything counts as in use for as long as they are connected. */
  readonly #telling = new Set<string>();
  #emptySince: number;
  #hasBegun = false;

  constructor({ namespace, workload }: Pick<Identity, 'namespace' | 'workload'>, context: WorkloadContext) {
    this.namespace = namespace;
    this.name = workload;
    this.#context = context;
    this.#emptySince = context.now();
  }

  /** Since when none of its proxies is connected; `undefined` while one is. */
  get emptySince(): number | undefined {
    return this.#proxies.size === 0 ? this.#emptySince : undefined;
  }

  join(proxy: Member): void {
    this.#proxies.add(proxy);
  }

  leave(proxy: Member): void {
    this.#proxies.delete(proxy);
    // One that comes back may be here before the end of its old stream is seen, and goes on telling.
    if (!this.#has(proxy.identity.id)) this.#telling.delete(proxy.identity.id);
    this.#emptySince = this.#context.now();
    if (this.#proxies.size === 0) this.scope.use(this.scope.hosts.keys, this.#emptySince);
  }

  /** A proxy asks for Services: those that are new come to all proxies of the workload, clusters first. */
  ask(keys: readonly ObjectKey[]): void {
    if (keys.length === 0) return;
    const { snapshot } = this.#context.publication();
    const awaited = this.scope.awaited.size;
    const added = this.scope.ask(keys, this.#context.now(), (key) => snapshot.hosts.get(key) !== undefined);
    if (added.length > 0 || this.scope.awaited.size !== awaited) this.#attend();
    if (added.length > 0) this.#show('learned', added);
  }

  /** The first proxy that was here before shows which scope is the one that it holds (`HostSet.turn`). */
  begin(isHeld: (hosts: HostSet) => boolean): void {
    if (!this.#hasBegun && !isHeld(this.scope.hosts) && isHeld(this.scope.hosts.turned())) this.scope.turn();
    this.#hasBegun = true;
  }

  /** A publication touches the workload: Services of its scope, or some that were asked for before they came. */
  publish(publication: XdsPublication): void {
    const { hosts } = publication.changes;
    const come = hosts.filter((key) => this.scope.awaited.has(key));
    const added = this.scope.ask(come, this.#context.now(), (key) => publication.snapshot.hosts.get(key) !== undefined);
    if (added.length > 0) this.#attend();
    for (const proxy of this.#proxies) proxy.publish(publication);
    if (added.length > 0) this.#tell('learned', added);
  }

  /** A proxy tells which clusters it used since it last told. */
  used(proxyId: string, clusters: readonly string[]): void {
    // Nobody would take back that it tells: it has left, and is connected otherwise.
    if (!this.#has(proxyId)) return;
    this.#telling.add(proxyId);
    const owners = clusters.map((name) => ownerOf('cluster', name)).filter((key) => key !== undefined);
    this.scope.use(owners, this.#context.now());
  }

  /** A proxy tells nothing any more. */
  silent(proxyId: string): void {
    this.#telling.delete(proxyId);
  }

  /** Takes out what was not in use for so long. */
  forget(after: DurationMs): void {
    const now = this.#context.now();
    const isSure = [...this.#proxies].every(({ identity }) => this.#telling.has(identity.id));
    // What there is no more nobody uses: without this a scope would grow with every Service that ever was.
    const { hosts } = this.#context.publication().snapshot;
    const there = this.scope.hosts.keys.filter((key) => hosts.get(key) !== undefined);
    if (!isSure) this.scope.use(there, now);
    const gone = this.scope.forget(now, after);
    if (gone.length === 0) return;
    this.#attend();
    this.#show('forgot', gone);
  }

  /** Makes the proxies forget what they have asked for; they go on with what they hold. */
  startOver(): void {
    this.scope.turn();
    const changes = changesOf(this.#context.publication().snapshot, [], 'go');
    for (const proxy of this.#proxies) proxy.rescope(changes);
  }

  /** The workload is forgotten as a whole. */
  end(): void {
    this.#context.audience.delete(this);
  }

  #has(proxyId: string): boolean {
    for (const { identity } of this.#proxies) if (identity.id === proxyId) return true;
    return false;
  }

  #attend(): void {
    this.#context.audience.set(this, new Set([...this.scope.hosts.keys, ...this.scope.awaited]));
  }

  #show(what: 'learned' | 'forgot', keys: readonly ObjectKey[]): void {
    const { snapshot } = this.#context.publication();
    const changes = changesOf(snapshot, keys, what === 'learned' ? 'come' : 'go');
    for (const proxy of this.#proxies) proxy.rescope(changes);
    this.#tell(what, keys);
  }

  #tell(what: 'learned' | 'forgot', hosts: readonly ObjectKey[]): void {
    this.#context.facts[what]({ namespace: this.namespace, workload: this.name, hosts });
  }
}

/** More workloads without a proxy are not remembered: names are what clients say, so there is no end to them. */
const MOST_EMPTY = 10_000;

/** All workloads, with what they have learned: kept for a while after their last proxy is gone, warm for the next one. */
export class Workloads {
  readonly #context: WorkloadContext;
  readonly #byName = new Map<string, Workload>();
  readonly #ofProxy = new Map<string, Workload>();
  #timer: NodeJS.Timeout | undefined;

  constructor(context: WorkloadContext) {
    this.#context = context;
  }

  /** Begins to forget. */
  start(): void {
    const { forgetAfter } = this.#context;
    if (forgetAfter === undefined) return;
    this.#timer = setInterval(() => this.#forget(forgetAfter), Math.ceil(forgetAfter / LOOKS)).unref();
  }

  /** Forgets no more. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** The workload of a proxy; a node that does not name one is one by itself. */
  of({ id, namespace, workload }: Identity): Workload {
    const key = workload === '' ? `${namespace}//${id}` : `${namespace}/${workload}`;
    const known = this.#byName.get(key) ?? new Workload({ namespace, workload: workload || id }, this.#context);
    // The order is that of their latest proxies.
    this.#byName.delete(key);
    if (this.#byName.size >= MOST_EMPTY) this.#dropEmpty();
    this.#byName.set(key, known);
    this.#ofProxy.set(id, known);
    return known;
  }

  /** Takes what a proxy tells of the clusters it used. */
  used(proxyId: string, clusters: readonly string[]): void {
    this.#ofProxy.get(proxyId)?.used(proxyId, clusters);
  }

  /** A proxy tells nothing any more. */
  silent(proxyId: string): void {
    this.#ofProxy.get(proxyId)?.silent(proxyId);
  }

  /** The last stream of a proxy is gone. */
  left(proxyId: string): void {
    this.#ofProxy.delete(proxyId);
  }

  #forget(after: DurationMs): void {
    const latest = this.#context.now() - after;
    for (const [key, workload] of this.#byName) {
      if (workload.emptySince === undefined) workload.forget(after);
      else if (workload.emptySince <= latest) this.#drop(key, workload);
    }
  }

  #dropEmpty(): void {
    for (const [key, workload] of this.#byName) {
      if (workload.emptySince === undefined) continue;
      return this.#drop(key, workload);
    }
  }

  #drop(key: string, workload: Workload): void {
    this.#byName.delete(key);
    workload.end();
  }
}

/** How often within the time of forgetting somebody looks what is to be forgotten. */
const LOOKS = 4;
