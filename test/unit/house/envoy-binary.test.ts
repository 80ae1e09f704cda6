import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ENVOY_VERSION, findEnvoy } from '../../harness/envoy-binary.js';

const folder = mkdtempSync(join(tmpdir(), 'penstock-house-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers `--version` with this line. */
function program(name: string, says: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const line = (version: string): string => `envoy  version: 0a1b2c/${version}/Clean/RELEASE/BoringSSL`;
const named = program('named/envoy', line('1.99.0'));
const cached = program(`cache/penstock/envoy/${ENVOY_VERSION}/envoy/_bin/envoy`, line(ENVOY_VERSION));
const onPath = program('bin/envoy', line('1.37.0'));
const impostor = program('other/envoy', 'envoy, the diplomat');

const rows = [
  {
    name: 'the one that is named wins over all',
    env: { PENSTOCK_ENVOY: named, XDG_CACHE_HOME: join(folder, 'cache'), PATH: dirname(onPath) },
    want: { path: named, version: '1.99.0' },
  },
  {
    name: 'the cached one wins over the PATH',
    env: { XDG_CACHE_HOME: join(folder, 'cache'), PATH: dirname(onPath) },
    want: { path: cached, version: ENVOY_VERSION },
  },
  {
    name: 'the PATH is the last resort',
    env: { XDG_CACHE_HOME: join(folder, 'empty'), PATH: `${dirname(impostor)}:${dirname(onPath)}` },
    want: { path: onPath, version: '1.37.0' },
  },
] as const;
for (const { name, env, want } of rows) {
  test(`findEnvoy: ${name}`, () => assert.deepEqual(findEnvoy(env), { kind: 'found', ...want }));
}

test('findEnvoy: one that is named and does not work is not passed over in silence', () => {
  const path = join(folder, 'nowhere');
  const found = findEnvoy({ PENSTOCK_ENVOY: path, XDG_CACHE_HOME: join(folder, 'cache'), PATH: dirname(onPath) });
  assert.equal(found.kind, 'missing');
  assert.match(found.reason, /PENSTOCK_ENVOY is .*nowhere/);
});

test('findEnvoy: none at all comes with the command that gets one', () => {
  const found = findEnvoy({ XDG_CACHE_HOME: join(folder, 'empty'), PATH: dirname(impostor) });
  assert.equal(found.kind, 'missing');
  assert.match(found.command, /fetch-envoy/);
});
