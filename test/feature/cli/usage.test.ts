import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { penstock } from './given.js';

const COMMANDS = ['serve', 'bootstrap', 'translate', 'play', 'check', 'proxies'];
const version = (
  JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

describe('penstock', { concurrency: 2 }, () => {
  test('--version prints the version of package.json', async () => {
    assert.deepEqual(await penstock(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  // The best of some tries: what else runs on this machine must not decide.
  test('--version answers within 300 ms', async () => {
    let best = Infinity;
    for (let tries = 0; tries < 20 && best >= 300; tries += 1) {
      const startedAt = performance.now();
      await penstock(['--version']);
      best = Math.min(best, performance.now() - startedAt);
    }
    assert.ok(best < 300, `${best} ms`);
  });

  test('--help lists every command and exits 0', async () => {
    const { code, stdout, stderr } = await penstock(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  });

  test('without a command it prints the help to standard error and exits 64', async () => {
    const { code, stdout, stderr } = await penstock([]);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, /^Usage: penstock/);
  });

  for (const command of COMMANDS) {
    test(`${command} --help has examples, fits 80 columns and exits 0`, async () => {
      const { code, stdout } = await penstock([command, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`Examples:\n  \\$ penstock ${command}`));
      const usage = stdout.slice(0, stdout.indexOf('Examples:'));
      for (const line of usage.split('\n')) assert.ok(line.length <= 80, line);
    });
  }
});

const RIGHT_BOOTSTRAP = ['bootstrap', '--node-id', 'web-1', '--namespace', 'shop'];

const wrong: readonly { name: string; args: readonly string[]; says: RegExp }[] = [
  { name: 'an unknown command', args: ['serv'], says: /unknown command 'serv'\n\(Did you mean serve\?\)/ },
  {
    name: 'an unknown flag',
    args: ['serve', '--sourc', 'x'],
    says: /unknown option '--sourc'\n\(Did you mean --source/,
  },
  {
    name: 'a flag without its value',
    args: ['serve', '--source'],
    says: /option '--source <SOURCE>' argument missing/,
  },
  { name: 'a word too many', args: ['check', '-f', '.', 'more'], says: /too many arguments/ },
  { name: 'no file to check', args: ['check'], says: /required option '-f, --file/ },
  { name: 'no source', args: ['serve'], says: /--source is missing, expected dir:PATH/ },
  {
    name: 'a source that is a bare path',
    args: ['serve', '--source', './x'],
    says: /--source is ".\/x", expected dir:PATH/,
  },
  { name: 'a later source', args: ['serve', '--source', 'kubernetes'], says: /kubernetes comes with a later release/ },
  {
    name: 'a later scope',
    args: ['serve', '--source', 'dir:.', '--scope', 'lazy'],
    says: /--scope lazy comes with a later/,
  },
  {
    name: 'a scope',
    args: ['serve', '--source', 'dir:.', '--scope', 'ful'],
    says: /--scope is "ful", expected one of full/,
  },
  {
    name: 'an address without a port',
    args: ['serve', '--source', 'dir:.', '--xds-address', '127.0.0.1'],
    says: /--xds-address is "127\.0\.0\.1", expected host:port/,
  },
  {
    name: 'a delay without a unit',
    args: ['serve', '--source', 'dir:.', '--drain-delay', '10'],
    says: /--drain-delay is "10", expected a duration/,
  },
  {
    name: 'a log level',
    args: ['serve', '--source', 'dir:.', '--log-level', 'loud'],
    says: /expected one of debug, info/,
  },
  {
    name: 'a later way to intercept',
    args: [...RIGHT_BOOTSTRAP, '--intercept', 'redirect'],
    says: /--intercept redirect comes with a later release/,
  },
  {
    name: 'an API',
    args: [...RIGHT_BOOTSTRAP, '--api', 'deltas'],
    says: /expected one of delta, sotw; did you mean delta\?/,
  },
  {
    name: 'a namespace',
    args: ['translate', '-f', '.', '--namespace', 'Shop'],
    says: /--namespace is "Shop", expected/,
  },
  {
    name: 'an output',
    args: ['translate', '-f', '.', '-o', 'jsn'],
    says: /expected one of yaml, json; did you mean json\?/,
  },
  {
    name: 'a Rollout without a namespace',
    args: ['play', '-f', '.', '--rollout', 'web'],
    says: /expected NAMESPACE\/NAME/,
  },
  {
    name: 'seconds in words',
    args: ['play', '-f', '.', '--rollout', 'shop/web', '--step-seconds', 'five'],
    says: /--step-seconds is "five", expected seconds/,
  },
];

describe('what is called wrongly is refused with a hint and exit code 64', { concurrency: 2 }, () => {
  for (const { name, args, says } of wrong) {
    test(name, async () => {
      const { code, stdout, stderr } = await penstock(args);
      assert.deepEqual([code, stdout], [64, ''], stderr);
      assert.match(stderr, says);
    });
  }
});
