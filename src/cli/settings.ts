import { ControlPlaneError, type DurationMs } from '../base/index.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../observe/index.js';
import { UsageError } from './exit.js';
import { DEFAULTS, envOf, flagOf, SETTING_NAMES, type SettingName } from './setting-names.js';
import { type Address, parseAddress, parseChoice, parseDelay, parseForgetting, type Parsed } from './values.js';

/** Where objects are read from. */
export type SourceChoice = { readonly kind: 'dir'; readonly path: string } | { readonly kind: 'kubernetes' };

/** What `serve` needs to know. */
export interface Settings extends Readonly<Record<SettingName, unknown>> {
  readonly source: SourceChoice;
  readonly xdsAddress: Address;
  readonly adminAddress: Address;
  readonly scope: 'full' | 'lazy';
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
  /** How long a cluster stays after its last route went. */
  readonly drainDelay: DurationMs;
  /** How long a Service stays in a lazy scope after its last use; `undefined`: for ever. */
  readonly forgetAfter: DurationMs | undefined;
}

/** A setting as text, before it is read, and where it stands: messages name that place. */
export interface Given {
  readonly text: string;
  readonly where: string;
  /** The command line is usage; a file or the environment is input. */
  readonly from: 'flag' | 'env' | 'file' | 'default';
}

/** The texts that apply: flag over environment over file over default. A source has no default. */
export type GivenSettings = { readonly [Name in SettingName]?: Given };

/** Lays the four places of settings over one another. Empty variables count as not set. */
export function layered(
  flags: Readonly<Partial<Record<SettingName, string>>>,
  env: Readonly<Record<string, string | undefined>>,
  file: GivenSettings,
): GivenSettings {
  const given: { [Name in SettingName]?: Given } = {};
  const defaults: Readonly<Partial<Record<SettingName, string>>> = DEFAULTS;
  for (const name of SETTING_NAMES) {
    const fromFlag = flags[name];
    const fromEnv = env[envOf(name)];
    const fromFile = file[name];
    const fallback = defaults[name];
    if (fromFlag !== undefined) given[name] = { text: fromFlag, where: flagOf(name), from: 'flag' };
    else if (fromEnv !== undefined && fromEnv !== '') given[name] = { text: fromEnv, where: envOf(name), from: 'env' };
    else if (fromFile !== undefined) given[name] = fromFile;
    else if (fallback !== undefined) given[name] = { text: fallback, where: flagOf(name), from: 'default' };
  }
  return given;
}

/** Reads the texts. Throws `UsageError` where a flag is wrong, `CONFIG_INVALID` where the environment or the file is. */
export function readSettings(given: GivenSettings): Settings {
  const read = <T>(name: SettingName, parse: (text: string) => Parsed<T>): T => {
    const { text, where, from } = given[name] ?? { text: '', where: flagOf(name), from: 'flag' };
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    const message =
      text === ''
        ? `${where} is missing, expected ${parsed.expected}`
        : `${where} is ${JSON.stringify(text)}, expected ${parsed.expected}`;
    throw from === 'flag' ? new UsageError(message) : new ControlPlaneError('CONFIG_INVALID', message);
  };
  return {
    source: read('source', parseSource),
    xdsAddress: read('xdsAddress', parseAddress),
    adminAddress: read('adminAddress', parseAddress),
    scope: read('scope', (text) => parseChoice(text, ['full', 'lazy'])),
    logFormat: read('logFormat', (text) => parseChoice(text, LOG_FORMATS)),
    logLevel: read('logLevel', (text) => parseChoice(text, LOG_LEVELS)),
    drainDelay: read('drainDelay', parseDelay),
    forgetAfter: read('forgetAfter', parseForgetting),
  };
}

function parseSource(text: string): Parsed<SourceChoice> {
  if (text === 'kubernetes') return { ok: true, value: { kind: 'kubernetes' } };
  const path = text.startsWith('dir:') ? text.slice('dir:'.length) : '';
  return path === ''
    ? { ok: false, expected: 'dir:PATH, for example dir:./manifests' }
    : { ok: true, value: { kind: 'dir', path } };
}
