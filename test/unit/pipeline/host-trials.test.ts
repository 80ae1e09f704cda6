import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ObjectKey, objectKey } from '../../../src/base/index.js';
import { HostTrials } from '../../../src/pipeline/host-trials.js';
import type { Judgement, Means } from '../../../src/pipeline/trial.js';

const WEB: ObjectKey = objectKey('shop', 'web');

/** The trials of host web, whose routes are told in short words: `80a 81a` are those of two ports in their first versions. */
class Scene {
  readonly trials = new HostTrials();
  #wanted = '';
  #served: Means | undefined;

  /** Gives what is served then. */
  publish(wanted: string): string {
    this.#wanted = wanted;
    return this.#derive();
  }

  taken(...versions: readonly string[]): string {
    return this.#follow(this.trials.taken(versions.map((version) => ({ host: WEB, version }))));
  }

  refused(version: string): string {
    return this.#follow(this.trials.refused({ host: WEB, version }));
  }

  #follow({ again, proven, guilty }: Judgement): string {
    const words = [...(proven.length > 0 ? ['good'] : []), ...(guilty === undefined ? [] : ['guilty'])];
    return [...words, ...(again.size > 0 ? [this.#derive()] : [])].join(': ');
  }

  #derive(): string {
    const wanted = meaning(this.#wanted);
    const host = this.trials.choose(WEB, this.#served, wanted);
    this.#served = host === undefined ? undefined : meaning(host.name);
    return host?.name ?? 'nothing';
  }
}

/** Each port has its virtual host for callers of the own namespace and for others; all ports are in one route configuration. */
function meaning(name: string): Means {
  const lines = name.split(' ').map((port) => `${port}-own ${port}-other ${name.replaceAll(' ', '+')}`);
  return { host: { service: WEB, namespace: 'shop', name, ports: [] }, routes: lines.join('\n') };
}

/** Routes that some proxy has taken. */
function good(routes = '80a'): Scene {
  const scene = new Scene();
  scene.publish(routes);
  assert.equal(scene.taken(routes.replaceAll(' ', '+')), 'good');
  return scene;
}

test('what was refused goes back to what was good until the host means something else', () => {
  const scene = good();
  assert.equal(scene.publish('80b'), '80b');
  assert.equal(scene.refused('80b'), 'guilty: 80a');
  assert.equal(scene.refused('80b-own'), '', 'the same once more');
  assert.equal(scene.publish('80b'), '80a');
  assert.equal(scene.publish('80c'), '80c');
  assert.equal(scene.refused('80c-other'), 'guilty: 80a');
  assert.equal(scene.publish('80d'), '80d');
  assert.equal(scene.taken('80d-other'), 'good');
  assert.ok(scene.trials.isGood(WEB));
});

test('what nobody has taken yet is served on: nothing better is known', () => {
  const scene = new Scene();
  scene.publish('80a');
  assert.equal(scene.refused('80a'), 'guilty');
  assert.equal(scene.publish('80a'), '80a');
  assert.equal(scene.taken('80a-own'), 'good');
});

test('what a proxy takes proves exactly that: other versions and other ports are as they were', () => {
  const scene = good('80a 81a');
  scene.publish('80b 81b');
  assert.equal(scene.taken('80a-own', '80a+81a', '80b-own'), '');
  assert.equal(scene.refused('80b-own'), '', 'somebody has taken it');
  assert.equal(scene.refused('81b-own'), 'guilty: 80a 81a');
});

test('of several ports each has to be taken, in whatever holds its routes', () => {
  const scene = good('80a 81a');
  scene.publish('80b 81b');
  assert.equal(scene.taken('81b-other'), '');
  assert.equal(scene.taken('80b-own'), 'good');
  scene.publish('80c 81c');
  assert.equal(scene.taken('80c+81c'), 'good');
});

test('a port whose routes did not change is not on trial, and one that was taken stays so', () => {
  const scene = good('80a 81a');
  scene.publish('80b 81a');
  assert.equal(scene.taken('80b-own'), 'good');
  scene.publish('80c 81b');
  scene.taken('80c-own');
  scene.publish('80c 81c');
  assert.equal(scene.taken('81c-own'), 'good');
  assert.equal(scene.publish('80c'), '80c');
  assert.ok(scene.trials.isGood(WEB), 'a port less is nothing new');
});

test('somebody who takes what another refused frees the host for good', () => {
  const scene = good();
  scene.publish('80b');
  scene.refused('80b');
  assert.equal(scene.taken('80b'), 'good: 80b');
  assert.equal(scene.refused('80b'), '');
  scene.publish('80c');
  assert.equal(scene.refused('80c'), 'guilty: 80b');
});

test('a table that was taken proves it too, and one that was refused finds a host by what single proxies say', () => {
  const scene = good();
  scene.publish('80b');
  scene.trials.table.acknowledged(1);
  assert.ok(scene.trials.isGood(WEB));
  scene.publish('80c');
  scene.taken('80c');
  assert.equal(scene.trials.table.refused(1).guilty, undefined);
});

test('what is refused of a host that is gone means nothing', () => {
  const scene = good();
  scene.publish('80b');
  scene.trials.forget(WEB);
  assert.equal(scene.refused('80b'), '');
  assert.equal(scene.taken('80b'), '');
});
