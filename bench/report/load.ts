import { digits, grouped, table } from './markdown.js';
import { rangePlot, type Row } from './plot.js';
import type { Case, Results } from './results.js';
import { distinct, type Label, type Picture, type Section, spread } from './section.js';

// Benches with simulated sidecars: fan-out and scoped.

const CONTENDERS: readonly Label[] = [
  { name: 'floor', label: 'floor: ready bytes, no control plane', side: 'floor' },
  { name: 'penstock', label: 'penstock, change by a call', side: 'ours' },
  { name: 'penstock serve', label: 'penstock serve, change of a file', side: 'ours' },
  { name: 'linear-service-10', label: 'Linear, per service, sidecars name 10', side: 'peer' },
  { name: 'linear-service', label: 'Linear, per service, sidecars name all', side: 'peer' },
  { name: 'snapshot-service', label: 'Snapshot, per service, sidecars name all', side: 'peer' },
  { name: 'linear-table', label: 'Linear, one table', side: 'peer' },
  { name: 'snapshot-table', label: 'Snapshot, one table', side: 'peer' },
];

/** A contender of the load benches, by its name in the results. */
export function labelOf(name: string): Label {
  return CONTENDERS.find((one) => one.name === name) ?? { name, label: name, side: 'peer' };
}

const PEER = 'go-control-plane';

/** Bench 1 on the page. */
export const fanOutSection: Section = {
  bench: 'fan-out',
  title: 'Fan-out: one change, and every sidecar subscribes to it',
  how: `N simulated sidecars, each with a connection and one aggregated delta stream of its own, subscribe to the routes of all S
services. One service gets another weight; measured is the time from the change to its receipt at the *last* sidecar. In
process, at penstock and at the peer, a change is a call; with \`penstock serve\` it is a file that is replaced, and time
begins right before that.

The peer is go-control-plane 0.14 in the ways in which it can be set up: a Linear or a Snapshot cache, a route configuration a
service or one table of all. It serves the very bytes that penstock serves: its resources are made from penstock's. A Linear
cache works for every name that a stream has, so it is measured with sidecars that name all services, as penstock's do, and
with such that name only 10: that is its best case. *floor* is a program that knows nothing of xDS and writes ready bytes to
all sockets: what is left is the load client and the kernel. A way that takes seconds for one change is not measured where
sidecars or services are more.`,
  tables: ({ cases }) =>
    distinct(cases, 'sidecars')
      .flatMap((sidecars) =>
        distinct(
          cases.filter((one) => one.text('sidecars') === sidecars),
          'services',
        ).map((services) => ({ sidecars: Number(sidecars), services: Number(services) })),
      )
      .map((size) => {
        const rows = cases.filter((one) => one.is(size));
        return `**${grouped(size.sidecars)} sidecars, ${grouped(size.services)} services**\n\n${fanOutTable(rows)}`;
      })
      .join('\n\n'),
  plots: fanOutPlots,
};

function fanOutTable(rows: readonly Case[]): string {
  return table<Case>(
    [
      { title: 'server', of: (one) => serverName(one.text('server')) },
      { title: 'last sidecar, ms (p50 / p99)', is: 'number', of: (one) => spread(one, 'lastMs') },
      { title: 'bytes a sidecar', is: 'number', of: (one) => grouped(one.number('messageBytes')) },
      { title: 'server CPU, µs a sidecar', is: 'number', of: (one) => digits(one.number('cpuMicros')) },
      { title: 'client CPU', is: 'number', of: (one) => digits(one.number('clientCpuMicros')) },
      { title: 'server memory, MB', is: 'number', of: (one) => grouped(one.number('rssMb')) },
      { title: 'all connected, ms', is: 'number', of: (one) => grouped(one.number('connectMs')) },
      { title: 'rounds', is: 'number', of: (one) => one.text('lastMs.count') },
    ],
    inOrder(rows),
  );
}

function inOrder(rows: readonly Case[]): readonly Case[] {
  const place = (one: Case): number => CONTENDERS.findIndex(({ name }) => name === one.text('server'));
  return rows.toSorted((a, b) => place(a) - place(b));
}

function serverName(name: string): string {
  const { label, side } = labelOf(name);
  return side === 'peer' ? `${PEER} ${label}` : side === 'ours' ? `**${label}**` : label;
}

function fanOutPlots({ cases }: Results): readonly Picture[] {
  const shown = { sidecars: 1000, services: 1000 };
  const rows = inOrder(cases.filter((one) => one.is(shown))).map(rangeOf);
  if (rows.length === 0) return [];
  const title = 'One change to the last of 1,000 sidecars that all subscribe to 1,000 services';
  const picture = {
    file: 'fan-out.svg',
    alt: `${title}: median and 99th percentile in milliseconds, by server, on a logarithmic scale`,
    svg: rangePlot({
      title,
      ends: ['median', '99th percentile'],
      unit: 'ms',
      scale: 'log',
      rows,
      sides: { ours: 'penstock', peer: PEER, floor: 'no control plane' },
    }),
  };
  return [picture];
}

function rangeOf(one: Case): Row {
  const { label, side } = labelOf(one.text('server'));
  return { label, side, from: one.number('lastMs.p50'), to: one.number('lastMs.p99') };
}

/** Bench 2 on the page. */
export const scopedSection: Section = {
  bench: 'scoped',
  title: 'Scoped: one change that few sidecars care about',
  how: `Lazy sidecars, ten to a workload; every workload calls 10 services, so that a service is called by 20 sidecars. One of the
called services gets another weight. Then as many services change that nobody calls. go-control-plane has no scopes: there,
this change costs what fan-out costs.`,
  tables: ({ cases }) =>
    table<Case>(
      [
        { title: 'server', of: (one) => serverName(one.text('server')) },
        { title: 'sidecars', is: 'number', of: (one) => grouped(one.number('sidecars')) },
        { title: 'services', is: 'number', of: (one) => grouped(one.number('services')) },
        { title: 'last of 20, ms (p50 / p99)', is: 'number', of: (one) => spread(one, 'lastMs') },
        { title: 'bytes to each of the 20', is: 'number', of: (one) => grouped(one.number('messageBytes')) },
        { title: 'bytes to all others', is: 'number', of: (one) => grouped(one.number('otherBytes')) },
        { title: 'bytes when nobody calls it', is: 'number', of: (one) => grouped(one.number('uncalledBytes')) },
        { title: 'server CPU, µs a change', is: 'number', of: (one) => grouped(one.number('cpuMicros')) },
        { title: 'server memory, MB', is: 'number', of: (one) => grouped(one.number('rssMb')) },
      ],
      cases,
    ),
  plots: ({ cases }) => {
    const title = 'One change to the last of the 20 sidecars, of 1,000, that call the service';
    const rows = cases.map((one) => ({
      ...rangeOf(one),
      label: `${labelOf(one.text('server')).label}, ${grouped(one.number('services'))} services`,
    }));
    const ends = ['median', '99th percentile'] as const;
    const svg = rangePlot({ title, ends, unit: 'ms', scale: 'linear', rows, sides: { ours: 'penstock' } });
    return [{ file: 'scoped.svg', alt: `${title}: median and 99th percentile in milliseconds`, svg }];
  },
};
