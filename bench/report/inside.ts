import { digits, grouped, table } from './markdown.js';
import { linePlot, rangePlot } from './plot.js';
import type { Case } from './results.js';
import { type Section, spread } from './section.js';

// Benches of the server itself: storms and rebuild.

/** Bench 5 on the page. */
export const stormsSection: Section = {
  bench: 'storms',
  title: 'Storms: everybody at once',
  how: `Simulated sidecars with all their types. *lazy*: each calls 10 services; *full*: each is served everything, scopes and endpoints
included. *connect*: all come at once. *restart*: \`penstock serve\` is killed and started again on the same files, and when it
is ready all come back at once and say what they hold, as Envoy does; served are all when the server has nothing to do any
more (to a tenth of a second). *restart, one change*: meanwhile one Rollout changed that everybody uses; all are served when the
last one has that. Memory is that of the process that just started: when all is quiet again, and the most on the way.`,
  tables: ({ cases }) => {
    const connects = cases.filter((one) => !isStuck(one));
    const stuck = cases.filter(isStuck);
    return [
      connects.length > 0 ? connectTable(connects) : '',
      ...(stuck.length > 0 ? [STUCK, stuckTable(stuck)] : []),
    ].join('\n\n');
  },
  plots: ({ cases }) => {
    const rows = cases
      .filter((one) => !isStuck(one))
      .map((one) => ({
        label: `${one.text('scope')}: ${one.text('storm')}`,
        side: 'ours' as const,
        from: one.number('steadyMb'),
        to: one.number('peakMb'),
      }));
    if (rows.length === 0) return [];
    const title = 'Memory of the server in a storm';
    const svg = rangePlot({ title, ends: ['steady', 'at most'], unit: 'MB', scale: 'linear', rows, sides: {} });
    return [{ file: 'storms.svg', alt: `${title}: steady and at most, in megabytes`, svg }];
  },
};

function isStuck(one: Case): boolean {
  return one.text('storm') === 'stuck readers';
}

function connectTable(rows: readonly Case[]): string {
  return table<Case>(
    [
      { title: 'storm', of: (one) => one.text('storm') },
      { title: 'scope', of: (one) => one.text('scope') },
      {
        title: 'sidecars × services',
        of: (one) => `${grouped(one.number('sidecars'))} × ${grouped(one.number('services'))}`,
      },
      { title: 'server ready, ms', is: 'number', of: (one) => grouped(one.number('readyMs')) },
      { title: 'all served, ms', is: 'number', of: (one) => grouped(one.number('servedMs')) },
      { title: 'bytes a sidecar', is: 'number', of: (one) => grouped(one.number('messageBytes')) },
      { title: 'sent again', is: 'number', of: (one) => one.text('repeated') },
      { title: 'server CPU, ms a sidecar', is: 'number', of: (one) => digits(one.number('cpuMs')) },
      { title: 'memory, MB', is: 'number', of: (one) => grouped(one.number('steadyMb')) },
      { title: 'at most, MB', is: 'number', of: (one) => grouped(one.number('peakMb')) },
    ],
    rows,
  );
}

const STUCK = `**Stuck readers.** Every sidecar subscribes to all services, ten of them change in turns, and one sidecar in twenty stops
reading. Then those read again: they get what was on its way and the newest of all that they missed, and that is all there was
to get: when everybody comes back afterwards, nobody is sent anything.`;

function stuckTable(rows: readonly Case[]): string {
  return table<Case>(
    [
      { title: 'stuck', of: (one) => `${one.text('stuck')} of ${grouped(one.number('sidecars'))}` },
      { title: 'before, ms (p50 / p99)', is: 'number', of: (one) => spread(one, 'beforeMs') },
      { title: 'others meanwhile, ms', is: 'number', of: (one) => spread(one, 'meanwhileMs') },
      { title: 'memory before, MB', is: 'number', of: (one) => grouped(one.number('beforeMb')) },
      { title: 'after the changes, MB', is: 'number', of: (one) => grouped(one.number('meanwhileMb')) },
      { title: 'changes missed', is: 'number', of: (one) => one.text('changes') },
      { title: 'responses then', is: 'number', of: (one) => one.text('responses') },
      { title: 'bytes', is: 'number', of: (one) => grouped(one.number('messageBytes')) },
      { title: 'still missing, bytes', is: 'number', of: (one) => one.text('missingBytes') },
    ],
    rows,
  );
}

const PARTS: readonly { readonly path: string; readonly label: string }[] = [
  { path: 'weight', label: 'a weight' },
  { path: 'endpoint', label: 'an endpoint' },
  { path: 'service', label: 'a new Service' },
  { path: 'publish', label: 'a weight, to a sidecar' },
];

/** Bench 6 on the page. */
export const rebuildSection: Section = {
  bench: 'rebuild',
  title: 'Rebuild: a change costs what it touches',
  how: `Changes within the process, one at a time, the same hundred services in turns at every size. *a weight* is the status of a
Rollout, *an endpoint* the two EndpointSlices of a Service, *a new Service* everything of one with two versions; each from
the parsed event through \`Pipeline.apply\` to its publication. *to a sidecar*: the same for a lazy sidecar that calls the
service, from the event until the response is handed to the socket. In brackets: the ratio to the smallest mesh.`,
  tables: ({ cases }) => {
    const [first] = cases;
    if (first === undefined) return '';
    const ratio = (one: Case, path: string): string =>
      `${digits(one.number(path))} (${(one.number(path) / first.number(path)).toFixed(2)})`;
    return table<Case>(
      [
        { title: 'services', is: 'number', of: (one) => grouped(one.number('services')) },
        ...PARTS.map(({ path, label }) => ({
          title: `${label}, µs`,
          is: 'number' as const,
          of: (one: Case) => ratio(one, `${path}.p50`),
        })),
        { title: 'server CPU a change, µs', is: 'number', of: (one) => ratio(one, 'cpuMicros') },
        { title: 'until the sidecar has it, ms', is: 'number', of: (one) => ratio(one, 'receiptMs.p50') },
      ],
      cases,
    );
  },
  plots: ({ cases }) => {
    const title = 'The cost of one change, by the size of the mesh (medians)';
    const svg = linePlot({
      title,
      places: cases.map((one) => grouped(one.number('services'))),
      placesAre: 'services in the mesh',
      unit: 'µs',
      series: PARTS.map(({ path, label }) => ({ label, values: cases.map((one) => one.number(`${path}.p50`)) })),
    });
    return [{ file: 'rebuild.svg', alt: `${title}, in microseconds`, svg }];
  },
};
