import { type ChildProcess, spawn } from 'node:child_process';

/** A program under test: its output as it came, and its end. */
export interface Running {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /**
   * Resolves with the first line of either output that `matches`; rejects when the process ends before. Of one output, the
   * lines before `since`, a length that it had, can be passed over.
   */
  readonly line: (matches: RegExp, from?: 'stdout' | 'stderr', since?: number) => Promise<string>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** Sends SIGTERM, then SIGKILL after five seconds. */
  readonly stop: () => Promise<number | string>;
  /** Sends SIGKILL: no farewell to anybody. */
  readonly kill: () => Promise<number | string>;
}

/** Starts a program; the test that starts it must stop it. */
export function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
      for (const look of waiting) look();
    });
  });
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? -1,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    line: (matches, from, since = 0) => findLine({ child, output, waiting, matches, from, since, command }),
    ended,
    stop: () => stop(child, ended),
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

interface Search {
  readonly child: ChildProcess;
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly waiting: Set<() => void>;
  readonly matches: RegExp;
  readonly from: 'stdout' | 'stderr' | undefined;
  readonly since: number;
  readonly command: string;
}

function findLine(search: Search): Promise<string> {
  const { child, output, waiting, matches, from, since, command } = search;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const text = from === undefined ? `${output.stdout}\n${output.stderr}` : output[from].slice(since);
      const found = text.split('\n').find((line) => matches.test(line));
      const isOver = child.exitCode !== null || child.signalCode !== null;
      if (found === undefined && !isOver) return;
      waiting.delete(look);
      if (found !== undefined) resolve(found);
      else reject(new Error(`${command} ended before it printed ${String(matches)}:\n${text}`));
    };
    waiting.add(look);
    look();
  });
}

async function stop(child: ChildProcess, ended: Promise<number | string>): Promise<number | string> {
  if (child.exitCode !== null || child.signalCode !== null) return ended;
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
  const code = await ended;
  clearTimeout(force);
  return code;
}
