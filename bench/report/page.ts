import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aims } from './aims.js';
import { rebuildSection, stormsSection } from './inside.js';
import { fanOutSection, scopedSection } from './load.js';
import { effectSection, firstRequestSection } from './real.js';
import { readResults, type Results } from './results.js';
import type { Section } from './section.js';

const SECTIONS: readonly Section[] = [
  fanOutSection,
  scopedSection,
  effectSection,
  firstRequestSection,
  stormsSection,
  rebuildSection,
];

/** Where results are, and where the page goes. */
export interface ReportPaths {
  readonly results: string;
  readonly page: string;
}

/** Draws the plots beside the results and writes the page from them; gives the benches without results. */
export function writeReport({ results, page }: ReportPaths): readonly string[] {
  const all = new Map<string, Results>();
  for (const { bench } of SECTIONS) {
    const found = readResults(results, bench);
    if (found !== undefined) all.set(bench, found);
  }
  const parts = SECTIONS.flatMap((section) => {
    const found = all.get(section.bench);
    return found === undefined ? [] : [part(section, found, results)];
  });
  writeFileSync(page, `${[HEAD, machineOf([...all.values()]), AIMS, aims(all), ...parts, FOOT].join('\n\n')}\n`);
  return SECTIONS.map(({ bench }) => bench).filter((bench) => !all.has(bench));
}

function part(section: Section, found: Results, folder: string): string {
  const pictures = section.plots(found).map(({ file, alt, svg }) => {
    writeFileSync(join(folder, file), svg);
    return `![${alt}](../bench/results/${file})`;
  });
  const quick = found.isQuick ? '\n\nThese are from a quick or partial run: a look, no figures to keep.' : '';
  const command = `\`npm run bench -- ${section.bench}\``;
  return [
    `## ${section.title}`,
    `${section.how}${quick}`,
    ...pictures,
    section.tables(found),
    `Again: ${command}`,
  ].join('\n\n');
}

function machineOf(all: readonly Results[]): string {
  const [first] = all;
  if (first === undefined) return 'Nothing has been measured yet.';
  const { machine } = first;
  const say = (name: string): string => String(machine[name]);
  const days = [...new Set(all.map(({ startedAt }) => startedAt.slice(0, 10)))].join(', ');
  const loads = all.map(({ bench, machine: { loadAtStart } }) => `${bench} ${String(loadAtStart)}`).join(', ');
  return `Measured on ${days}: ${say('cpu')}, ${say('cores')} cores, ${say('memoryGb')} GB; Linux ${say('kernel')}; Node
${say('node')}, Go ${say('go')}, Envoy ${say('envoy')}. Server, load client, Envoy and echo servers share these cores. Load average
before each bench began (what ran just before counts in): ${loads}.`;
}

const HEAD = `# Performance

This page is made by \`npm run bench\`: it measures penstock and go-control-plane side by side on one machine, in one run, and
writes what it found. Compare figures of one page with each other; of two machines only ratios compare. All programs read one
clock (CLOCK_MONOTONIC). Percentiles are measured values (nearest rank) over the rounds of a case.

\`\`\`
npm run bench                          # everything, under 20 minutes; then this page
npm run bench -- fan-out --quick       # one of them, for a look
npm run bench -- report                # this page from the results that are there
npm run bench -- --help
\`\`\`

Results as JSON, and the plots, are in [bench/results](../bench/results).`;

const AIMS = '## What was aimed at';

const FOOT = `## Is it the load client?

The sidecars are one Go program that frames HTTP/2 by hand, decodes only names and versions, acknowledges every response as
Envoy does, and reads the clock when a message is there. Two things show what it costs. *floor* in the fan-out tables is a
server of ready bytes: all that is above it is the control plane. And the client's processor time a sidecar and push stands
beside the server's: while the server works on one core the client has the other one, and where its share is the smaller the
client waits for the server and not the other way round.`;
