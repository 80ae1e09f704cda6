import { durationMs, invariant } from '../../src/base/index.js';
import { parseObject, type WorldEvent } from '../../src/model/index.js';
import { Pipeline } from '../../src/pipeline/index.js';
import { onDemandTable, outboundListener, placeholder, routeTable } from '../../src/resources/index.js';
import { viewsWith } from '../../src/snapshot/index.js';
import { type ProxyState, type XdsFacts, type XdsLimits, XdsServer } from '../../src/xds/index.js';
import type { Manifest } from './manifests.js';
import { LIMIT_MS } from './poll.js';

/** What the server told of its work, each with the name of what it told. */
export type Fact = {
  readonly [K in keyof XdsFacts]-?: { readonly what: K } & Parameters<NonNullable<XdsFacts[K]>>[0];
}[keyof XdsFacts];

/** How a plane differs from the usual one. */
export interface PlaneOptions {
  readonly limits?: Partial<XdsLimits>;
  /** 1 ms unless given: tests wait for what follows from it and not for time. */
  readonly drainDelay?: number;
  /** `full` unless given. */
  readonly scope?: 'lazy' | 'full';
  /** In milliseconds; never unless given. */
  readonly forgetAfter?: number;
  /** Objects that are there at the start; `undefined` leaves the server without a first publication. */
  readonly objects?: readonly Manifest[] | undefined;
}

/** From objects to the wire in this process: the pipeline and the xDS server, on a free port of loopback. */
export interface ControlPlane {
  readonly port: number;
  /** Of the newest publication; 0 before the first. */
  readonly sequence: number;
  /** Everything that was told so far, in order. */
  readonly facts: readonly Fact[];
  /** Applies objects as one batch and gives the sequence that is published with them. */
  apply(...objects: readonly Manifest[]): number;
  /** Deletes objects, likewise. */
  remove(...objects: readonly Manifest[]): number;
  /** The first fact, told already or to come, that is of this kind and fits. */
  told<K extends Fact['what']>(
    what: K,
    fits?: (fact: Extract<Fact, { what: K }>) => boolean,
  ): Promise<Extract<Fact, { what: K }>>;
  /** A proxy has answered everything up to the newest publication, or to `sequence`. */
  settled(proxy: string, sequence?: number): Promise<unknown>;
  proxies(): readonly ProxyState[];
  stop(): Promise<void>;
}

/** Starts one; the test that starts it must stop it. */
export async function startPlane(options: PlaneOptions = { objects: [] }): Promise<ControlPlane> {
  const drainDelay = durationMs(options.drainDelay ?? 1);
  invariant(drainDelay !== undefined, 'the drain delay of a test is one');
  const log = new FactLog();
  const { limits } = options;
  const server = new XdsServer(
    {
      ...{ address: '127.0.0.1:0', drainDelay, scope: options.scope ?? 'full' },
      forgetAfter: options.forgetAfter === undefined ? undefined : durationMs(options.forgetAfter),
      ...(limits === undefined ? {} : { limits }),
    },
    viewsWith({ routeTable, outboundListener, onDemandTable, placeholder }),
    log.sink(),
  );
  let sequence = 0;
  const pipeline = new Pipeline({
    now: () => performance.now(),
    publish: (publication) => {
      ({ sequence } = publication);
      server.publish(publication);
    },
    problems: () => undefined,
    locate: () => undefined,
    failed: ({ kind, namespace, name }, error) => {
      throw new Error(`${kind} ${namespace}/${name} could not be derived`, { cause: error });
    },
  });
  const apply = (events: readonly WorldEvent[]): number => {
    pipeline.apply(events);
    return sequence;
  };
  const { port } = await server.start();
  if (options.objects !== undefined) apply(options.objects.map(event));
  return {
    port,
    get sequence() {
      return sequence;
    },
    facts: log.facts,
    apply: (...objects) => apply(objects.map(event)),
    remove: (...objects) => apply(objects.map((object) => ({ kind: 'deleted', ref: refOf(event(object)) }))),
    told: (what, fits) => log.told(what, fits),
    settled: (proxy, wanted = sequence) =>
      log.told('settled', (fact) => fact.proxy === proxy && fact.sequence >= wanted),
    proxies: () => server.proxies(),
    stop: () => server.stop(),
  };
}

function event(object: Manifest): WorldEvent {
  const parsed = parseObject(object);
  invariant(parsed !== undefined, 'the objects of a test are of kinds that are served');
  return parsed;
}

function refOf(parsed: WorldEvent): Extract<WorldEvent, { kind: 'deleted' }>['ref'] {
  if (parsed.kind !== 'applied') return parsed.ref;
  const { kind, namespace, name } = parsed.object;
  return { kind, namespace, name };
}

/** Keeps what was told, and lets tests wait for it. */
class FactLog {
  readonly facts: Fact[] = [];
  readonly #waiting = new Set<() => void>();

  sink(): XdsFacts {
    const keep =
      (what: Fact['what']) =>
      (fact: object): void => {
        this.facts.push({ what, ...fact } as Fact);
        for (const look of [...this.#waiting]) look();
      };
    return {
      connected: keep('connected'),
      disconnected: keep('disconnected'),
      awaited: keep('awaited'),
      pushed: keep('pushed'),
      learned: keep('learned'),
      forgot: keep('forgot'),
      acked: keep('acked'),
      rejected: keep('rejected'),
      settled: keep('settled'),
      unserved: keep('unserved'),
      turnedAway: keep('turnedAway'),
    };
  }

  told<K extends Fact['what']>(
    what: K,
    fits: (fact: Extract<Fact, { what: K }>) => boolean = () => true,
  ): Promise<Extract<Fact, { what: K }>> {
    type Wanted = Extract<Fact, { what: K }>;
    const find = (): Wanted | undefined =>
      this.facts.find((fact): fact is Wanted => fact.what === what && fits(fact as Wanted));
    return new Promise((resolve, reject) => {
      const look = (): boolean => {
        const found = find();
        if (found === undefined) return false;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
        return true;
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`the server did not tell "${what}" within ${LIMIT_MS} ms`));
      }, LIMIT_MS);
      if (!look()) this.#waiting.add(look);
    });
  }
}
