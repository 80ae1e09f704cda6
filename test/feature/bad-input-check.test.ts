import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run } from '../harness/process.js';
import { PENSTOCK } from '../harness/product.js';
import { fixtures, folderWith, GOOD_ROLLOUT, marksOf } from './bad-input/given.js';

/** Runs `penstock check` to its end. */
async function check(...args: readonly string[]): Promise<{ readonly code: number | string; readonly text: string }> {
  const process = run(globalThis.process.execPath, [PENSTOCK, 'check', ...args]);
  return { code: await process.ended, text: `${process.stdout()}${process.stderr()}` };
}

describe('penstock check', { concurrency: 2 }, () => {
  for (const { name, text } of fixtures()) {
    test(`tells of ${name} and exits 79`, async (t) => {
      const folder = await folderWith(t, text);
      const { code, text: output } = await check('-f', folder);
      assert.equal(code, 79, output);
      for (const { line, code: problem, path, words } of marksOf(text)) {
        const told = output
          .split('\n')
          .filter((one) => one.includes(`${join(folder, 'web.yaml')}:${line}:`) && one.endsWith(`[${problem}]`));
        assert.equal(told.length, 1, `line ${line} ${problem} in\n${output}`);
        assert.ok(told[0]?.includes(words) && told[0].includes(path), told[0]);
      }
      assert.doesNotMatch(output, /[^\P{Cc}\n]/u, 'nothing that steers a terminal');
    });
  }

  test('finds nothing wrong with good objects and exits 0', async (t) => {
    const { code, text } = await check('-f', await folderWith(t, GOOD_ROLLOUT));
    assert.deepEqual([code, text], [0, 'no problems in 10 objects\n']);
  });

  test('reads one file alone', async (t) => {
    const folder = await folderWith(t, GOOD_ROLLOUT.replace('setWeight: 20', 'setWeight: 120'));
    const { code, text } = await check('-f', join(folder, 'web.yaml'));
    assert.equal(code, 79);
    assert.match(text, /web\.yaml:\d+:\d+: Rollout shop\/web: .*setWeight is 120, expected .* \[WEIGHT_OUT_OF_RANGE\]/);
  });

  test('exits 65 where there is nothing to read', async (t) => {
    const { code, text } = await check('-f', join(await folderWith(t, ''), 'nowhere'));
    assert.equal(code, 65);
    assert.match(text, /nowhere can not be read/);
  });
});
