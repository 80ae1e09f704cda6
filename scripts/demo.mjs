// `npm run demo`: makes this machine ready, then runs the demonstration with a real Envoy; its exit code is ours.
import { explainMissing, fetchEnvoy } from './fetch-envoy.mjs';
import { prepare } from './prepare.mjs';
import { run } from './steps.mjs';

prepare();
const envoy = await fetchEnvoy();
if (envoy.kind === 'missing') {
  console.error('The demonstration drives a real Envoy and cannot run without one.');
  explainMissing(envoy);
  process.exit(1);
}
const args = ['--enable-source-maps', 'build/test/demo/main.js', ...process.argv.slice(2)];
process.exit(run(process.execPath, args, { PENSTOCK_ENVOY: envoy.path }));
