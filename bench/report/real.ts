import { digits, grouped, table } from './markdown.js';
import { rangePlot, type Row, type Side } from './plot.js';
import type { Case, Results } from './results.js';
import { distinct, type Section, spread } from './section.js';

// Benches with a real Envoy: effect and first-request.

const CONTENDERS: readonly {
  readonly server: string;
  readonly scope: string;
  readonly label: string;
  readonly side: Side;
}[] = [
  { server: 'penstock serve', scope: 'lazy', label: 'penstock serve, lazy (a file)', side: 'ours' },
  { server: 'penstock serve', scope: 'full', label: 'penstock serve, full (a file)', side: 'ours' },
  { server: 'penstock', scope: 'lazy', label: 'penstock, lazy (a call)', side: 'ours' },
  { server: 'linear-table', scope: 'table', label: 'go-control-plane Linear, one table (a call)', side: 'peer' },
  { server: 'snapshot-table', scope: 'table', label: 'go-control-plane Snapshot, one table (a call)', side: 'peer' },
];

/** Bench 3 on the page. */
export const effectSection: Section = {
  bench: 'effect',
  title: 'Effect: one change until a real Envoy routes by it',
  how: `A real Envoy with two pods behind every service, and requests back to back on one connection through it. A Rollout's weight
goes from 1 to 99 percent and back; the change is over with the first of three answers in a row that come from the version
which now has 99 percent. Time begins right before the file is replaced (\`penstock serve\`), or right before the call that
changes something (in process, and at the peer). *lazy* is what a sidecar gets by default; *full* is \`--scope full\`; the peer has
one table of all services, the same clusters and endpoints, and byte for byte the same virtual hosts.`,
  tables: ({ cases }) =>
    table<Case>(
      [
        { title: 'services', is: 'number', of: (one) => grouped(one.number('services')) },
        { title: 'control plane', of: (one) => labelOf(one).label },
        { title: 'effect, ms (p50 / p99)', is: 'number', of: (one) => spread(one, 'effectMs') },
        { title: 'Envoy ready, ms', is: 'number', of: (one) => grouped(one.number('readyMs')) },
        { title: 'Envoy memory, MB', is: 'number', of: (one) => grouped(one.number('envoyMb')) },
        { title: 'at most, MB', is: 'number', of: (one) => grouped(one.number('envoyPeakMb')) },
        { title: 'an answer every, ms', is: 'number', of: (one) => digits(one.number('answerMs')) },
        { title: 'failed', is: 'number', of: (one) => `${one.text('failed')} of ${grouped(one.number('answers'))}` },
        { title: 'rounds', is: 'number', of: (one) => one.text('effectMs.count') },
      ],
      inOrder(cases),
    ),
  plots: (results) => {
    const title = 'A changed weight until a real Envoy routes by it';
    const svg = rangePlot({
      title,
      ends: ['median', '99th percentile'],
      unit: 'ms',
      scale: 'log',
      rows: rowsOf(results),
      sides: { ours: 'penstock', peer: 'go-control-plane' },
    });
    const alt = `${title}: median and 99th percentile in milliseconds, by number of services and control plane`;
    return [{ file: 'effect.svg', alt, svg }];
  },
};

function labelOf(one: Case): (typeof CONTENDERS)[number] {
  const [server, scope] = [one.text('server'), one.text('scope')];
  const found = CONTENDERS.find((known) => known.server === server && known.scope === scope);
  return found ?? { server, scope, label: `${server}, ${scope}`, side: 'peer' };
}

function inOrder(cases: readonly Case[]): readonly Case[] {
  const place = (one: Case): number => one.number('services') * 10 + CONTENDERS.indexOf(labelOf(one));
  return cases.toSorted((a, b) => place(a) - place(b));
}

function rowsOf({ cases }: Results): readonly Row[] {
  return distinct(cases, 'services').flatMap((services) => [
    { label: `${grouped(Number(services))} services` },
    ...inOrder(cases.filter((one) => one.text('services') === services)).map((one) => {
      const { label, side } = labelOf(one);
      return { label, side, from: one.number('effectMs.p50'), to: one.number('effectMs.p99') };
    }),
  ]);
}

const REQUESTS: readonly { readonly path: string; readonly label: string }[] = [
  { path: 'firstMs', label: 'first request to a host' },
  { path: 'secondMs', label: 'second request' },
  { path: 'warmMs', label: 'first request at the workload’s next pod' },
  { path: 'unknownMs', label: '404 for a host that nobody has' },
  { path: 'unknownAgainMs', label: '404 for it again' },
];

/** Bench 4 on the page. */
export const firstRequestSection: Section = {
  bench: 'first-request',
  title: 'First request: what a lazy sidecar does not know yet',
  how: `Requests one after the other through a real lazy Envoy: to hosts that it has never called (it asks penstock, and the request
waits), once more to each, and to hosts that do not exist. Then the same first requests through another Envoy of the same
workload, which starts with what the first one has learned.`,
  tables: ({ cases }) =>
    table<Case>(
      [
        { title: 'services', is: 'number', of: (one) => grouped(one.number('services')) },
        ...REQUESTS.map(({ path, label }) => ({
          title: `${label}, ms (p50 / p99)`,
          is: 'number' as const,
          of: (one: Case) => spread(one, path),
        })),
        { title: 'hosts', is: 'number', of: (one) => one.text('firstMs.count') },
        { title: 'failed', is: 'number', of: (one) => one.text('failed') },
      ],
      cases,
    ),
  plots: ({ cases }) => {
    const title = 'Requests to hosts that a sidecar has never called';
    const rows = cases.flatMap((one) => [
      { label: `${grouped(one.number('services'))} services` },
      ...REQUESTS.map(({ path, label }) => ({
        label,
        side: 'ours' as const,
        from: one.number(`${path}.p50`),
        to: one.number(`${path}.p99`),
      })),
    ]);
    const ends = ['median', '99th percentile'] as const;
    const svg = rangePlot({ title, ends, unit: 'ms', scale: 'log', rows, sides: {} });
    return [{ file: 'first-request.svg', alt: `${title}: median and 99th percentile in milliseconds`, svg }];
  },
};
