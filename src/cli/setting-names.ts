/** The names of the settings of `serve`, as a configuration file has them and in the order of the help text. */
export const SETTING_NAMES = [
  'source',
  'xdsAddress',
  'adminAddress',
  'scope',
  'logFormat',
  'logLevel',
  'drainDelay',
  'forgetAfter',
] as const;

/** One of `SETTING_NAMES`. */
export type SettingName = (typeof SETTING_NAMES)[number];

/** What holds where nobody says otherwise. */
export const DEFAULTS = {
  xdsAddress: '127.0.0.1:18000',
  adminAddress: '127.0.0.1:18080',
  scope: 'lazy',
  logFormat: 'text',
  logLevel: 'info',
  drainDelay: '10s',
  forgetAfter: '1h',
} as const;

/** `xdsAddress` as a flag: `--xds-address`. */
export function flagOf(name: SettingName): string {
  return `--${words(name).join('-')}`;
}

/** `xdsAddress` as a variable: `PENSTOCK_XDS_ADDRESS`. */
export function envOf(name: SettingName): string {
  return `PENSTOCK_${words(name).join('_').toUpperCase()}`;
}

function words(name: string): readonly string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}
