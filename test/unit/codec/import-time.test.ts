import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const door = new URL('../../../src/codec/index.js', import.meta.url);

test('what the room costs at start is told', (t) => {
  const script = `const t = performance.now(); await import(${JSON.stringify(door.href)}); console.log(performance.now() - t)`;
  const times = [1, 2, 3].map(() =>
    Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })),
  );
  const code = statSync(fileURLToPath(new URL('gen/code.js', door))).size;
  t.diagnostic(`codec: imported in ${Math.round(Math.min(...times))} ms; generated code ${Math.round(code / 1024)} kB`);
  assert.ok(times.every((time) => time > 0));
});
