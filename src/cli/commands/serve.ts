import { createLogger } from '../../observe/index.js';
import { readConfigFile } from '../config-file.js';
import { startControlPlane } from '../control-plane.js';
import { EXIT, type ExitCode, UsageError } from '../exit.js';
import type { SettingName } from '../setting-names.js';
import { layered, readSettings } from '../settings.js';
import { stopSignal } from '../signals.js';
import { isLoopback, printAddress } from '../values.js';

/** Flags of `serve`, as texts. */
export type ServeFlags = Readonly<Partial<Record<SettingName | 'config', string>>>;

/** Serves until SIGTERM or SIGINT; a second signal ends it at once. */
export async function serve(flags: ServeFlags, version: string): Promise<ExitCode> {
  const file = flags.config === undefined ? {} : readConfigFile(flags.config);
  const settings = readSettings(layered(flags, process.env, file));
  const { source, xdsAddress } = settings;
  if (source.kind === 'kubernetes') {
    throw new UsageError('--source kubernetes comes with a later release; dir:PATH reads the same objects from files');
  }
  const log = createLogger({ format: settings.logFormat, level: settings.logLevel });
  const signal = stopSignal();
  if (!isLoopback(xdsAddress.host)) {
    log.warn(
      { xds: printAddress(xdsAddress) },
      'xDS is served in plain text to whoever reaches this address: bind it to loopback',
    );
  }
  const startedAt = performance.now();
  const running = await startControlPlane({ ...settings, source }, version, log);
  log.info(
    {
      version,
      source: `dir:${source.path}`,
      xds: printAddress({ host: xdsAddress.host, port: running.xdsPort }),
      admin: printAddress({ host: settings.adminAddress.host, port: running.adminPort }),
      ms: Math.round(performance.now() - startedAt),
    },
    'ready',
  );
  const name = await signal.stopped;
  log.info({ signal: name }, 'stopping');
  await running.stop();
  signal.release();
  log.info({}, 'stopped');
  return EXIT.fine;
}
