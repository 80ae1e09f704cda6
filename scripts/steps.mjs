// What the scripts share. Plain JavaScript that imports nothing from node_modules: it runs before they exist.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The top folder of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The script of a tool in node_modules, to be run with this same Node: works where `.bin` links do not. */
export function tool(path) {
  return fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));
}

/** Runs a command in the repository with our own terminal; the exit code, 1 for a death by signal. */
export function run(command, args, env = {}) {
  const ended = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (ended.error !== undefined) console.error(`${command}: ${ended.error.message}`);
  return ended.status ?? 1;
}

/** Does one step and prints one line about it with the seconds it took; ends the program when the step fails. */
export function step(what, work) {
  const startedAt = performance.now();
  const code = work();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (code !== 0) {
    console.error(`${what}: failed after ${seconds} s`);
    process.exit(code);
  }
  console.log(`${what} (${seconds} s)`);
}
