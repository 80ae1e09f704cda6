import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { penstock } from '../harness/product.js';
import { translate } from '../harness/translate.js';
import { scenarioFolder, scenarioNames } from './folders.js';

// A folder is a test: `in.yaml` is what a user could apply, the files beside it are what a proxy in namespace `shop` gets
// from it, in Envoy's own names, and what is wrong with it. `npm run golden:update` writes them.

const INPUT = 'in.yaml';
const OUTPUTS = ['listeners', 'routes', 'clusters', 'endpoints', 'problems'] as const;
const isUpdate = Boolean(process.env['UPDATE_GOLDEN']);

const names = scenarioNames();

test('there are scenarios, numbered from 01 without a gap', () => {
  assert.ok(names.length >= 20);
  for (const [index, name] of names.entries()) {
    assert.match(name, new RegExp(`^${String(index + 1).padStart(2, '0')}-[a-z0-9]+(-[a-z0-9]+)*$`));
  }
});

for (const name of names) {
  test(`scenario ${name}`, async () => {
    const folder = scenarioFolder(name);
    const translated = await translate(join(folder, INPUT), folder);
    for (const output of OUTPUTS) expectGolden(join(folder, `${output}.yaml`), yaml(translated[output]));
  });

  test(`scenario ${name} says in a comment what it shows, and holds no file that nobody reads`, () => {
    assert.match(readFileSync(join(scenarioFolder(name), INPUT), 'utf8'), /^# \S/);
    const owned = new Set([INPUT, ...OUTPUTS.map((output) => `${output}.yaml`)]);
    assert.deepEqual(
      readdirSync(scenarioFolder(name)).filter((file) => !owned.has(file)),
      [],
    );
  });
}

for (const format of ['yaml', 'json']) {
  test(`penstock translate -o ${format} prints what a scenario expects`, async () => {
    const [name = ''] = names;
    const printed = parse(
      await penstock('translate', '-f', join(scenarioFolder(name), INPUT), '-o', format, '--namespace', 'shop'),
    );
    assert.deepEqual(Object.keys(printed).toSorted(), OUTPUTS.toSorted());
    for (const output of OUTPUTS) {
      assert.deepEqual(printed[output], parse(readFileSync(join(scenarioFolder(name), `${output}.yaml`), 'utf8')));
    }
  });
}

function yaml(value: unknown): string {
  // Envoy reads YAML 1.1, where `yes` is a truth value unless it stands in quotes.
  return stringify(value, { sortMapEntries: true, aliasDuplicateObjects: false, lineWidth: 0, version: '1.1' });
}

function expectGolden(path: string, text: string): void {
  if (isUpdate) {
    assert.notEqual(process.env['CI'], 'true', 'UPDATE_GOLDEN is refused where CI=true');
    writeFileSync(path, text);
    return;
  }
  assert.ok(existsSync(path), `${path} is missing: npm run golden:update writes it`);
  assert.equal(text, readFileSync(path, 'utf8'), `${path} differs: npm run golden:update rewrites it; read the diff`);
}
