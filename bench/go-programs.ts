import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Our programs in Go, built; or why they are not there and the command that helps. */
export type GoPrograms =
  | {
      readonly kind: 'found';
      readonly go: string;
      readonly sidecars: string;
      readonly peer: string;
      readonly blaster: string;
    }
  | { readonly kind: 'missing'; readonly reason: string; readonly command: string };

const SOURCES = fileURLToPath(new URL('../../bench/go', import.meta.url));
const BUILD_MS = 15 * 60_000;

/** Builds them once for each state of their sources, into the user's cache. */
export async function goPrograms(tell: (line: string) => void): Promise<GoPrograms> {
  const version = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  if (version.status !== 0) {
    return {
      kind: 'missing',
      reason: 'the load client and the peer are written in Go, and there is no `go` on the PATH',
      command: 'apt-get install golang-go (or https://go.dev/doc/install)',
    };
  }
  const go = version.stdout.trim().replace(/^go/, '');
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(cache, 'penstock', 'bench', fingerprint(go));
  const found: GoPrograms = {
    kind: 'found',
    go,
    sidecars: join(folder, 'sidecars'),
    peer: join(folder, 'peer'),
    blaster: join(folder, 'blaster'),
  };
  if (existsSync(found.peer)) return found;
  tell(`load client and peer are built once into ${folder} (half a minute, longer where modules have to be fetched)`);
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const trouble = await build(fresh, tell);
  if (trouble !== undefined) {
    rmSync(fresh, { recursive: true, force: true });
    return { kind: 'missing', reason: trouble, command: `cd ${SOURCES} && go build ./...` };
  }
  // Of two runs at once either may win.
  if (!existsSync(folder)) renameSync(fresh, folder);
  else rmSync(fresh, { recursive: true, force: true });
  return found;
}

function fingerprint(go: string): string {
  const sum = createHash('sha256').update(go);
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
    sum.update(path.slice(SOURCES.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return sum.digest('hex').slice(0, 16);
}

async function build(folder: string, tell: (line: string) => void): Promise<string | undefined> {
  const startedAt = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  const child = spawn('go', ['build', '-o', `${folder}/`, './...'], { cwd: SOURCES, timeout: BUILD_MS });
  const progress = setInterval(() => tell(`  still building (${seconds()})`), 10_000);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (status) => resolve(status ?? 1));
  });
  clearInterval(progress);
  if (code !== 0) return `go build failed after ${seconds()}:\n${output.trim()}`;
  tell(`  built (${seconds()})`);
  return undefined;
}
