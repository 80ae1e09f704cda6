import type { EchoServer } from '../harness/echo-server.js';
import { burst, failed, isPlausible, shareOf, type Tally } from '../harness/load.js';
import { until } from '../harness/poll.js';
import type { Sidecar } from '../harness/product.js';
import { MIRRORED_PERCENT, NEW, TESTER } from './shop.js';
import type { Stage } from './stages.js';

/** Requests at every stage; enough that a split that is wrong by a few percent is seen. */
export const REQUESTS = 2_000;

const CALLERS = 16;

/** Requests with the testers' header at every stage. */
const HEADER_REQUESTS = 200;

/** What came of one stage. */
export interface Result {
  readonly stage: Stage;
  readonly share: number;
  readonly headerHits: number | undefined;
  readonly mirrored: number;
  readonly failures: number;
  /** What was wrong, in words; empty where all was right. */
  readonly faults: readonly string[];
}

/** The parts that a stage is measured with. */
export interface Parts {
  readonly envoy: Sidecar;
  readonly newPods: readonly EchoServer[];
  /** Shows a stage while its requests are under way. */
  readonly watch: (stage: Stage, tally: Tally) => Promise<void> | void;
}

/** Sends the requests of a stage through Envoy and compares what came back with what the Rollout asks for. */
export async function measure(stage: Stage, { envoy, newPods, watch }: Parts): Promise<Result> {
  const copies = (): number => newPods.reduce((sum, pod) => sum + pod.mirrored(), 0);
  const before = copies();
  const target = { port: envoy.outboundPort, host: 'web', path: '/api/cart' };
  const plain = await burst(target, REQUESTS, CALLERS, (tally) => watch(stage, tally));
  await until('the last mirrored request', async () => ((await copiesUnderWay(envoy)) === 0 ? true : undefined));
  const mirrored = copies() - before;
  const testers = stage.hasHeaderRoute ? await burst({ ...target, headers: TESTER }, HEADER_REQUESTS) : undefined;
  const headerHits = testers?.versions.get('v2') ?? (testers === undefined ? undefined : 0);
  const faults = [
    ...splitFaults(stage, plain),
    ...headerFaults(headerHits),
    ...mirrorFaults(stage, mirrored),
    ...answerFaults(plain, testers),
  ];
  const failures = failed(plain) + (testers === undefined ? 0 : failed(testers));
  return { stage, share: shareOf(plain, 'v2'), headerHits, mirrored, failures, faults };
}

/** Requests to the new version that Envoy still waits for; its statistics write a colon as an underscore. */
async function copiesUnderWay(envoy: Sidecar): Promise<number> {
  return (await envoy.stat(`cluster.shop/web_80@${NEW}.upstream_rq_active`)) ?? 0;
}

function splitFaults(stage: Stage, tally: Tally): readonly string[] {
  const hits = tally.versions.get('v2') ?? 0;
  if (isPlausible(hits, tally.total, stage.desired / 100)) return [];
  return [`${hits} of ${tally.total} requests reached v2: more than five standard deviations from ${stage.desired} %`];
}

function headerFaults(hits: number | undefined): readonly string[] {
  if (hits === undefined || hits === HEADER_REQUESTS) return [];
  return [`${hits} of ${HEADER_REQUESTS} requests with the testers' header reached v2, expected all`];
}

function mirrorFaults(stage: Stage, mirrored: number): readonly string[] {
  if (isPlausible(mirrored, REQUESTS, stage.hasMirror ? MIRRORED_PERCENT / 100 : 0)) return [];
  return [
    `${mirrored} of ${REQUESTS} requests were mirrored, expected ${stage.hasMirror ? `about ${MIRRORED_PERCENT} %` : 'none'}`,
  ];
}

function answerFaults(...tallies: readonly (Tally | undefined)[]): readonly string[] {
  return tallies.flatMap((tally) => {
    if (tally === undefined) return [];
    const failures = [...tally.failures].map(([what, count]) => `${count} requests failed with ${what}`);
    return tally.leaked === 0 ? failures : [...failures, `${tally.leaked} mirrored answers reached the caller`];
  });
}
