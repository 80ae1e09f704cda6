import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type EnvoyBinary, findEnvoy } from '../test/harness/envoy-binary.js';
import type { Bench, Context } from './bench.js';
import { effect } from './benches/effect.js';
import { fanOut } from './benches/fan-out.js';
import { firstRequest } from './benches/first-request.js';
import { rebuild } from './benches/rebuild.js';
import { scoped } from './benches/scoped.js';
import { storms } from './benches/storms.js';
import { type GoPrograms, goPrograms } from './go-programs.js';
import { type Machine, thisMachine } from './machine.js';
import { writeReport } from './report/page.js';

const BENCHES: readonly Bench[] = [fanOut, scoped, effect, firstRequest, storms, rebuild];
/** Not a bench: the page that is made of what the benches found. */
const REPORT = 'report';
const RESULTS = fileURLToPath(new URL('../../bench/results', import.meta.url));

const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

const USAGE = `Usage: npm run bench -- [NAME...] [options]

Measures penstock and its peer side by side and writes bench/results/NAME.json. Without a name all benches run,
and then the report.

Benches:
${BENCHES.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}
  ${REPORT.padEnd(14)} plots and docs/performance.md from the results that are there

Options:
  --quick          fewer sizes and rounds, for a look
  --sizes A,B      these sizes instead of the bench's own
  --rounds N       rounds a case: 200 unless given, 30 with --quick
  --only A,B       these contenders instead of all
  -h, --help       this text

Examples:
  npm run bench
  npm run bench -- fan-out --quick
  npm run bench -- fan-out --sizes 1000x1000,2000x1000 --rounds 100`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    sizes: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** For benches that need none. */
const NO_GO: Context['go'] = { kind: 'found', go: '', sidecars: '', peer: '', blaster: '' };

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The benches that were asked for, all where none was; `undefined` where there is none of such a name. */
function wanted(): readonly Bench[] | undefined {
  if (positionals.length === 0) return BENCHES;
  const names = positionals.filter((name) => name !== REPORT);
  const found = names.map((name) => BENCHES.find((bench) => bench.name === name));
  return found.every((bench) => bench !== undefined) ? found : undefined;
}

/** The real things that benches run with, found or not. */
interface Parts {
  readonly go: GoPrograms;
  readonly envoy: EnvoyBinary;
}

/** Whether less was measured than a bench measures by itself. */
function isPart(): boolean {
  const { quick, sizes, rounds, only } = values;
  return quick || [sizes, rounds, only].some((given) => given !== undefined);
}

/** Runs one and keeps what it found. */
async function run(bench: Bench, { go, envoy }: Parts, machine: Machine): Promise<void> {
  for (const [name, part] of [
    ['go', go],
    ['envoy', envoy],
  ] as const) {
    if (part.kind === 'found' || !bench.needs.includes(name)) continue;
    complain(`${bench.name}: skipped, for ${part.reason}\n  to get it: ${part.command}`);
    return;
  }
  tell(`\n${bench.name}: ${bench.about}`);
  const startedAt = new Date().toISOString();
  const cases = await bench.run({
    go: go.kind === 'found' ? go : NO_GO,
    envoy: envoy.kind === 'found' ? envoy.path : '',
    sizes: values.sizes?.split(',') ?? (values.quick ? bench.sizes.quick : bench.sizes.full),
    rounds: Number(values.rounds ?? (values.quick ? 30 : 200)),
    only: values.only?.split(','),
    tell,
  });
  mkdirSync(RESULTS, { recursive: true });
  const result = { bench: bench.name, startedAt, machine, quick: isPart(), cases };
  writeFileSync(join(RESULTS, `${bench.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}

async function main(): Promise<number> {
  if (values.help) {
    tell(USAGE);
    return 0;
  }
  const benches = wanted();
  if (benches === undefined) {
    complain(`there is no bench ${positionals.join(' ')}\n\n${USAGE}`);
    return 64;
  }
  if (benches.length > 0) await runAll(benches);
  if (positionals.length === 0 || positionals.includes(REPORT)) report();
  return 0;
}

async function runAll(benches: readonly Bench[]): Promise<void> {
  const go = await goPrograms(tell);
  const envoy = findEnvoy();
  const machine = thisMachine({
    go: go.kind === 'found' ? go.go : undefined,
    envoy: envoy.kind === 'found' ? envoy.version : undefined,
  });
  const { cpu, cores, node, loadAtStart } = machine;
  tell(`${cpu}, ${cores} cores; Node ${node}, Go ${machine.go ?? 'none'}; load average ${loadAtStart}`);
  for (const bench of benches) await run(bench, { go, envoy }, machine);
}

function report(): void {
  const missing = writeReport({ results: RESULTS, page: PAGE });
  tell(`\nreport: ${PAGE}${missing.length === 0 ? '' : `; without ${missing.join(', ')}, which have not run`}`);
}

// So that what was started ends too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main();
