// `npm test`: installs and builds what is stale, fetches Envoy once, runs the compiled tests with Node's own runner.
// Arguments are source paths to run instead of everything (`npm test -- test/unit/model`), or options for the runner
// (`npm test -- --test-name-pattern=canary`). The closing lines say how many tests used a real Envoy.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainMissing, fetchEnvoy } from './fetch-envoy.mjs';
import { prepare } from './prepare.mjs';
import { root, run } from './steps.mjs';

const everything = ['test/architecture.test.ts', 'test/unit', 'test/feature', 'test/scenarios', 'test/real'];

const given = process.argv.slice(2).filter((argument) => argument !== '--update-golden');
const updatesGolden = process.argv.includes('--update-golden') || Boolean(process.env.UPDATE_GOLDEN);
if (updatesGolden && process.env.CI === 'true') {
  console.error('UPDATE_GOLDEN is refused where CI=true: there the expected outputs judge the code, not the reverse');
  process.exit(64);
}

prepare();
const envoy = await fetchEnvoy();
if (envoy.kind === 'missing') explainMissing(envoy);

const options = given.filter((argument) => argument.startsWith('-'));
const paths = given.filter((argument) => !argument.startsWith('-'));
const files = (paths.length > 0 ? paths : everything).flatMap(testFiles);
if (files.length === 0) {
  console.error(`no test is in ${paths.join(', ') || 'this working tree'}`);
  process.exit(64);
}
process.exit(runTests());

function runTests() {
  const scratch = mkdtempSync(join(tmpdir(), 'penstock-test-'));
  const tally = join(scratch, 'envoy');
  const counts = join(scratch, 'counts');
  writeFileSync(tally, '');
  writeFileSync(counts, '{}');
  const reporters = ['spec', 'stdout', './scripts/count-reporter.mjs', counts].map((value, index) =>
    index % 2 === 0 ? `--test-reporter=${value}` : `--test-reporter-destination=${value}`,
  );
  try {
    const code = run(
      process.execPath,
      [
        '--enable-source-maps',
        '--test',
        // A test that waits for an Envoy leaves its core to another.
        `--test-concurrency=${Math.max(2, availableParallelism())}`,
        // A file that does not end has leaked a stream: it is to be found out, not waited for.
        '--test-timeout=240000',
        ...reporters,
        ...options,
        ...files,
      ],
      { PENSTOCK_ENVOY_TALLY: tally, ...(updatesGolden ? { UPDATE_GOLDEN: '1' } : {}) },
    );
    printClosing(JSON.parse(readFileSync(counts, 'utf8')), readFileSync(tally, 'utf8').split('\n'));
    return code;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function printClosing({ pass = 0, fail = 0, cancelled = 0, skipped = 0, todo = 0 }, tally) {
  const used = tally.filter((line) => line.startsWith('used ')).length;
  const without = tally.filter((line) => line.startsWith('skipped ')).length;
  const what = envoy.kind === 'found' ? ` (${envoy.version}, ${envoy.path})` : '';
  console.log(`\n${used} tests used a real Envoy${what}, ${without} were skipped for lack of one`);
  console.log(`${pass} passed, ${fail + cancelled} failed, ${skipped + todo} skipped`);
}

/** The compiled test files of a source file or folder. Listed by us: what Node does with a folder differs by version. */
function testFiles(source) {
  const output = join(root, 'build', source.replace(/\.ts$/, '.js'));
  if (!existsSync(output)) return [];
  if (output.endsWith('.js')) return [output];
  return readdirSync(output, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join(output, name))
    .sort();
}
