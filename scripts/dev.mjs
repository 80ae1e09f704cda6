// `npm run dev`: compiles on every save and serves a copy of the first scenario from the directory source, anew after
// every compilation. Edit the copy's YAML and see the push. Ends with Ctrl-C.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root, tool } from './steps.mjs';

prepare();
const scenarios = join(root, 'test', 'scenarios');
const first = readdirSync(scenarios)
  .filter((name) => /^\d/.test(name))
  .sort()[0];
const folder = mkdtempSync(join(tmpdir(), 'penstock-dev-'));
cpSync(join(scenarios, first, 'in.yaml'), join(folder, 'in.yaml'));
console.log(`serving ${join(folder, 'in.yaml')}, a copy of scenario ${first}`);

const main = join(root, 'build', 'src', 'cli', 'main.js');
const children = [
  [tool('typescript/bin/tsc'), '-p', '.', '--watch', '--preserveWatchOutput'],
  ['--watch', '--enable-source-maps', main, 'serve', '--source', `dir:${folder}`, ...process.argv.slice(2)],
].map((args) => spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }));
process.on('SIGINT', () => children.forEach((child) => child.kill('SIGTERM')));
