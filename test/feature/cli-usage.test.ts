import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFails, ran, VERSION } from './cli-given.js';

/** The commands, each with what it can not do without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  serve: [],
  bootstrap: ['--node-id', 'a', '--namespace', 'shop'],
  translate: ['-f', '.'],
  play: ['-f', '.', '--rollout', 'shop/web'],
  check: ['-f', '.'],
  proxies: [],
};
const COMMANDS = Object.keys(NEEDED);

describe('penstock', { concurrency: 2 }, () => {
  test('--version prints the version and nothing else', async (t) => {
    const startedAt = performance.now();
    const ended = await ran(['--version']);
    t.diagnostic(`--version answers after ${Math.round(performance.now() - startedAt)} ms (aim: 300 ms)`);
    assert.deepEqual(ended, { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test('--help names every command and has examples', async () => {
    const { code, stdout, stderr } = await ran(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${command} `, 'm'));
    assert.match(stdout, /\nExamples:\n {2}\$ penstock /);
  });

  for (const [command, needed] of Object.entries(NEEDED)) {
    test(`${command} --help has examples`, async () => {
      const { code, stdout, stderr } = await ran([command, '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^Usage: penstock ${command} \\[options\\]\n`));
      assert.match(stdout, new RegExp(`\\nExamples:\\n {2}\\$ penstock ${command} ?`));
    });

    test(`${command} refuses a flag that there is not`, async () => {
      assertFails(
        await ran([command, ...needed, '--wrong']),
        64,
        /^error: unknown option '--wrong'\n\(--help tells how to call it\)\n$/,
      );
    });

    test(`${command} takes no arguments`, async () => {
      assertFails(await ran([command, ...needed, 'what']), 64, /\(--help tells how to call it\)\n$/);
    });
  }

  const usage: readonly { readonly args: readonly string[]; readonly message: RegExp }[] = [
    { args: [], message: /^Usage: penstock / },
    { args: ['chek'], message: /^error: unknown command 'chek'\n\(Did you mean check\?\)\n/ },
    { args: ['serve', '--sorce', 'dir:.'], message: /^error: unknown option '--sorce'\n\(Did you mean --source\?\)\n/ },
    { args: ['check'], message: /^error: required option '-f, --file <FILE_OR_DIR>' not specified\n/ },
    { args: ['check', '-f'], message: /^error: option '-f, --file <FILE_OR_DIR>' argument missing\n/ },
    {
      args: ['check', '-f', '.', '-o', 'jsn'],
      message: /^error: --output is "jsn", expected one of text, json; did you mean json\?\n$/,
    },
    {
      args: ['translate', '-f', '.', '-o', 'text'],
      message: /^error: --output is "text", expected one of yaml, json\n$/,
    },
    {
      args: ['translate', '-f', '.', '--namespace', 'Shop'],
      message: /^error: --namespace is "Shop", expected a namespace, for example shop/,
    },
    {
      args: ['bootstrap', '--node-id', 'a'],
      message: /^error: required option '--namespace <NAMESPACE>' not specified\n/,
    },
    {
      args: ['bootstrap', '--node-id', '', '--namespace', 'shop'],
      message: /^error: --node-id is "", expected a text of 1 to 256 characters/,
    },
    {
      args: ['bootstrap', '--node-id', 'a', '--namespace', 'shop', '--xds-address', '18000'],
      message: /^error: --xds-address is "18000", expected host:port/,
    },
    {
      args: ['bootstrap', '--node-id', 'a', '--namespace', 'shop', '--intercept', 'redirect'],
      message: /--intercept redirect comes with a later release; explicit is there/,
    },
    {
      args: ['bootstrap', '--node-id', 'a', '--namespace', 'shop', '--scope', 'lazy'],
      message: /--scope lazy comes with a later release; full is there/,
    },
    {
      args: ['bootstrap', '--node-id', 'a', '--namespace', 'shop', '--api', 'rest'],
      message: /^error: --api is "rest", expected one of delta, sotw\n$/,
    },
    {
      args: ['play', '-f', '.', '--rollout', 'web'],
      message: /^error: --rollout is "web", expected NAMESPACE\/NAME, for example shop\/web\n$/,
    },
    {
      args: ['proxies', '-o', 'csv'],
      message: /^error: --output is "csv", expected one of table, wide, json, yaml\n$/,
    },
  ];
  for (const { args, message } of usage) {
    test(`${['penstock', ...args].join(' ')}: exit code 64 and a hint`, async () => {
      const ended = await ran(args);
      assertFails(ended, 64, message);
      assert.equal(ended.stdout, '');
    });
  }
});
