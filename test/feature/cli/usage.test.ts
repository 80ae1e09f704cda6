import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { freePort } from '../../harness/free-port.js';
import { assertFails, called, emptyFolder, penstock, VERSION } from './given.js';

const BOOTSTRAP = ['bootstrap', '--node-id', 'a', '--namespace', 'shop'];
const PLAY = ['play', '-f', '.', '--rollout', 'shop/web'];
const SERVE = ['serve', '--source', 'dir:.'];

/** The commands, each with what it can not do without. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  serve: ['serve'],
  bootstrap: BOOTSTRAP,
  translate: ['translate', '-f', '.'],
  play: PLAY,
  check: ['check', '-f', '.'],
  proxies: ['proxies'],
};

describe('as processes', { concurrency: 2 }, () => {
  test('--version prints the version of package.json and nothing else', async (t) => {
    const startedAt = performance.now();
    const ended = await penstock(['--version']);
    t.diagnostic(`--version answers after ${Math.round(performance.now() - startedAt)} ms (aim: 300 ms)`);
    assert.deepEqual(ended, { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test('what is asked for goes to standard output', async () => {
    const { code, stdout, stderr } = await penstock(['check', '--help']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^Usage: penstock check \[options\]\n/);
  });

  test('a refusal goes to standard error', async () => {
    assertFails(await penstock([...PLAY, '--until', 'end']), 64, /^error: --until is "end", expected/);
  });
});

test('--help names every command and has examples', async () => {
  const { code, stdout, stderr } = await called(['--help']);
  assert.deepEqual([code, stderr], [0, '']);
  for (const command of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
  assert.match(stdout, /\nExamples:\n {2}\$ penstock /);
});

for (const [command, call] of Object.entries(COMMANDS)) {
  test(`${command} --help has examples`, async () => {
    const { code, stdout, stderr } = await called([command, '--help']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, new RegExp(`^Usage: penstock ${command} \\[options\\]\n`));
    assert.match(stdout, new RegExp(`\\nExamples:\\n {2}\\$ penstock ${command} ?`));
  });

  test(`${command} refuses a flag that there is not, and an argument`, async () => {
    const unknown = /^error: unknown option '--wrong'\n\(--help tells how to call it\)\n$/;
    assertFails(await called([...call, '--wrong']), 64, unknown);
    assertFails(await called([command, '--wrong']), 64, unknown);
    assertFails(
      await called([...call, 'what']),
      64,
      /^error: too many arguments.*\n\(--help tells how to call it\)\n$/,
    );
  });
}

const refused: readonly { readonly args: readonly string[]; readonly message: RegExp }[] = [
  { args: [], message: /^Usage: penstock / },
  { args: ['chek'], message: /^error: unknown command 'chek'\n\(Did you mean check\?\)\n/ },
  { args: ['serve', '--sorce', 'dir:.'], message: /^error: unknown option '--sorce'\n\(Did you mean --source\?\)\n/ },
  { args: ['check', '--flie', '.'], message: /^error: unknown option '--flie'\n\(Did you mean --file\?\)\n/ },
  {
    args: ['play', '-f', '.', '--rolout', 'a/b'],
    message: /^error: unknown option .*\n\(Did you mean --rollout\?\)\n/,
  },
  { args: ['serve', '--source'], message: /^error: option '--source <SOURCE>' argument missing\n/ },
  { args: ['check', '-f'], message: /^error: option '-f, --file <FILE_OR_DIR>' argument missing\n/ },
  { args: ['check'], message: /^error: required option '-f, --file <FILE_OR_DIR>' not specified\n/ },
  { args: ['translate'], message: /^error: required option '-f, --file <FILE_OR_DIR>' not specified\n/ },
  { args: ['play', '-f', '.'], message: /^error: required option '--rollout <NAMESPACE\/NAME>' not specified\n/ },
  { args: ['bootstrap', '--node-id', 'a'], message: /^error: required option '--namespace <NAMESPACE>' not specified/ },

  { args: ['serve'], message: /^error: --source is missing, expected dir:PATH, for example dir:\.\/manifests\n$/ },
  { args: ['serve', '--source', './x'], message: /^error: --source is "\.\/x", expected dir:PATH/ },
  { args: ['serve', '--source', 'kubernetes'], message: /--source kubernetes comes with a later release; dir:PATH/ },
  { args: [...SERVE, '--scope', 'ful'], message: /^error: --scope is "ful", expected one of full/ },
  { args: [...SERVE, '--xds-address', '127.0.0.1'], message: /--xds-address is "127\.0\.0\.1", expected host:port/ },
  { args: [...SERVE, '--drain-delay', '10'], message: /^error: --drain-delay is "10", expected a duration/ },
  { args: [...SERVE, '--log-level', 'loud'], message: /^error: --log-level is "loud", expected one of debug, info/ },

  { args: [...BOOTSTRAP, '--node-id', ''], message: /^error: --node-id is "", expected a text of 1 to 256 characters/ },
  { args: [...BOOTSTRAP, '--xds-address', '18000'], message: /^error: --xds-address is "18000", expected host:port/ },
  {
    args: [...BOOTSTRAP, '--intercept', 'redirect'],
    message: /redirect comes with a later release; explicit is there/,
  },
  { args: [...BOOTSTRAP, '--api', 'rest'], message: /^error: --api is "rest", expected one of delta, sotw\n$/ },
  { args: [...BOOTSTRAP, '--api', 'deltas'], message: /expected one of delta, sotw; did you mean delta\?\n$/ },

  {
    args: ['check', '-f', '.', '-o', 'jsn'],
    message: /--output is "jsn", expected one of text, json; did you mean json/,
  },
  {
    args: ['translate', '-f', '.', '-o', 'text'],
    message: /^error: --output is "text", expected one of yaml, json\n$/,
  },
  { args: ['translate', '-f', '.', '-o', 'jsn'], message: /expected one of yaml, json; did you mean json\?\n$/ },
  {
    args: ['translate', '-f', '.', '--namespace', 'Shop'],
    message: /^error: --namespace is "Shop", expected a namespace, for example shop/,
  },
  {
    args: ['play', '-f', '.', '--rollout', 'web'],
    message: /^error: --rollout is "web", expected NAMESPACE\/NAME, for example shop\/web\n$/,
  },
  { args: [...PLAY, '--until', 'end'], message: /^error: --until is "end", expected a whole number, 0 or more/ },
  { args: [...PLAY, '--step-seconds=-1'], message: /--step-seconds is "-1", expected seconds from 0 to 86400/ },
  { args: [...PLAY, '--step-seconds', 'five'], message: /^error: --step-seconds is "five", expected seconds/ },
  {
    args: [...PLAY, '--to-hash', 'third', '--from', '1'],
    message: /^error: --to-hash starts an update at its first step: leave --from out\n$/,
  },
  { args: ['proxies', '-o', 'csv'], message: /--output is "csv", expected one of table, wide, json, yaml\n$/ },
];

describe('what is called wrongly is refused with a hint and exit code 64', () => {
  for (const { args, message } of refused) {
    test(['penstock', ...args].join(' '), async () => assertFails(await called(args), 64, message));
  }
});

describe('a configuration that is wrong: exit code 65, with the place', () => {
  const files: readonly { readonly name: string; readonly text: string; readonly message: RegExp }[] = [
    {
      name: 'an unknown key',
      text: 'source: dir:.\nlogLevle: info\n',
      message:
        /p\.yaml:2:11: logLevle is not a key of the configuration; did you mean logLevel\? \[CONFIG_INVALID\]\n$/,
    },
    {
      name: 'a value that is no text',
      text: 'source: dir:.\nlogLevel: [info]\n',
      message: /p\.yaml:2:\d+: logLevel is empty or not a text.* \[CONFIG_INVALID\]\n$/,
    },
    {
      name: 'a value that is wrong',
      text: 'source: dir:.\n\ndrainDelay: soon\n',
      message: /p\.yaml:3:13: drainDelay is "soon", expected a duration.* \[CONFIG_INVALID\]\n$/,
    },
    { name: 'broken YAML', text: 'source: "dir:.\n', message: /p\.yaml:\d+:\d+: .* \[CONFIG_INVALID\]\n$/ },
    { name: 'a list', text: '- source\n', message: /expected a map of settings.* \[CONFIG_INVALID\]\n$/ },
  ];
  for (const { name, text, message } of files) {
    test(name, async (t) => {
      const config = join(await emptyFolder(t), 'p.yaml');
      await writeFile(config, text);
      assertFails(await called(['serve', '--config', config]), 65, message);
    });
  }

  test('a file that is not there', async () => {
    assertFails(
      await called(['serve', '--config', '/nowhere/p.yaml']),
      65,
      /^error: --config \/nowhere\/p\.yaml can not be read.*\[CONFIG_INVALID\]\n$/,
    );
  });

  test('a variable', async () => {
    assertFails(
      await penstock(SERVE, { PENSTOCK_DRAIN_DELAY: '-1s' }),
      65,
      /^error: PENSTOCK_DRAIN_DELAY is "-1s", expected a duration.*\[CONFIG_INVALID\]\n$/,
    );
  });
});

test('a source that is not there: exit code 65', async () => {
  for (const args of [
    ['check', '-f', '/nowhere/at/all'],
    ['translate', '-f', '/nowhere/at/all'],
    ['play', '-f', '/nowhere/at/all', '--rollout', 'shop/web'],
  ]) {
    assertFails(await called(args), 65, /^error: \/nowhere\/at\/all can not be read.*\[SOURCE_UNREADABLE\]\n$/);
  }
});

describe('proxies that can not ask the server: exit code 1', () => {
  test('nothing answers', async () => {
    const server = `http://127.0.0.1:${await freePort()}`;
    assertFails(
      await called(['proxies', '--server', server]),
      1,
      new RegExp(`^error: ${server}: nothing answers there; is penstock serve running.* \\[SERVER_UNREACHABLE\\]\n$`),
    );
  });

  test('no URL', async () => {
    const message = /that is no URL, expected for example http:\/\//;
    assertFails(await called(['proxies', '--server', '127.0.0.1:18080']), 1, message);
  });

  test('another program answers', async (t) => {
    const bodies = ['{"proxies": [{}]}', 'hello'];
    const other = createServer((_, response) => response.end(bodies.shift()));
    t.after(() => other.close());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const server = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const message = /what answers there is no penstock of this release \[SERVER_UNREACHABLE\]\n$/;
    while (bodies.length > 0) assertFails(await called(['proxies', '--server', server]), 1, message);
  });
});
