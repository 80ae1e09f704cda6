import { Agent, request } from 'node:http';

/** What came back from a number of requests. */
export interface Tally {
  /** Answers by the `x-version` they carried. */
  readonly versions: Map<string, number>;
  /** Statuses of answers that were not 200, and error codes of requests without an answer. */
  readonly failures: Map<string, number>;
  /** Answers of a mirrored copy that reached a caller; must stay 0. */
  leaked: number;
  total: number;
}

/** What to send, and through which Envoy. */
export interface Target {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An empty tally. */
export function newTally(): Tally {
  return { versions: new Map(), failures: new Map(), leaked: 0, total: 0 };
}

/** Number of requests without a good answer. */
export function failed(tally: Tally): number {
  return [...tally.failures.values()].reduce((sum, count) => sum + count, 0);
}

/** Share of the answers that came from `version`, from 0 to 1; 0 where there are none. */
export function shareOf(tally: Tally, version: string): number {
  return tally.total === 0 ? 0 : (tally.versions.get(version) ?? 0) / tally.total;
}

/** Keep-alive connections to one Envoy; close it with `destroy`. */
export function connections(count: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: count, maxFreeSockets: count });
}

/** Sends one request and books its answer. Never rejects: what goes wrong is in the tally. */
export function send(agent: Agent, target: Target, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const end = (failure: string | undefined): void => {
      tally.total += 1;
      if (failure !== undefined) add(tally.failures, failure);
      resolve();
    };
    const headers = { ...target.headers, host: target.host };
    const { port, path = '/', method = 'GET' } = target;
    request({ agent, host: '127.0.0.1', port, path, method, headers }, (response) => {
      response.resume();
      response.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
      response.on('end', () => {
        if (response.headers['x-shadow'] === 'true') tally.leaked += 1;
        const version = response.headers['x-version'];
        if (typeof version === 'string') add(tally.versions, version);
        end(response.statusCode === 200 ? undefined : String(response.statusCode));
      });
    })
      .on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
      .end();
  });
}

/** Sends `count` requests over `parallel` connections, each of which waits for `paced` before it sends the next one. */
export async function burst(
  target: Target,
  count: number,
  parallel = 16,
  paced: (tally: Tally) => Promise<void> | void = () => undefined,
): Promise<Tally> {
  const agent = connections(parallel);
  const tally = newTally();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send(agent, target, tally);
      await paced(tally);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  agent.destroy();
  return tally;
}

/**
 * A load that goes on until it is stopped: `perSecond` requests, sent by the clock whether or not the last one is answered.
 * Of several targets each gets its turn.
 */
export function steadyLoad(
  targets: Target | readonly Target[],
  perSecond: number,
): { readonly tally: Tally; stop(): Promise<Tally> } {
  const turns: readonly Target[] = [targets].flat();
  const agent = connections(32);
  const tally = newTally();
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  const sendDue = (): void => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond);
    for (; sent < due; sent += 1) {
      const target = turns[sent % turns.length];
      if (target === undefined) return;
      const one = send(agent, target, tally).finally(() => open.delete(one));
      open.add(one);
    }
  };
  const timer = setInterval(sendDue, 5);
  return {
    tally,
    stop: async () => {
      clearInterval(timer);
      // A busy machine may be behind: what was promised is sent.
      sendDue();
      await Promise.all(open);
      agent.destroy();
      return tally;
    },
  };
}

/**
 * Whether `hits` out of `total` lie within five standard deviations of `share`; 0 and 1 must be met exactly. A right split
 * fails this about once in two million tries.
 */
export function isPlausible(hits: number, total: number, share: number): boolean {
  if (share <= 0) return hits === 0;
  if (share >= 1) return hits === total;
  return Math.abs(hits - total * share) <= 5 * Math.sqrt(total * share * (1 - share));
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
