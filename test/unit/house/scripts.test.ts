import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

type Scripts = Readonly<Record<string, string>>;
const { scripts, scriptsInfo } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Scripts;
  readonly scriptsInfo: Scripts;
};

test('every script has a line in `npm run help`, and no line is left of a script that is gone', () => {
  assert.deepEqual(Object.keys(scriptsInfo).toSorted(), Object.keys(scripts).toSorted());
  for (const [name, line] of Object.entries(scriptsInfo)) assert.ok(line.length > 0, name);
});

test('every script file that package.json names is there', () => {
  for (const [name, command] of Object.entries(scripts)) {
    const file = /^node (\S+)/.exec(command)?.[1];
    if (file) assert.doesNotThrow(() => readFileSync(file), `${name}: ${command}`);
  }
});
