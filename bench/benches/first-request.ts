import type { Bench, Context } from '../bench.js';
import { nowNs, msBetween } from '../clock.js';
import { startSidecar } from '../envoys.js';
import { Client, startEcho } from '../http.js';
import { startServe } from '../serve.js';
import { type Spread, spreadOf } from '../statistics.js';
import { hostName, NAMESPACE } from '../world.js';

/** What requests cost to hosts that a lazy sidecar has never called. */
export interface FirstRequestCase {
  readonly server: string;
  readonly services: number;
  /** The first request to a host, and the one after it, in milliseconds. */
  readonly firstMs: Spread;
  readonly secondMs: Spread;
  /** To a host that nobody has: until the 404, the first time and the second. */
  readonly unknownMs: Spread;
  readonly unknownAgainMs: Spread;
  /** The first request through another sidecar of the same workload, which starts with what the first one has learned. */
  readonly warmMs: Spread;
  /** Requests to known hosts that were not answered with 200, and to unknown ones not with 404. */
  readonly failed: number;
}

const HOSTS_AT_LEAST = 100;
const UNKNOWN = 30;

/** Bench 4: a sidecar learns a host while its first request waits. */
export const firstRequest: Bench = {
  name: 'first-request',
  needs: ['envoy'],
  about:
    'the first request through a real lazy Envoy to hosts never called before, the second one, and to unknown hosts',
  sizes: { full: ['1000', '5000'], quick: ['1000'] },
  run: async (context) => {
    const cases: FirstRequestCase[] = [];
    for (const services of context.sizes.map(Number)) cases.push(await measure(context, services));
    return cases;
  },
};

async function measure(context: Context, services: number): Promise<FirstRequestCase> {
  const echo = await startEcho('any');
  const ends: (() => unknown)[] = [() => echo.close()];
  try {
    const server = await startServe({ services, ports: { stable: echo.port, canary: echo.port, listener: 0 } });
    ends.push(() => server.stop());
    const options = { address: server.address, scope: 'lazy', workload: 'caller' } as const;
    const sidecar = await startSidecar(context.envoy, options);
    ends.push(() => sidecar.stop());
    const hosts = Math.min(services, Math.max(HOSTS_AT_LEAST, context.rounds));
    // Spread over all, so that neighbours tell nothing.
    const known = Array.from({ length: hosts }, (_, index) => hostName(Math.floor((index * services) / hosts)));
    const unknown = Array.from({ length: UNKNOWN }, (_, index) => `nobody-${index}.${NAMESPACE}`);
    const requests = new Requests(await Client.open(sidecar.port));
    ends.push(() => requests.close());
    const [firstMs, secondMs] = await requests.twice(known, 200);
    const [unknownMs, unknownAgainMs] = await requests.twice(unknown, 404);
    const another = await startSidecar(context.envoy, options);
    ends.push(() => another.stop());
    const warm = new Requests(await Client.open(another.port));
    ends.push(() => warm.close());
    const [warmMs] = await warm.twice(known, 200);
    const failed = requests.failed + warm.failed;
    const result = { server: 'penstock serve', services, firstMs, secondMs, unknownMs, unknownAgainMs, warmMs, failed };
    context.tell(line(result));
    return result;
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

class Requests {
  failed = 0;
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Two requests to each host, one after the other. */
  async twice(hosts: readonly string[], status: number): Promise<readonly [Spread, Spread]> {
    const times: [number[], number[]] = [[], []];
    for (const host of hosts) {
      for (const list of times) list.push(await this.#once(host, status));
    }
    return [spreadOf(times[0]), spreadOf(times[1])];
  }

  close(): void {
    this.#client.close();
  }

  async #once(host: string, status: number): Promise<number> {
    const at = nowNs();
    const answer = await this.#client.get(host);
    if (answer.status !== status) this.failed += 1;
    return msBetween(at, answer.at);
  }
}

function line({ services, firstMs, secondMs, unknownMs, unknownAgainMs, warmMs, failed }: FirstRequestCase): string {
  const both = ({ p50, p99 }: Spread): string => `${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`;
  return [
    `  ${String(services).padEnd(6)} first ${both(firstMs)} (${firstMs.count})`,
    `second ${both(secondMs)}`,
    `unknown ${both(unknownMs)}, again ${both(unknownAgainMs)}`,
    `next pod ${both(warmMs)}`,
    `${failed} failed`,
  ].join('  ');
}
