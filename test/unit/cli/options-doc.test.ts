import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { optionsJsonSchema, parseObject, type RolloutOptions } from '../../../src/model/index.js';
import { expectFresh } from './golden.js';

const SCHEMA = 'docs/schema/rollout-options.schema.json';

test(`${SCHEMA} is the schema that a Rollout is read with`, () => {
  expectFresh(SCHEMA, `${JSON.stringify(optionsJsonSchema(), undefined, 2)}\n`);
});

const page = readFileSync('docs/options.md', 'utf8');
const names = Object.keys(optionsJsonSchema()['properties'] as object);

/** An option's part of the page. */
function partOf(name: string): string {
  return new RegExp(`^## ${name}\n(.*?)(?=^## |(?![^]))`, 'ms').exec(page)?.[1] ?? '';
}

/** The block of a language in a part, as a value. */
function example(part: string, language: 'yaml' | 'json'): unknown {
  const text = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(part)?.[1];
  assert.ok(text !== undefined, `a block of ${language}`);
  return language === 'yaml' ? parse(text) : JSON.parse(text);
}

/** A Rollout that has everything that the options may speak of. */
function rollout(more: { readonly annotations?: object; readonly trafficRouting: unknown }): unknown {
  const { annotations = {}, trafficRouting } = more;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: {
      template: { metadata: { labels: { app: 'web' } } },
      strategy: { canary: { trafficRouting, steps: [{ setWeight: 20 }] } },
    },
  };
}

/** Options of a Rollout in which there is nothing to be found wrong. */
function optionsOf(raw: unknown): RolloutOptions {
  const event = parseObject(raw);
  assert.equal(event?.kind, 'applied');
  assert.ok(event?.kind === 'applied' && event.object.kind === 'Rollout');
  assert.deepEqual(event.problems, []);
  return event.object.options;
}

const asBlock = (block: unknown): RolloutOptions => optionsOf(rollout({ trafficRouting: { plugins: block } }));
const asAnnotation = (value: unknown): RolloutOptions =>
  optionsOf(rollout({ annotations: { 'penstock.dev/options': JSON.stringify(value) }, trafficRouting: {} }));

const NONE = asBlock({ 'penstock/xds': {} });

test('docs/options.md tells of every option and of no other, in the order of the schema', () => {
  const headings = [...page.matchAll(/^## (\S+)$/gm)].map(([, name]) => name);
  assert.deepEqual(headings, names);
});

for (const name of names) {
  test(`docs/options.md: ${name} in the plugin block and in the annotation are the same, and change that option alone`, () => {
    const block = example(partOf(name), 'yaml') as { readonly 'penstock/xds': object };
    const annotation = example(partOf(name), 'json');
    assert.deepEqual(Object.keys(block), ['penstock/xds']);
    assert.deepEqual(annotation, block['penstock/xds']);
    assert.deepEqual(Object.keys(block['penstock/xds']), [name]);
    const read = asBlock(block);
    assert.deepEqual(asAnnotation(annotation), read);
    const changed = (Object.keys(NONE) as readonly (keyof RolloutOptions)[]).filter(
      (key) => JSON.stringify(NONE[key]) !== JSON.stringify(read[key]),
    );
    assert.deepEqual(changed, [name]);
  });
}

test('docs/options.md: the two whole Rollouts of its beginning are without problems and mean the same', () => {
  const [, first, second] = page.split(/^```yaml\n/m);
  const whole = [first, second].map((text) => optionsOf(parse(text?.split('```')[0] ?? '')));
  assert.deepEqual(whole[0], whole[1]);
  assert.notDeepEqual(whole[0], NONE);
});
