// Makes the working tree ready to run: packages installed, protobuf code generated, TypeScript compiled. Does only what
// is stale, so it is called first by `npm test`, `demo`, `check` and `build`, and needs no network the second time.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, run, step, tool } from './steps.mjs';

const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Everything; `--gen` as the argument generates the protobuf code even when nothing asks for it. */
export function prepare({ generateAnew = false } = {}) {
  refuseOldNode();
  const release = takeTurn();
  try {
    install();
    generate(generateAnew);
    compile();
  } finally {
    release();
  }
}

function refuseOldNode() {
  const wanted = packageJson.engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  console.error(`Penstock needs Node ${wanted} or newer; this is ${process.version} (${process.execPath}).`);
  process.exit(1);
}

/** Two runs at once would install and compile into each other: the later one waits for the earlier. */
function takeTurn() {
  mkdirSync(join(root, 'build'), { recursive: true });
  const lock = join(root, 'build', '.prepare.pid');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = Number(textOf(lock) ?? 0);
    if (holder !== 0 && !isAlive(holder)) rmSync(lock, { force: true });
    else if (!waited) console.log(`waiting for another run that prepares this folder (${lock})`);
    Atomics.wait(pause, 0, 0, 200);
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function install() {
  const stamp = join(root, 'node_modules', '.penstock-stamp');
  const lockFile = join(root, 'package-lock.json');
  const wanted = hash([readFileSync(lockFile)]);
  if (textOf(stamp) === wanted) return;
  // npm leaves this file when it is done: somebody may have run `npm ci` by hand.
  const byHand = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(byHand) || existsSync(stamp) || statSync(byHand).mtimeMs < statSync(lockFile).mtimeMs) {
    step('packages installed with npm ci', () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']));
  }
  writeFileSync(stamp, wanted);
}

function generate(anew) {
  const generator = join(root, 'proto', 'generate.mjs');
  if (!existsSync(generator)) return;
  const output = join(root, 'src', 'codec', 'gen');
  const stamp = join(output, '.stamp');
  const inputs = filesUnder(join(root, 'proto')).map((file) => readFileSync(file));
  const packages = ['@grpc/grpc-js-xds', '@grpc/reflection', 'grpc-health-check', 'protobufjs', 'protobufjs-cli'];
  const versions = packages.map(installedVersion);
  const wanted = hash([...inputs, ...versions]);
  if (!anew && textOf(stamp) === wanted) return;
  step('protobuf code generated', () => run(process.execPath, [generator]));
  writeFileSync(stamp, wanted);
}

function installedVersion(name) {
  return JSON.parse(readFileSync(tool(`${name}/package.json`), 'utf8')).version;
}

function compile() {
  const record = join(root, 'build', 'tsconfig.tsbuildinfo');
  const before = modifiedAt(record);
  const startedAt = performance.now();
  // First, for tsc writes its output even where it finds a mistake, and that output wants the generated code beside it.
  copyGenerated();
  const code = run(process.execPath, [tool('typescript/bin/tsc'), '-p', '.']);
  if (code !== 0) {
    console.error('the TypeScript does not compile: the messages above say where');
    process.exit(code);
  }
  dropOrphans();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (modifiedAt(record) !== before) console.log(`compiled (${seconds} s)`);
}

/** tsc leaves the output of a source file that is gone: a deleted test would go on passing. */
function dropOrphans() {
  for (const folder of ['src', 'test', 'bench']) {
    for (const file of filesUnder(join(root, 'build', folder))) {
      const output = relative(join(root, 'build'), file);
      const source = output.replace(/(\.js|\.js\.map|\.d\.ts)$/, '.ts');
      if (source !== output && !existsSync(join(root, source)) && !existsSync(join(root, output))) rmSync(file);
    }
  }
}

/** tsc copies no JavaScript: the generated code goes beside what imports it. */
function copyGenerated() {
  const from = join(root, 'src', 'codec', 'gen');
  for (const file of filesUnder(from)) {
    if (!/\.(js|cjs|json|bin)$/.test(file)) continue;
    const to = join(root, 'build', 'src', 'codec', 'gen', relative(from, file));
    if (modifiedAt(to) !== modifiedAt(file)) cpSync(file, to, { preserveTimestamps: true });
  }
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** In whole milliseconds: copying a file's time loses what is finer. */
function modifiedAt(file) {
  return existsSync(file) ? Math.round(statSync(file).mtimeMs) : undefined;
}

function textOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function hash(parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part).update('\0');
  return sum.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  prepare({ generateAnew: process.argv.includes('--gen') });
}
