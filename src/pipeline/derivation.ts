import { keyParts, type ObjectKey, type ObjectRef, showValue } from '../base/index.js';
import { type HostIntent, hostIntent, type RolloutIntent, rolloutIntent, serviceProblems } from '../intent/index.js';
import type { Touched, WorldView } from '../model/index.js';
import { type HostResources, hostResources } from '../resources/index.js';
import type { HostEntry } from '../snapshot/index.js';
import { Assignments } from './assignments.js';
import { describeHost, describeRollout } from './describe.js';
import { HostTrials } from './host-trials.js';
import type { Cause } from './options.js';
import type { ProblemLedger } from './problem-ledger.js';
import type { HostRoutes, Judgement, Means } from './trial.js';

/** What one batch of events led to. */
export interface Derived {
  /** Entries that must replace those of the snapshot; `undefined` takes a host away. */
  readonly entries: ReadonlyMap<ObjectKey, HostEntry | undefined>;
  readonly causes: readonly Cause[];
}

/** From touched keys to host entries, keeping what was derived before: a key that was not touched is not derived again. */
export class Derivation {
  readonly rollouts: Map<ObjectKey, RolloutIntent> = new Map();
  readonly hosts: Map<ObjectKey, HostIntent> = new Map();
  /** Which hosts' routes proxies have taken; the pipeline tells it the numbers of publications. */
  readonly trials: HostTrials = new HostTrials();
  /** Hosts that are served as they were when their routes were last good. */
  readonly #held = new Set<ObjectKey>();
  readonly #entries = new Map<ObjectKey, HostEntry>();
  readonly #assignments: Assignments;
  readonly #world: WorldView;
  readonly #problems: ProblemLedger;
  readonly #failed: (object: ObjectRef, error: unknown) => void;

  constructor(world: WorldView, problems: ProblemLedger, failed: (object: ObjectRef, error: unknown) => void) {
    this.#world = world;
    this.#assignments = new Assignments(world);
    this.#problems = problems;
    this.#failed = failed;
  }

  /** Derives again what was touched, Rollouts first, then the hosts they shape. */
  derive(touched: Touched): Derived {
    const causes: Cause[] = [];
    const entries = new Map<ObjectKey, HostEntry | undefined>();
    for (const key of touched.rollouts) {
      this.#attempt('Rollout', key, () => causes.push(...this.#deriveRollout(key)));
    }
    for (const key of touched.services) {
      this.#attempt('Service', key, () => causes.push(...this.#deriveHost(key, entries)));
    }
    for (const key of touched.endpoints) {
      if (!touched.services.has(key))
        this.#attempt('Service', key, () => causes.push(...this.#deriveEndpoints(key, entries)));
    }
    return { entries, causes };
  }

  /** An entry that the snapshot did not take: it is no base for what comes next. */
  refused(key: ObjectKey): void {
    this.#entries.delete(key);
  }

  /** A proxy took the route table of a publication; gives what is to be derived again. */
  acknowledged(sequence: number): Touched {
    return this.#follow(this.trials.table.acknowledged(sequence));
  }

  /** A proxy refused the route table of a publication, in its own words; gives what is to be derived again. */
  rejected(sequence: number, message: string): Touched {
    return this.#follow(this.trials.table.refused(sequence), message);
  }

  /** A proxy took routes of single hosts; gives what is to be derived again. */
  taken(routes: readonly HostRoutes[]): Touched {
    return this.#follow(this.trials.taken(routes));
  }

  /** A proxy refused routes of one host, in its own words; gives what is to be derived again. */
  notTaken(routes: HostRoutes, message: string): Touched {
    return this.#follow(this.trials.refused(routes), message);
  }

  #follow({ again, proven, guilty }: Judgement, message = ''): Touched {
    for (const key of proven) this.#problems.set(verdictOn(key), []);
    if (guilty !== undefined) this.#blame(guilty, message);
    return { services: again, rollouts: NONE, endpoints: NONE };
  }

  #blame(key: ObjectKey, message: string): void {
    const claim = this.#world.claimOn(key);
    const object = claim === undefined ? refOf('Service', key) : refOf('Rollout', claim.rollout);
    this.#problems.set(verdictOn(key), [
      {
        code: 'ROUTES_REFUSED',
        severity: 'error',
        object,
        path: claim === undefined ? 'spec' : 'spec.strategy',
        value: showValue(message),
        expected: `routes of Service ${key} that Envoy takes: with these words a proxy refused them; the last good ones stay until this is mended`,
      },
    ]);
  }

  #deriveRollout(key: ObjectKey): readonly Cause[] {
    const before = this.rollouts.get(key);
    const { value, problems } = rolloutIntent(this.#world, key);
    this.#problems.set(`intent of Rollout ${key}`, problems);
    if (value === undefined) this.rollouts.delete(key);
    else this.rollouts.set(key, value);
    return causes('Rollout', key, describeRollout(before, value));
  }

  #deriveHost(key: ObjectKey, entries: Map<ObjectKey, HostEntry | undefined>): readonly Cause[] {
    const before = this.hosts.get(key);
    const claim = this.#world.claimOn(key);
    const wanted = hostIntent(this.#world, key, claim === undefined ? undefined : this.rollouts.get(claim.rollout));
    this.#problems.set(`intent of Service ${key}`, serviceProblems(this.#world, key));
    const entry = this.#entries.get(key);
    const former = before === undefined || entry === undefined ? undefined : { host: before, resources: entry };
    const made = wanted === undefined ? undefined : hostResources(wanted, former);
    const host = this.#choose(key, wanted === undefined || made === undefined ? undefined : meaning(wanted, made));
    const held = this.#hold(key, host !== wanted);
    if (host === undefined) {
      for (const kept of [this.hosts, this.#entries, this.#assignments]) kept.delete(key);
      entries.set(key, undefined);
      return causes('Service', key, describeHost(before, host));
    }
    const { endpoints, texts } = this.#assignments.of(host);
    const resources = host === wanted && made !== undefined ? made : hostResources(host, former);
    this.#keep(key, { ...resources, endpoints }, entries);
    this.hosts.set(key, host);
    return causes('Service', key, [...describeHost(before, host), ...held, ...(before === undefined ? [] : texts)]);
  }

  /** What to serve of a host: what it means, unless a proxy has refused exactly that. */
  #choose(key: ObjectKey, wanted: Means | undefined): HostIntent | undefined {
    const host = this.hosts.get(key);
    const entry = this.#entries.get(key);
    const served = host === undefined || entry === undefined ? undefined : meaning(host, entry);
    if (wanted === undefined) this.trials.forget(key);
    const chosen = wanted === undefined ? undefined : this.trials.choose(key, served, wanted);
    if (this.trials.isGood(key)) this.#problems.set(verdictOn(key), []);
    return chosen;
  }

  /** Notes whether a host is held back; in words where that is news. */
  #hold(key: ObjectKey, isHeld: boolean): readonly string[] {
    if (this.#held.has(key) === isHeld) return [];
    if (isHeld) this.#held.add(key);
    else this.#held.delete(key);
    return [isHeld ? 'back to its last good routes' : 'its newest routes again'];
  }

  #deriveEndpoints(key: ObjectKey, entries: Map<ObjectKey, HostEntry | undefined>): readonly Cause[] {
    const host = this.hosts.get(key);
    const before = this.#entries.get(key);
    if (host === undefined) return [];
    // Refused or failed the last time: it is tried again as a whole.
    if (before === undefined) return this.#deriveHost(key, entries);
    const { endpoints, texts } = this.#assignments.of(host);
    this.#keep(key, { ...before, endpoints }, entries);
    return causes('Service', key, texts);
  }

  #keep(key: ObjectKey, entry: HostEntry, entries: Map<ObjectKey, HostEntry | undefined>): void {
    this.#entries.set(key, entry);
    entries.set(key, entry);
  }

  /** A fault in one object's derivation is ours, and must not hold up the others: what that object had stays in force. */
  #attempt(kind: string, key: ObjectKey, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(refOf(kind, key), error);
    }
  }
}

const NONE: ReadonlySet<ObjectKey> = new Set();

/** The owner of the problem that a proxy refused the routes of a host. */
function verdictOn(key: ObjectKey): string {
  return `routes of Service ${key}`;
}

function meaning(host: HostIntent, entry: Pick<HostResources, 'own' | 'others' | 'routes'>): Means {
  const { own, others, routes } = entry;
  const lines = own.map(({ version }, index) => [version, ...[others[index], ...routes].map((one) => one?.version)]);
  return { host, routes: lines.map((versions) => versions.join(' ')).join('\n') };
}

function causes(kind: string, key: ObjectKey, texts: readonly string[]): readonly Cause[] {
  return texts.map((what) => ({ object: refOf(kind, key), what }));
}

/** The object of a key. */
export function refOf(kind: string, key: ObjectKey): ObjectRef {
  return { kind, ...keyParts(key) };
}
