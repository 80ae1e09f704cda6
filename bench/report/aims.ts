import { digits, grouped, table } from './markdown.js';
import { labelOf } from './load.js';
import type { Case, Results } from './results.js';

/** What was to be reached, and what was. */
interface Aim {
  readonly aim: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Results by the bench they are of. */
export type All = ReadonlyMap<string, Results>;

/** The aims as a table, of whatever has been measured. */
export function aims(all: All): string {
  const rows = [...fanOut(all), ...scoped(all), ...effect(all), ...rebuild(all), ...firstRequest(all), ...storms(all)];
  return table<Aim>(
    [
      { title: 'aim', of: ({ aim }) => aim },
      { title: 'measured', of: ({ measured }) => measured },
      { title: 'met', of: ({ isMet }) => (isMet ? 'yes' : '**no**') },
    ],
    rows,
  );
}

function casesOf(all: All, bench: string, fields: Readonly<Record<string, unknown>> = {}): readonly Case[] {
  return (all.get(bench)?.cases ?? []).filter((one) => one.is(fields));
}

function least(cases: readonly Case[], path: string): Case | undefined {
  return cases.toSorted((a, b) => a.number(path) - b.number(path))[0];
}

function both(one: Case, path: string): string {
  return `${digits(one.number(`${path}.p50`))} / ${digits(one.number(`${path}.p99`))} ms`;
}

function fanOut(all: All): readonly Aim[] {
  const cases = casesOf(all, 'fan-out', { sidecars: 1000, services: 1000 });
  const ours = cases.find((one) => one.is({ server: 'penstock' }));
  const peers = cases.filter((one) => !['penstock', 'penstock serve', 'floor'].includes(one.text('server')));
  const best = least(peers, 'lastMs.p50');
  const oneTable = least(
    peers.filter((one) => one.text('server').endsWith('-table')),
    'lastMs.p50',
  );
  if (ours === undefined || best === undefined || oneTable === undefined) return [];
  const [p50, p99] = [ours.number('lastMs.p50'), ours.number('lastMs.p99')];
  return [
    {
      aim: 'fan-out 1,000 × 1,000: p50 and p99 at or below the peer’s best case',
      measured: `${both(ours, 'lastMs')} against ${both(best, 'lastMs')} (${labelOf(best.text('server')).label})`,
      isMet: p50 <= best.number('lastMs.p50') && p99 <= best.number('lastMs.p99'),
    },
    {
      aim: 'at least 8 times below the peer’s one table',
      measured: `${digits(oneTable.number('lastMs.p50') / p50)} times (${both(oneTable, 'lastMs')})`,
      isMet: oneTable.number('lastMs.p50') / p50 >= 8,
    },
    {
      aim: 'less than 400 bytes a sidecar',
      measured: `${grouped(ours.number('messageBytes'))} B (the peer: ${grouped(best.number('messageBytes'))} B)`,
      isMet: ours.number('messageBytes') < 400,
    },
    {
      aim: 'at most 150 MB of server memory',
      measured: `${grouped(ours.number('rssMb'))} MB`,
      isMet: ours.number('rssMb') <= 150,
    },
    {
      aim: 'server CPU a push at or below the peer’s',
      measured: `${digits(ours.number('cpuMicros'))} against ${digits(best.number('cpuMicros'))} µs a sidecar`,
      isMet: ours.number('cpuMicros') <= best.number('cpuMicros'),
    },
  ];
}

function scoped(all: All): readonly Aim[] {
  const one = casesOf(all, 'scoped', { server: 'penstock serve', sidecars: 1000, services: 1000 })[0];
  if (one === undefined) return [];
  const others = one.number('otherBytes') + one.number('uncalledBytes');
  return [
    {
      aim: '20 of 1,000 sidecars care: p99 under 5 ms, from the file on',
      measured: both(one, 'lastMs'),
      isMet: one.number('lastMs.p99') < 5,
    },
    { aim: '0 bytes to all others', measured: `${grouped(others)} B`, isMet: others === 0 },
  ];
}

function effect(all: All): readonly Aim[] {
  const at = (scope: string): readonly Case[] => casesOf(all, 'effect', { services: 5000, scope });
  const lazy = at('lazy').find((one) => one.is({ server: 'penstock serve' }));
  const full = at('full')[0];
  const peer = least(at('table'), 'effectMs.p99');
  if (lazy === undefined || full === undefined || peer === undefined) return [];
  const [ours, theirs] = [lazy.number('effectMs.p99'), peer.number('effectMs.p99')];
  return [
    { aim: 'effect at 5,000 services, lazy: p99 under 10 ms', measured: both(lazy, 'effectMs'), isMet: ours < 10 },
    {
      aim: 'at least 10 times faster than the peer’s one table',
      measured: `${digits(theirs / ours)} times at p99 (${both(peer, 'effectMs')})`,
      isMet: theirs / ours >= 10,
    },
    {
      aim: 'lazy Envoy under 90 MB and ready in under 0.5 s',
      measured: `${grouped(lazy.number('envoyMb'))} MB, ${grouped(lazy.number('readyMs'))} ms`,
      isMet: lazy.number('envoyMb') < 90 && lazy.number('readyMs') < 500,
    },
    {
      aim: 'effect at 5,000 services, full: p99 under 25 ms',
      measured: both(full, 'effectMs'),
      isMet: full.number('effectMs.p99') < 25,
    },
  ];
}

function rebuild(all: All): readonly Aim[] {
  const [small, large] = [
    casesOf(all, 'rebuild', { services: 100 })[0],
    casesOf(all, 'rebuild', { services: 10_000 })[0],
  ];
  if (small === undefined || large === undefined) return [];
  const ratios = ['weight.p50', 'publish.p50', 'cpuMicros'].map((path) => large.number(path) / small.number(path));
  return [
    {
      aim: 'rebuild and push at 10,000 services at most 1.3 times those at 100',
      measured: `${ratios.map((ratio) => ratio.toFixed(2)).join(', ')} times (rebuild, with publication, CPU)`,
      isMet: ratios.every((ratio) => ratio <= 1.3),
    },
  ];
}

function firstRequest(all: All): readonly Aim[] {
  const one = casesOf(all, 'first-request', { services: 1000 })[0];
  if (one === undefined) return [];
  return [
    {
      aim: 'first request under 25 ms at p50, none failed',
      measured: `${both(one, 'firstMs')}, ${one.text('failed')} failed`,
      isMet: one.number('firstMs.p50') < 25 && one.number('failed') === 0,
    },
    {
      aim: 'an unknown host is answered at once',
      measured: both(one, 'unknownMs'),
      isMet: one.number('unknownMs.p50') < 25,
    },
  ];
}

function storms(all: All): readonly Aim[] {
  return casesOf(all, 'storms', { storm: 'restart', sidecars: 1000 }).map((one) => {
    const [served, bytes] = [one.number('readyMs') + one.number('servedMs'), one.number('totalBytes')];
    const [steady, peak] = [one.number('steadyMb'), one.number('peakMb')];
    return {
      aim: `1,000 ${one.text('scope')} sidecars come back: within 15 s, 0 bytes again, memory at most twice`,
      measured: `${digits(served / 1000)} s, ${grouped(bytes)} B, ${grouped(peak)} MB against ${grouped(steady)} MB`,
      isMet: served <= 15_000 && bytes === 0 && peak <= 2 * steady,
    };
  });
}
