import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ObjectKey, objectKey } from '../../../src/base/index.js';
import { HostTrials } from '../../../src/pipeline/host-trials.js';
import type { Means } from '../../../src/pipeline/trial.js';

/** Trials with publications around them, told in short words: `web@2` is the host web with its second routes. */
class Scene {
  readonly trials = new HostTrials();
  readonly #wanted = new Map<string, Means>();
  readonly #served = new Map<string, Means | undefined>();
  sequence = 0;

  /** Publishes new routes; gives what is served of them. */
  publish(...means: readonly string[]): string {
    for (const text of means) {
      const [name = ''] = text.split('@');
      this.#wanted.set(name, meaning(name, text));
    }
    return this.#derive(means.map((text) => keyOf(text.split('@')[0] ?? '')));
  }

  acked(sequence: number): string {
    const { again, proven } = this.trials.table.acknowledged(sequence);
    return this.#answer('good', proven, again);
  }

  refused(sequence: number): string {
    const { again, guilty } = this.trials.table.refused(sequence);
    return this.#answer('guilty', guilty === undefined ? [] : [guilty], again);
  }

  #answer(word: string, keys: readonly ObjectKey[], again: ReadonlySet<ObjectKey>): string {
    const told = keys.length === 0 ? '' : `${word} ${keys.map(nameOf).join(' ')}: `;
    return `${told}${again.size === 0 ? '' : this.#derive([...again])}`;
  }

  #derive(keys: readonly ObjectKey[]): string {
    const texts = keys.map((key) => {
      const name = nameOf(key);
      const wanted = this.#wanted.get(name);
      assert.ok(wanted);
      const host = this.trials.choose(key, this.#served.get(name), wanted);
      this.#served.set(name, host === undefined ? undefined : { host, routes: host.name });
      return host?.name ?? `no ${name}`;
    });
    this.sequence += 1;
    this.trials.table.upcoming(this.sequence + 1);
    return texts.join(' ');
  }
}

function keyOf(name: string): ObjectKey {
  return objectKey('shop', name);
}

function nameOf(key: ObjectKey): string {
  return key.slice('shop/'.length);
}

function meaning(service: string, text: string): Means {
  return { host: { service: keyOf(service), namespace: 'shop', name: text, ports: [] }, routes: text };
}

/** Three hosts that are good, in publication 1. */
function started(): Scene {
  const scene = new Scene();
  scene.publish('web@1', 'api@1', 'db@1');
  scene.acked(1);
  return scene;
}

test('a refusal right after the start holds nothing back: nothing is known to be better', () => {
  const scene = new Scene();
  scene.publish('web@1');
  assert.equal(scene.refused(1), '');
});

test('the only suspect is guilty: its last good routes are served until it means something else', () => {
  const scene = started();
  assert.equal(scene.publish('web@2'), 'web@2');
  assert.equal(scene.refused(2), 'guilty web: web@1');
  assert.equal(scene.acked(3), '');
  assert.equal(scene.publish('web@2'), 'web@1');
  assert.equal(scene.publish('web@3'), 'web@3');
  assert.equal(scene.acked(5), 'good web: ');
  assert.ok(scene.trials.isGood(keyOf('web')));
});

test('a correction that is refused too goes back to what was good before both', () => {
  const scene = started();
  scene.publish('web@2');
  scene.refused(2);
  scene.publish('web@3');
  assert.equal(scene.refused(4), 'guilty web: web@1');
});

test('a host that goes back to its good routes is no longer on trial', () => {
  const scene = started();
  scene.publish('web@2');
  scene.refused(2);
  assert.equal(scene.publish('web@1'), 'web@1');
  assert.ok(scene.trials.isGood(keyOf('web')));
});

test('a host that never was good is left out', () => {
  const scene = started();
  scene.publish('new@1');
  assert.equal(scene.refused(2), 'guilty new: no new');
  assert.equal(scene.publish('new@1'), 'no new');
  assert.equal(scene.publish('new@2'), 'new@2');
});

test('of several suspects all are held back, and come back one at a time', () => {
  const scene = started();
  scene.publish('web@2', 'api@2', 'db@2');
  assert.equal(scene.refused(2), 'web@1 api@1 db@1');
  assert.equal(scene.refused(2), '');
  assert.equal(scene.acked(3), 'web@2');
  assert.equal(scene.acked(3), '', 'not before the first has an answer');
  assert.equal(scene.acked(4), 'good web: api@2');
  assert.equal(scene.refused(5), 'guilty api: api@1');
  assert.equal(scene.acked(6), 'db@2');
  assert.equal(scene.acked(7), 'good db: ');
  assert.equal(scene.acked(7), '');
});

test('somebody who took what another refused frees the host, and it is not tried again', () => {
  const scene = started();
  scene.publish('web@2');
  assert.equal(scene.refused(2), 'guilty web: web@1');
  assert.equal(scene.acked(2), 'good web: web@2');
  assert.equal(scene.refused(4), '');
  assert.equal(scene.publish('web@3'), 'web@3');
  assert.equal(scene.refused(5), 'guilty web: web@2');
});

test('what was acknowledged first is not suspected, and neither is what came later', () => {
  const scene = started();
  scene.publish('web@2');
  scene.acked(2);
  scene.publish('api@2');
  assert.equal(scene.refused(2), '');
  assert.ok(!scene.trials.isGood(keyOf('api')));
});

test('a late refusal of a table that held what is held back by now says nothing of others', () => {
  const scene = started();
  scene.publish('web@2');
  scene.publish('api@2');
  assert.equal(scene.refused(2), 'guilty web: web@1');
  assert.equal(scene.refused(3), '');
  assert.equal(scene.acked(4), 'good api: ');
});

test('routes that were replaced since may have been at fault: then nobody is guilty before another trial', () => {
  const scene = started();
  scene.publish('web@2', 'api@2');
  scene.publish('web@3');
  assert.equal(scene.refused(2), 'web@1 api@1');
  assert.equal(scene.acked(4), 'web@3');
  assert.equal(scene.acked(5), 'good web: api@2');
  assert.equal(scene.refused(6), 'guilty api: api@1');
});

test('with more than sixteen suspects nothing is held back', () => {
  const scene = started();
  const names = Array.from({ length: 17 }, (_, index) => `host-${index}@1`);
  scene.publish(...names);
  assert.equal(scene.refused(2), '');
});

test('a host that is gone is forgotten', () => {
  const scene = started();
  scene.publish('web@2');
  scene.trials.forget(keyOf('web'));
  assert.equal(scene.refused(2), '');
});
