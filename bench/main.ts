import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findEnvoy } from '../test/harness/envoy-binary.js';
import type { Bench } from './bench.js';
import { fanOut } from './benches/fan-out.js';
import { type GoPrograms, goPrograms } from './go-programs.js';
import { type Machine, thisMachine } from './machine.js';

const BENCHES: readonly Bench[] = [fanOut];
const RESULTS = fileURLToPath(new URL('../../bench/results', import.meta.url));

const USAGE = `Usage: npm run bench -- [NAME...] [options]

Measures penstock and its peer side by side and writes bench/results/NAME.json. Without a name all benches run.

Benches:
${BENCHES.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}

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

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The benches that were asked for, all where none was; `undefined` where there is none of such a name. */
function wanted(): readonly Bench[] | undefined {
  if (positionals.length === 0) return BENCHES;
  const found = positionals.map((name) => BENCHES.find((bench) => bench.name === name));
  return found.every((bench) => bench !== undefined) ? found : undefined;
}

/** Runs one and keeps what it found. */
async function run(bench: Bench, go: GoPrograms, machine: Machine): Promise<void> {
  if (go.kind === 'missing') {
    complain(`${bench.name}: skipped, for ${go.reason}\n  to get it: ${go.command}`);
    return;
  }
  tell(`\n${bench.name}: ${bench.about}`);
  const startedAt = new Date().toISOString();
  const cases = await bench.run({
    go,
    sizes: values.sizes?.split(',') ?? (values.quick ? bench.sizes.quick : bench.sizes.full),
    rounds: Number(values.rounds ?? (values.quick ? 30 : 200)),
    only: values.only?.split(','),
    tell,
  });
  mkdirSync(RESULTS, { recursive: true });
  const result = { bench: bench.name, startedAt, machine, quick: values.quick, cases };
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
  const go = await goPrograms(tell);
  const envoy = findEnvoy();
  const machine = thisMachine({
    go: go.kind === 'found' ? go.go : undefined,
    envoy: envoy.kind === 'found' ? envoy.version : undefined,
  });
  const { cpu, cores, node, loadAtStart } = machine;
  tell(`${cpu}, ${cores} cores; Node ${node}, Go ${machine.go ?? 'none'}; load average ${loadAtStart}`);
  for (const bench of benches) await run(bench, go, machine);
  return 0;
}

process.exitCode = await main();
