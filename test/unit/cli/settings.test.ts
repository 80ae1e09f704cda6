import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlPlaneError } from '../../../src/base/index.js';
import { parseConfig, readConfigFile } from '../../../src/cli/config-file.js';
import { UsageError } from '../../../src/cli/exit.js';
import { envOf, flagOf, SETTING_NAMES, type SettingName } from '../../../src/cli/setting-names.js';
import { type GivenSettings, layered, readSettings } from '../../../src/cli/settings.js';

type Texts = Readonly<Partial<Record<SettingName, string>>>;

/** Settings from these flags, variables and this text of a file. */
function settings(
  flags: Texts,
  env: Readonly<Record<string, string>> = {},
  file = '',
): ReturnType<typeof readSettings> {
  return readSettings(layered({ source: 'dir:./objects', ...flags }, env, parseConfig('penstock.yaml', file)));
}

test('what nobody sets has its default', () => {
  assert.deepEqual(settings({}), {
    source: { kind: 'dir', path: './objects' },
    xdsAddress: { host: '127.0.0.1', port: 18_000 },
    adminAddress: { host: '127.0.0.1', port: 18_080 },
    scope: 'lazy',
    logFormat: 'text',
    logLevel: 'info',
    drainDelay: 10_000,
    forgetAfter: 3_600_000,
  });
});

// Of each setting: as a text in the flag, in the environment, in the file, and how each is read.
const rows: readonly {
  readonly name: SettingName;
  readonly texts: readonly [flag: string, env: string, file: string];
  readonly read: readonly [flag: unknown, env: unknown, file: unknown];
}[] = [
  {
    name: 'source',
    texts: ['dir:a', 'dir:b', 'kubernetes'],
    read: [{ kind: 'dir', path: 'a' }, { kind: 'dir', path: 'b' }, { kind: 'kubernetes' }],
  },
  {
    name: 'xdsAddress',
    texts: ['0.0.0.0:1', '[::1]:2', 'here:3'],
    read: [
      { host: '0.0.0.0', port: 1 },
      { host: '::1', port: 2 },
      { host: 'here', port: 3 },
    ],
  },
  {
    name: 'adminAddress',
    texts: ['127.0.0.1:0', '127.0.0.1:65535', 'localhost:80'],
    read: [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port: 65_535 },
      { host: 'localhost', port: 80 },
    ],
  },
  { name: 'scope', texts: ['full', 'lazy', 'full'], read: ['full', 'lazy', 'full'] },
  { name: 'logFormat', texts: ['json', 'text', 'json'], read: ['json', 'text', 'json'] },
  { name: 'logLevel', texts: ['debug', 'warn', 'silent'], read: ['debug', 'warn', 'silent'] },
  { name: 'drainDelay', texts: ['0', '1.5s', '1m30s'], read: [0, 1500, 90_000] },
  { name: 'forgetAfter', texts: ['2h', 'never', '1s'], read: [7_200_000, undefined, 1000] },
];

test('the rows name every setting', () => {
  assert.deepEqual(
    rows.map(({ name }) => name),
    SETTING_NAMES,
  );
});

for (const { name, texts, read } of rows) {
  test(`${name}: a flag wins over the environment, and that over the file`, () => {
    const [flag, env, file] = texts;
    const variables = { [envOf(name)]: env };
    const text = `${name}: "${file}"\n`;
    const of = (flags: Texts, environment: Readonly<Record<string, string>>): unknown =>
      readSettings(
        layered({ ...(name === 'source' ? {} : { source: 'dir:a' }), ...flags }, environment, parseConfig('', text)),
      )[name];
    assert.deepEqual(of({ [name]: flag }, variables), read[0]);
    assert.deepEqual(of({}, variables), read[1]);
    assert.deepEqual(of({}, {}), read[2]);
    assert.deepEqual(of({}, { [envOf(name)]: '' }), read[2], 'an empty variable is none');
  });
}

test('a setting is called after its flag everywhere', () => {
  assert.equal(flagOf('xdsAddress'), '--xds-address');
  assert.equal(envOf('xdsAddress'), 'PENSTOCK_XDS_ADDRESS');
});

/** How reading ends: the kind of error and its message. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return `usage: ${error.message}`;
    if (error instanceof ControlPlaneError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

const ADDRESS = 'expected host:port, for example 127.0.0.1:18000 or [::1]:18000';
const DELAY = 'expected a duration from 0s to 24h, for example 500ms, 10s or 1m30s';

const refusals: readonly { readonly name: string; readonly act: () => unknown; readonly want: string }[] = [
  {
    name: 'no source',
    act: () => readSettings(layered({}, {}, {})),
    want: 'usage: --source is missing, expected dir:PATH, for example dir:./manifests',
  },
  {
    name: 'a source of another kind',
    act: () => settings({ source: './objects' }),
    want: 'usage: --source is "./objects", expected dir:PATH, for example dir:./manifests',
  },
  {
    name: 'a source without a path',
    act: () => settings({ source: 'dir:' }),
    want: 'usage: --source is "dir:", expected dir:PATH, for example dir:./manifests',
  },
  {
    name: 'a port alone',
    act: () => settings({ xdsAddress: '18000' }),
    want: `usage: --xds-address is "18000", ${ADDRESS}`,
  },
  {
    name: 'an empty flag',
    act: () => settings({ xdsAddress: '' }),
    want: `usage: --xds-address is missing, ${ADDRESS}`,
  },
  {
    name: 'a port that there is not',
    act: () => settings({ adminAddress: 'localhost:65536' }),
    want: `usage: --admin-address is "localhost:65536", ${ADDRESS}`,
  },
  {
    name: 'an IPv6 address without brackets',
    act: () => settings({ xdsAddress: '::1:80' }),
    want: `usage: --xds-address is "::1:80", ${ADDRESS}`,
  },
  {
    name: 'a word that is none',
    act: () => settings({ logLevel: 'verbose' }),
    want: 'usage: --log-level is "verbose", expected one of debug, info, warn, error, silent',
  },
  {
    name: 'a delay without a unit',
    act: () => settings({ drainDelay: '10' }),
    want: `usage: --drain-delay is "10", ${DELAY}`,
  },
  {
    name: 'a delay of more than a day',
    act: () => settings({ drainDelay: '25h' }),
    want: `usage: --drain-delay is "25h", ${DELAY}`,
  },
  {
    name: 'a wrong variable, which is no usage',
    act: () => settings({}, { PENSTOCK_DRAIN_DELAY: '-1s' }),
    want: `CONFIG_INVALID: PENSTOCK_DRAIN_DELAY is "-1s", ${DELAY}`,
  },
  {
    name: 'a wrong value in the file, with its place',
    act: () => settings({}, {}, 'logFormat: json\nscope: some\n'),
    want: 'CONFIG_INVALID: penstock.yaml:2:8: scope is "some", expected one of full, lazy',
  },
  {
    name: 'a key that there is not, with what was meant',
    act: () => settings({}, {}, '# ours\nxdsAdress: 127.0.0.1:1\n'),
    want: 'CONFIG_INVALID: penstock.yaml:2:12: xdsAdress is not a key of the configuration; did you mean xdsAddress?',
  },
  {
    name: 'a key that is like none',
    act: () => settings({}, {}, 'replicas: 3\n'),
    want: `CONFIG_INVALID: penstock.yaml:1:11: replicas is not a key of the configuration; the keys are ${SETTING_NAMES.join(', ')}`,
  },
  {
    name: 'a key that is a trap',
    act: () => settings({}, {}, '"__proto__": { source: "dir:a" }\n'),
    want: `CONFIG_INVALID: penstock.yaml:1:1: __proto__ is not a key of the configuration; the keys are ${SETTING_NAMES.join(', ')}`,
  },
  {
    name: 'a number',
    act: () => settings({}, {}, 'drainDelay: 10\n'),
    want: 'CONFIG_INVALID: penstock.yaml:1:13: drainDelay is empty or not a text, expected for example 10s',
  },
  {
    name: 'nothing after the colon',
    act: () => settings({}, {}, 'source:\n'),
    want: 'CONFIG_INVALID: penstock.yaml:1:8: source is empty or not a text, expected for example dir:./manifests',
  },
  {
    name: 'a key twice',
    act: () => settings({}, {}, 'scope: full\nscope: lazy\n'),
    want: 'CONFIG_INVALID: penstock.yaml:2:1: Map keys must be unique',
  },
  {
    name: 'a list',
    act: () => settings({}, {}, '- source\n'),
    want: 'CONFIG_INVALID: penstock.yaml: expected a map of settings, for example "source: dir:./manifests"',
  },
  {
    name: 'an alias that leads nowhere',
    act: () => settings({}, {}, 'source: *there\n'),
    want: 'CONFIG_INVALID: penstock.yaml: Unresolved alias (the anchor must be set before the alias): there',
  },
];

for (const { name, act, want } of refusals) {
  test(`refuses ${name}`, () => assert.equal(refusal(act), want));
}

test('an empty file and a file of comments set nothing', () => {
  for (const text of ['', '\n', '# nothing\n', '{}']) assert.deepEqual(parseConfig('penstock.yaml', text), {});
});

test('a file may be JSON', () => {
  const given: GivenSettings = parseConfig('penstock.json', '{\n  "scope": "full"\n}\n');
  assert.deepEqual(given, { scope: { text: 'full', where: 'penstock.json:2:12: scope', from: 'file' } });
});

test('a file that is not there is told with its flag', () => {
  assert.match(
    refusal(() => readConfigFile('nowhere.yaml')),
    /^CONFIG_INVALID: --config nowhere\.yaml can not be read: ENOENT/,
  );
});
