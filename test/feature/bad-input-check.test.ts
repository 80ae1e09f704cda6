import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checked } from '../../src/cli/commands/check.js';
import { fixtures, folderWith, GOOD_ROLLOUT, marksOf } from './bad-input/given.js';

/** What `penstock check -f` prints where nobody watches, and its exit code. */
function check(file: string): ReturnType<typeof checked> {
  return checked({ file, output: 'text' }, false);
}

describe('penstock check', () => {
  for (const { name, text } of fixtures()) {
    test(`tells of ${name} and exits 79`, async (t) => {
      const folder = await folderWith(t, text);
      const { code, text: output } = await check(folder);
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
    const { code, text } = await check(await folderWith(t, GOOD_ROLLOUT));
    assert.deepEqual([code, text], [0, 'no problems in 10 objects']);
  });

  test('reads one file alone', async (t) => {
    const folder = await folderWith(t, GOOD_ROLLOUT.replace('setWeight: 20', 'setWeight: 120'));
    const { code, text } = await check(join(folder, 'web.yaml'));
    assert.equal(code, 79);
    assert.match(text, /web\.yaml:\d+:\d+: Rollout shop\/web: .*setWeight is 120, expected .* \[WEIGHT_OUT_OF_RANGE\]/);
  });
});
