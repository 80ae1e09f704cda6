// `npm run bench`: makes this machine ready, then measures; its exit code is ours. `--help` tells what there is.
import { explainMissing, fetchEnvoy } from './fetch-envoy.mjs';
import { prepare } from './prepare.mjs';
import { run } from './steps.mjs';

prepare();
const isAsking = process.argv.includes('--help') || process.argv.includes('-h');
const envoy = isAsking ? undefined : await fetchEnvoy();
if (envoy?.kind === 'missing') explainMissing(envoy);
const env = envoy?.kind === 'found' ? { PENSTOCK_ENVOY: envoy.path } : {};
process.exit(run(process.execPath, ['--enable-source-maps', 'build/bench/main.js', ...process.argv.slice(2)], env));
