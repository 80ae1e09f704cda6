import { printRef } from '../base/index.js';
import {
  type Client,
  type ClientAt,
  type Logger,
  type Metrics,
  PushClock,
  type PushReport,
  type Stage,
  type StageTimes,
  STAGES,
} from '../observe/index.js';
import type { Cause, Publication } from '../pipeline/index.js';
import type {
  AckFact,
  ConnectionFact,
  PushFact,
  RejectionFact,
  ScopeFact,
  TurnedAwayFact,
  XdsFacts,
  XdsServer,
} from '../xds/index.js';
import { type RouteAudience, RouteVerdicts } from './route-verdicts.js';

/** A proxy that has not acknowledged a change for so long is named as a laggard, in milliseconds. */
const PATIENCE_MS = 10_000;

/** More causes, proxies or resources than this are counted and not told: a line is to be read. */
const MOST_TOLD = 8;

/** What the xDS server tells, as log lines and metrics: one line a change, when the last proxy has acknowledged it. */
export class ChangeLog implements XdsFacts {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #clock: PushClock<Cause>;
  readonly #patience: NodeJS.Timeout;
  readonly #verdicts: RouteVerdicts;

  constructor(log: Logger, metrics: Metrics, audience: RouteAudience) {
    this.#verdicts = new RouteVerdicts(audience);
    this.#log = log;
    this.#metrics = metrics;
    const now = (): number => performance.now();
    this.#clock = new PushClock({ now, report: (report) => this.#report(report), patience: PATIENCE_MS });
    this.#patience = setInterval(() => this.#clock.giveUp(), 1000).unref();
  }

  /** Sends a publication to the proxies and starts its clock. */
  publish(publication: Publication, xds: Pick<XdsServer, 'publish'>): void {
    const { sequence, clock } = publication;
    this.#metrics.rebuilt(clock.passedAt - clock.seenAt);
    this.#clock.published(publication);
    xds.publish(publication);
    clock.pass('write');
    for (const stage of STAGES) this.#stage(stage, clock.times[stage]);
    this.#clock.sent(sequence);
  }

  /** Ends the clock. */
  stop(): void {
    clearInterval(this.#patience);
    this.#verdicts.stop();
  }

  connected({ id, session, namespace, workload, client, peer }: ConnectionFact): void {
    this.#clock.proxyConnected({ session, proxy: id });
    this.#metrics.connectedProxies(this.#clock.connected);
    this.#log.info({ proxy: id, namespace, workload, client, peer }, 'proxy connected');
  }

  disconnected({ session, proxy }: Client): void {
    this.#clock.proxyDisconnected(session);
    this.#metrics.connectedProxies(this.#clock.connected);
    this.#verdicts.disconnected({ proxy });
    this.#log.info({ proxy }, 'proxy gone');
  }

  awaited(fact: ClientAt): void {
    this.#clock.awaited(fact);
  }

  learned({ namespace, workload, hosts }: ScopeFact): void {
    this.#log.info(
      { workload: `${namespace}/${workload}`, hosts: few(hosts) },
      'workload calls new hosts: served from now on',
    );
  }

  forgot({ namespace, workload, hosts }: ScopeFact): void {
    this.#log.info(
      { workload: `${namespace}/${workload}`, hosts: few(hosts) },
      'workload has not called these hosts for long: no longer served',
    );
  }

  pushed(fact: PushFact): void {
    this.#clock.pushed(fact);
    this.#metrics.pushed(fact.kind, fact.bytes);
    if (this.#log.isDebugOn) this.#log.debug({ ...fact }, 'pushed');
  }

  acked(fact: AckFact): void {
    this.#metrics.acked(fact.kind);
    const { proxy, kind, sequence } = fact;
    if (this.#log.isDebugOn) this.#log.debug({ proxy, kind, sequence }, 'acknowledged');
    this.#verdicts.acked(fact);
  }

  kept(fact: AckFact): void {
    this.#verdicts.acked(fact);
  }

  rejected(fact: RejectionFact): void {
    this.#metrics.rejected(fact.kind);
    const { refused, sequence, proxy, kind, message } = fact;
    this.#log.warn(
      { sequence, proxy, kind, message, names: few(refused.map(({ name }) => name)) },
      'rejected by a proxy: it keeps what it had, these bytes are not sent again',
    );
    // Afterwards, for it may end the change: a reader sees the cause first.
    this.#clock.rejected(fact);
    this.#verdicts.rejected(fact);
  }

  settled(fact: ClientAt): void {
    this.#clock.settled(fact);
  }

  unserved(fact: { readonly proxy: string; readonly typeUrl: string }): void {
    this.#log.debug({ ...fact }, 'asked for a type that is not served');
  }

  turnedAway(fact: TurnedAwayFact): void {
    this.#log.warn({ ...fact }, 'stream ended: its client is at fault');
  }

  #stage(stage: Stage, ms: number | undefined): void {
    if (ms !== undefined) this.#metrics.staged(stage, ms);
  }

  #report({ sequence, causes, proxies, bytes, ms, stages, rejectedBy, laggards }: PushReport<Cause>): void {
    if (ms !== undefined) this.#metrics.converged(ms);
    this.#stage('ack', stages.ack);
    const facts = {
      sequence,
      changes: causesText(causes),
      proxies,
      bytes,
      ...(ms === undefined ? {} : { ms: Math.round(ms * 10) / 10, stages: rounded(stages) }),
      ...(rejectedBy.length === 0 ? {} : { rejectedBy: few(rejectedBy) }),
      ...(laggards.length === 0 ? {} : { laggards: few(laggards) }),
    };
    if (laggards.length + rejectedBy.length > 0) this.#log.warn(facts, 'change served, not acknowledged by all');
    else if (causes.length + proxies === 0) this.#log.debug(facts, 'published, for nobody');
    else this.#log.info(facts, 'change served');
  }
}

/** To a hundredth of a millisecond: what the model takes is less than a tenth. */
function rounded(stages: StageTimes): StageTimes {
  return Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, Math.round(ms * 100) / 100]));
}

/** `Rollout shop/web: weight 20 → 50, header route testers added; Service shop/db: served on 80`. */
function causesText(causes: readonly Cause[]): string {
  const byObject = new Map<string, string[]>();
  for (const { object, what } of causes) {
    const name = printRef(object);
    const texts = byObject.get(name);
    if (texts === undefined) byObject.set(name, [what]);
    else texts.push(what);
  }
  const texts = [...byObject].map(([object, whats]) => `${object}: ${whats.join(', ')}`);
  const more = texts.length - MOST_TOLD;
  return more > 0 ? `${texts.slice(0, MOST_TOLD).join('; ')}; and ${more} more objects` : texts.join('; ');
}

/** Thousands of proxies may be late at once, and each change has its line. */
function few(names: readonly string[]): readonly string[] {
  const more = names.length - MOST_TOLD;
  return more > 0 ? [...names.slice(0, MOST_TOLD), `and ${more} more`] : names;
}
