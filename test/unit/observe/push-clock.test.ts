import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PushClock, type PushReport, StageClock } from '../../../src/observe/index.js';

type Report = PushReport<string>;

const PATIENCE = 1000;

/** A clock that a test turns by hand, and proxies that are told of by their names. */
class Scene {
  readonly reports: Report[] = [];
  readonly clock = new PushClock<string>({
    now: () => this.now,
    report: (report) => this.reports.push(report),
    patience: PATIENCE,
  });
  /** The hand of the clock, in milliseconds. */
  now = 0;
  readonly #sessions = new Map<string, number>();
  #count = 0;

  constructor(...proxies: readonly string[]) {
    for (const proxy of proxies) this.connect(proxy);
  }

  connect(proxy: string, id: string = proxy): void {
    this.#count += 1;
    this.#sessions.set(proxy, this.#count);
    this.clock.proxyConnected({ session: this.#count, proxy: id });
  }

  disconnect(proxy: string): void {
    this.clock.proxyDisconnected(this.#of(proxy));
  }

  /** A publication of something that was seen now, which has something for some proxies. */
  publish(sequence: number, proxies: readonly string[], causes: readonly string[] = []): void {
    this.clock.published({ sequence, causes, clock: new StageClock(() => this.now, this.now) });
    for (const proxy of proxies) this.clock.awaited({ sequence, session: this.#of(proxy) });
    this.clock.sent(sequence);
  }

  push(sequence: number, proxy: string, bytes: number): void {
    this.clock.pushed({ sequence, session: this.#of(proxy), bytes });
  }

  reject(sequence: number, proxy: string): void {
    this.clock.rejected({ sequence, session: this.#of(proxy), proxy });
  }

  settle(sequence: number, proxy: string): void {
    this.clock.settled({ sequence, session: this.#of(proxy) });
  }

  #of(proxy: string): number {
    return this.#sessions.get(proxy) ?? 0;
  }
}

/** What a report is where nothing is said otherwise: of a publication that was published at the time of its event. */
function report(rest: Partial<Report>): Report {
  const stages = rest.ms === undefined ? {} : { ack: rest.ms };
  return {
    sequence: 1,
    causes: [],
    proxies: 0,
    bytes: 0,
    ms: undefined,
    stages,
    rejectedBy: [],
    laggards: [],
    ...rest,
  };
}

test('a publication that nobody waits for is told at once', () => {
  const scene = new Scene('web-1');
  scene.publish(1, [], ['a']);
  assert.deepEqual(scene.reports, [report({ causes: ['a'] })]);
});

test('it is told when the last proxy has acknowledged, with the time from the event to then', () => {
  const scene = new Scene('web-1', 'web-2');
  scene.now = 5;
  scene.publish(1, ['web-1', 'web-2'], ['a', 'b']);
  scene.push(1, 'web-1', 100);
  scene.push(1, 'web-1', 20);
  scene.push(1, 'web-2', 3);
  scene.now = 9;
  scene.settle(1, 'web-1');
  assert.deepEqual(scene.reports, []);
  scene.now = 12;
  scene.settle(1, 'web-2');
  assert.deepEqual(scene.reports, [report({ causes: ['a', 'b'], proxies: 2, bytes: 123, ms: 7 })]);
});

test('it is told with the time in each stage, and these make up the whole', () => {
  const scene = new Scene('web-1');
  const clock = new StageClock(() => scene.now, 10);
  for (const [stage, now] of [
    ['read', 11],
    ['model', 13],
    ['derive', 17],
    ['snapshot', 18],
  ] as const) {
    scene.now = now;
    clock.pass(stage);
  }
  scene.clock.published({ sequence: 1, causes: [], clock });
  scene.clock.awaited({ sequence: 1, session: 1 });
  scene.push(1, 'web-1', 10);
  scene.now = 20;
  clock.pass('write');
  scene.clock.sent(1);
  scene.now = 30;
  scene.settle(1, 'web-1');
  const stages = { read: 1, model: 2, derive: 4, snapshot: 1, write: 2, ack: 10 };
  assert.deepEqual(scene.reports, [report({ proxies: 1, bytes: 10, ms: 20, stages })]);
});

test('who answers while the publication is still on its way to others does not end it', () => {
  const scene = new Scene('web-1', 'web-2');
  scene.clock.published({ sequence: 1, causes: [], clock: new StageClock(() => scene.now, 0) });
  scene.clock.awaited({ sequence: 1, session: 1 });
  scene.settle(1, 'web-1');
  scene.clock.awaited({ sequence: 1, session: 2 });
  scene.clock.sent(1);
  assert.deepEqual(scene.reports, []);
  scene.settle(1, 'web-2');
  assert.deepEqual(scene.reports, [report({})]);
});

test('a proxy that had nothing to acknowledge after all neither counts nor takes time', () => {
  const scene = new Scene('web-1', 'db-1');
  scene.publish(1, ['web-1', 'db-1']);
  scene.push(1, 'web-1', 100);
  scene.now = 2;
  scene.settle(1, 'web-1');
  scene.now = 50;
  scene.settle(1, 'db-1');
  assert.deepEqual(scene.reports, [report({ proxies: 1, bytes: 100, ms: 2 })]);
});

test('nobody had anything to acknowledge: there is no time to tell', () => {
  const scene = new Scene('web-1');
  scene.publish(1, ['web-1']);
  scene.settle(1, 'web-1');
  assert.deepEqual(scene.reports, [report({})]);
});

test('a proxy that connects later, or is not waited for, belongs to no open publication', () => {
  const scene = new Scene('web-1', 'db-1');
  scene.publish(1, ['web-1']);
  scene.connect('web-2');
  for (const proxy of ['web-2', 'db-1', 'nobody']) {
    scene.push(1, proxy, 100);
    scene.reject(1, proxy);
    scene.settle(1, proxy);
  }
  scene.settle(1, 'web-1');
  assert.deepEqual(scene.reports, [report({})]);
  assert.equal(scene.clock.connected, 3);
});

test('a proxy that goes is not waited for', () => {
  const scene = new Scene('web-1', 'web-2');
  scene.publish(1, ['web-1', 'web-2']);
  scene.push(1, 'web-1', 100);
  scene.push(1, 'web-2', 100);
  scene.now = 3;
  scene.settle(1, 'web-1');
  scene.now = 30;
  scene.disconnect('web-2');
  assert.deepEqual(scene.reports, [report({ proxies: 2, bytes: 200, ms: 3 })]);
  assert.equal(scene.clock.connected, 1);
});

test('a proxy that rejects is named and not waited for; its answer is no acknowledgement', () => {
  const scene = new Scene('web-1', 'web-2');
  scene.publish(1, ['web-1', 'web-2']);
  for (const proxy of ['web-1', 'web-2']) scene.push(1, proxy, 10);
  scene.now = 4;
  scene.settle(1, 'web-1');
  scene.now = 8;
  scene.reject(1, 'web-2');
  scene.reject(1, 'web-2');
  scene.settle(1, 'web-2');
  assert.deepEqual(scene.reports, [report({ proxies: 2, bytes: 20, ms: 4, rejectedBy: ['web-2'] })]);
});

test('who settles a publication has settled those before it', () => {
  const scene = new Scene('web-1');
  scene.publish(1, ['web-1'], ['a']);
  scene.push(1, 'web-1', 10);
  scene.now = 3;
  scene.publish(2, ['web-1'], ['b']);
  scene.push(2, 'web-1', 20);
  scene.now = 6;
  scene.publish(3, ['web-1'], ['c']);
  scene.now = 7;
  scene.settle(2, 'web-1');
  assert.deepEqual(scene.reports, [
    report({ causes: ['a'], proxies: 1, bytes: 10, ms: 7 }),
    report({ sequence: 2, causes: ['b'], proxies: 1, bytes: 20, ms: 4 }),
  ]);
  scene.settle(3, 'web-1');
  assert.equal(scene.reports.length, 3);
});

test('a change that reaches a proxy only together with a later one is told with the bytes of both', () => {
  const scene = new Scene('web-1');
  scene.publish(1, ['web-1'], ['a']);
  scene.now = 1;
  scene.publish(2, ['web-1'], ['b']);
  scene.push(2, 'web-1', 50);
  scene.push(2, 'web-1', 7);
  scene.now = 5;
  scene.settle(2, 'web-1');
  assert.deepEqual(scene.reports, [
    report({ causes: ['a'], proxies: 1, bytes: 50, ms: 5 }),
    report({ sequence: 2, causes: ['b'], proxies: 1, bytes: 57, ms: 4 }),
  ]);
});

test('who does not answer within the patience is named', () => {
  const scene = new Scene('web-1', 'web-2');
  scene.now = 10;
  scene.publish(1, ['web-1', 'web-2']);
  for (const proxy of ['web-1', 'web-2']) scene.push(1, proxy, 10);
  scene.now = 15;
  scene.settle(1, 'web-1');
  scene.now = 10 + PATIENCE - 1;
  scene.clock.giveUp();
  assert.deepEqual(scene.reports, []);
  scene.now = 10 + PATIENCE;
  scene.clock.giveUp();
  scene.settle(1, 'web-2');
  assert.deepEqual(scene.reports, [report({ proxies: 2, bytes: 20, ms: 5, laggards: ['web-2'] })]);
});

test('a publication after one that was given up is waited for as any other', () => {
  const scene = new Scene('web-1');
  scene.publish(1, ['web-1']);
  scene.now = PATIENCE;
  scene.clock.giveUp();
  scene.publish(2, ['web-1']);
  scene.push(2, 'web-1', 10);
  scene.now += 4;
  scene.settle(2, 'web-1');
  assert.deepEqual(scene.reports, [
    report({ laggards: ['web-1'] }),
    report({ sequence: 2, proxies: 1, bytes: 10, ms: 4 }),
  ]);
});

test('a burst is told as one: the oldest publications join, and whoever waits for one of them waits for all', () => {
  const scene = new Scene('web-1', 'web-2', 'web-3');
  for (let sequence = 1; sequence <= 66; sequence += 1) {
    scene.now = sequence;
    const proxies = sequence === 1 ? ['web-3'] : ['web-1', 'web-2'];
    scene.publish(sequence, proxies, sequence <= 3 ? [`cause ${sequence}`] : []);
  }
  assert.deepEqual(scene.reports, []);
  for (const proxy of ['web-1', 'web-2', 'web-3']) scene.push(3, proxy, 10);
  scene.now = 103;
  for (const proxy of ['web-1', 'web-2']) scene.settle(3, proxy);
  assert.deepEqual(scene.reports, []);
  scene.settle(3, 'web-3');
  const causes = ['cause 1', 'cause 2', 'cause 3'];
  assert.deepEqual(scene.reports, [report({ sequence: 3, causes, proxies: 3, bytes: 30, ms: 102 })]);
  scene.settle(66, 'web-1');
  scene.settle(66, 'web-2');
  assert.equal(scene.reports.length, 64);
});

test('two proxies with one node id are two', () => {
  const scene = new Scene();
  scene.connect('web-1', 'web');
  scene.connect('web-2', 'web');
  assert.equal(scene.clock.connected, 2);
  scene.publish(1, ['web-1', 'web-2']);
  for (const proxy of ['web-1', 'web-2']) scene.push(1, proxy, 10);
  scene.now = 2;
  scene.settle(1, 'web-1');
  assert.deepEqual(scene.reports, []);
  scene.disconnect('web-1');
  assert.deepEqual(scene.reports, []);
  scene.now = 8;
  scene.settle(1, 'web-2');
  assert.deepEqual(scene.reports, [report({ proxies: 2, bytes: 20, ms: 8 })]);
  scene.disconnect('web-2');
  scene.disconnect('web-2');
  assert.equal(scene.clock.connected, 0);
});
