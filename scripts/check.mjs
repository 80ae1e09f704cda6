// `npm run check`: what a change has to pass, stage by stage, ending at the first that fails. With `--no-tests` it is
// what the pre-commit hook runs, and what CI runs beside `npm test`.
import { prepare } from './prepare.mjs';
import { run, tool } from './steps.mjs';

const stages = [
  { name: 'types', work: () => prepare() ?? 0 },
  { name: 'format', work: () => run(process.execPath, [tool('@biomejs/biome/bin/biome'), 'format', '.']) },
  { name: 'lint', work: () => run(process.execPath, [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings']) },
  { name: 'tests', work: () => run(process.execPath, ['scripts/test.mjs']) },
];

for (const { name, work } of stages) {
  if (name === 'tests' && process.argv.includes('--no-tests')) continue;
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const code = work();
  console.log(
    `== ${name}: ${code === 0 ? 'good' : 'failed'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
  if (code !== 0) process.exit(code);
}
