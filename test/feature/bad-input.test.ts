import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { translate } from '../harness/translate.js';
import {
  announcedSplit,
  assertMarked,
  fixtures,
  folderWith,
  GOOD_ROLLOUT,
  marksOf,
  running,
} from './bad-input/given.js';

// Each fixture is a file with mistakes and says itself, in comments, what has to be told of each and what is served
// afterwards. It is read twice: alone beside good objects, and over a good version of itself that is in force.

for (const { name, text } of fixtures()) {
  test(`bad input, ${name}: every mistake is told with its line, field and code, and the rest is served`, async (t) => {
    const folder = await folderWith(t, text);
    const { problems, endpoints } = await translate(folder, folder);
    assertMarked(problems, text);
    assert.ok(JSON.stringify(endpoints).includes('"shop/good:80"'));
  });

  test(`bad input, ${name}: what was good stays in force`, async (t) => {
    const folder = await folderWith(t, GOOD_ROLLOUT);
    const live = await running(t, folder);
    assert.deepEqual([live.split(), live.problems()], ['80/20', []]);

    await writeFile(join(folder, 'web.part'), text);
    await rename(join(folder, 'web.part'), join(folder, 'web.yaml'));
    const [first] = marksOf(text);
    assert.ok(first, 'a fixture marks its mistakes');
    assertMarked(await live.problem(({ code }) => code === first.code), text);

    assert.equal(live.split(), announcedSplit(text));
    assert.deepEqual(live.good(), ['127.0.0.1:9009']);
  });
}
