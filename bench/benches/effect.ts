import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Context } from '../bench.js';
import { msBetween } from '../clock.js';
import { type ControlPlane, type Serving, startInProcess, startPeer } from '../control-planes.js';
import { type Sidecar, startSidecar } from '../envoys.js';
import { Client, type Echo, startEcho } from '../http.js';
import { startServe } from '../serve.js';
import { type Spread, spreadOf } from '../statistics.js';
import { hostName } from '../world.js';
import { freePort } from '../../test/harness/free-port.js';

/** How long a real Envoy takes to route by a change. */
export interface EffectCase {
  readonly server: string;
  readonly scope: 'lazy' | 'full' | 'table';
  readonly services: number;
  /** From the change (the step that replaces the file, or the call) to the first answer that obeys it, in milliseconds. */
  readonly effectMs: Spread;
  /** Between two answers, as long as nothing changes: how finely time is seen. */
  readonly answerMs: number;
  /** Answers that were not 200, over the whole time. */
  readonly failed: number;
  readonly answers: number;
  /** Of Envoy: until it was ready, its memory then, and the most over all changes. */
  readonly readyMs: number;
  readonly envoyMb: number;
  readonly envoyPeakMb: number;
}

interface Contender {
  readonly name: string;
  readonly scope: EffectCase['scope'];
  start(serving: Serving): Promise<ControlPlane>;
}

/** No case takes longer; a slow one has fewer rounds then, and says how many. */
const CASE_MS = 20_000;
const ROUNDS_AT_LEAST = 50;
const WARM_UP = 4;
/** Until acknowledgements and the like are over. */
const BETWEEN_MS = 20;

/** Bench 3: one weight changes, and requests through a real Envoy show when it obeys. */
export const effect: Bench = {
  name: 'effect',
  needs: ['go', 'envoy'],
  about: 'a change to the first request that a real Envoy routes by it, lazy and full, and by one table of the peer',
  sizes: { full: ['10', '1000', '5000'], quick: ['10', '1000'] },
  run: async (context) => {
    const echoes = [await startEcho('stable'), await startEcho('canary')] as const;
    const cases: EffectCase[] = [];
    try {
      for (const services of context.sizes.map(Number)) {
        for (const contender of contenders(context))
          cases.push(await measure(context, { contender, services, echoes }));
      }
    } finally {
      for (const echo of echoes) echo.close();
    }
    return cases;
  },
};

function contenders({ go, only }: Context): readonly Contender[] {
  const all: readonly Contender[] = [
    { name: 'penstock serve', scope: 'lazy', start: (serving) => startServe(serving) },
    { name: 'penstock serve', scope: 'full', start: (serving) => startServe(serving, ['--scope', 'full']) },
    { name: 'penstock', scope: 'lazy', start: startInProcess },
    { name: 'snapshot-table', scope: 'table', start: (serving) => startPeer(go.peer, 'snapshot-table', serving) },
    { name: 'linear-table', scope: 'table', start: (serving) => startPeer(go.peer, 'linear-table', serving) },
  ];
  return only === undefined ? all : all.filter(({ name, scope }) => only.includes(name) || only.includes(scope));
}

interface Case {
  readonly contender: Contender;
  readonly services: number;
  readonly echoes: readonly [Echo, Echo];
}

async function measure(context: Context, { contender, services, echoes }: Case): Promise<EffectCase> {
  const [stable, canary] = echoes;
  const ports = { stable: stable.port, canary: canary.port, listener: await freePort() };
  const server = await contender.start({ services, ports, complete: true });
  let sidecar: Sidecar | undefined;
  try {
    sidecar = await startSidecar(context.envoy, {
      address: server.address,
      scope: contender.scope === 'lazy' ? 'lazy' : 'full',
      workload: 'caller',
      port: ports.listener,
      hasReports: contender.scope !== 'table',
    });
    const watch = await Watch.open(sidecar.port, Math.floor(services / 2));
    const envoyMb = Math.round(sidecar.usage().rssMb);
    const found = await change(context, { server, watch });
    const result: EffectCase = {
      ...{ server: contender.name, scope: contender.scope, services, ...found, ...watch.counted() },
      readyMs: Math.round(sidecar.readyMs),
      envoyMb,
      envoyPeakMb: Math.round(sidecar.usage().peakRssMb),
    };
    context.tell(line(result));
    await watch.close();
    return result;
  } finally {
    await sidecar?.stop();
    await server.stop();
  }
}

/** 1 and 99 percent in turns: both clusters stay in use, and three answers of one kind in a row are no chance any more. */
const SHARES = { stable: 1, canary: 99 } as const;
const IN_A_ROW = 3;

async function change(
  { rounds }: Context,
  { server, watch }: { readonly server: ControlPlane; readonly watch: Watch },
): Promise<Pick<EffectCase, 'effectMs'>> {
  const times: number[] = [];
  const until = performance.now() + CASE_MS;
  for (let round = -WARM_UP; round < rounds; round += 1) {
    if (round >= ROUNDS_AT_LEAST && performance.now() > until) break;
    const wanted = round % 2 === 0 ? 'canary' : 'stable';
    const seen = watch.sees(wanted);
    const at = await server.change(watch.service, SHARES[wanted]);
    const ms = msBetween(at, await seen);
    if (round >= 0) times.push(ms);
    await pause(BETWEEN_MS);
  }
  return { effectMs: spreadOf(times) };
}

/** Requests back to back on one connection, for as long as it is open. */
class Watch {
  readonly service: number;
  readonly #client: Client;
  readonly #ended: Promise<void>;
  readonly #startedAt = performance.now();
  #isOpen = true;
  #answers = 0;
  #failed = 0;
  #wanted: { readonly version: string; readonly resolve: (at: number) => void } | undefined;
  #row: { readonly since: number; readonly length: number } | undefined;

  private constructor(client: Client, service: number) {
    this.#client = client;
    this.service = service;
    this.#ended = this.#watch(hostName(service));
    this.#ended.catch(() => undefined);
  }

  static async open(port: number, service: number): Promise<Watch> {
    const client = await Client.open(port);
    const { status } = await client.get(hostName(service));
    if (status !== 200) throw new Error(`the first request was answered with ${status}`);
    return new Watch(client, service);
  }

  /** Waits for answers of a version and gives when the first of them came, by the shared clock. */
  sees(version: string): Promise<number> {
    this.#row = undefined;
    const seen = new Promise<number>((resolve) => {
      this.#wanted = { version, resolve };
    });
    const late = pause(60_000, undefined, { ref: false }).then(() => {
      throw new Error(`no request was routed to ${version} within a minute`);
    });
    late.catch(() => undefined);
    return Promise.race([seen, late, this.#ended.then(() => 0)]);
  }

  counted(): Pick<EffectCase, 'answers' | 'failed' | 'answerMs'> {
    const answerMs = Math.round(((performance.now() - this.#startedAt) / this.#answers) * 1000) / 1000;
    return { answers: this.#answers, failed: this.#failed, answerMs };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#ended;
    this.#client.close();
  }

  async #watch(host: string): Promise<void> {
    while (this.#isOpen) {
      const { status, version, at } = await this.#client.get(host);
      this.#answers += 1;
      if (status !== 200) this.#failed += 1;
      this.#note(version, at);
    }
  }

  #note(version: string, at: number): void {
    if (version !== this.#wanted?.version) this.#row = undefined;
    else {
      this.#row = { since: this.#row?.since ?? at, length: (this.#row?.length ?? 0) + 1 };
      if (this.#row.length < IN_A_ROW) return;
      this.#wanted.resolve(this.#row.since);
      this.#wanted = undefined;
      this.#row = undefined;
    }
  }
}

function line(found: EffectCase): string {
  const { server, scope, services, effectMs, answers, failed, answerMs, readyMs, envoyMb, envoyPeakMb } = found;
  return [
    `  ${`${server} (${scope})`.padEnd(24)} ${String(services).padEnd(6)}`,
    `effect ${effectMs.p50.toFixed(1).padStart(6)} p99 ${effectMs.p99.toFixed(1).padStart(6)} ms (${effectMs.count})`,
    `ready ${String(readyMs).padStart(5)} ms  envoy ${String(envoyMb).padStart(4)} MB, at most ${envoyPeakMb}`,
    `${answers} answers every ${answerMs} ms, ${failed} failed`,
  ].join('  ');
}
