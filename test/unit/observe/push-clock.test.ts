import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PushClock, type PushReport } from '../../../src/observe/index.js';

type Report = PushReport<string>;

interface Scene {
  readonly clock: PushClock<string>;
  readonly reports: Report[];
  /** Sets the hand of the clock, in milliseconds. */
  readonly at: (ms: number) => void;
}

const PATIENCE = 1000;

/** A clock that a test turns by hand, with these proxies connected. */
function scene(...proxies: readonly string[]): Scene {
  let now = 0;
  const reports: Report[] = [];
  const clock = new PushClock<string>({
    now: () => now,
    report: (report) => reports.push(report),
    patience: PATIENCE,
  });
  for (const proxy of proxies) clock.proxyConnected(proxy);
  return {
    clock,
    reports,
    at: (ms) => {
      now = ms;
    },
  };
}

/** What a report is where nothing is said otherwise. */
function report(rest: Partial<Report>): Report {
  return { sequence: 1, causes: [], proxies: 0, bytes: 0, ms: undefined, rejectedBy: [], laggards: [], ...rest };
}

test('a publication that nobody waits for is told at once', () => {
  const { clock, reports } = scene();
  clock.published({ sequence: 1, causes: ['a'], at: 0 });
  assert.deepEqual(reports, [report({ causes: ['a'] })]);
});

test('it is told when the last proxy has acknowledged, with the time from the event to then', () => {
  const { clock, reports, at } = scene('web-1', 'web-2');
  clock.published({ sequence: 1, causes: ['a', 'b'], at: 5 });
  clock.pushed({ sequence: 1, proxy: 'web-1', bytes: 100 });
  clock.pushed({ sequence: 1, proxy: 'web-1', bytes: 20 });
  clock.pushed({ sequence: 1, proxy: 'web-2', bytes: 3 });
  at(9);
  clock.settled({ sequence: 1, proxy: 'web-1' });
  assert.deepEqual(reports, []);
  at(12);
  clock.settled({ sequence: 1, proxy: 'web-2' });
  assert.deepEqual(reports, [report({ causes: ['a', 'b'], proxies: 2, bytes: 123, ms: 7 })]);
});

test('a proxy that had nothing to acknowledge neither counts nor takes time', () => {
  const { clock, reports, at } = scene('web-1', 'db-1');
  clock.published({ sequence: 1, causes: [], at: 0 });
  clock.pushed({ sequence: 1, proxy: 'web-1', bytes: 100 });
  at(2);
  clock.settled({ sequence: 1, proxy: 'web-1' });
  at(50);
  clock.settled({ sequence: 1, proxy: 'db-1' });
  assert.deepEqual(reports, [report({ proxies: 1, bytes: 100, ms: 2 })]);
});

test('nobody had anything to acknowledge: there is no time to tell', () => {
  const { clock, reports } = scene('web-1');
  clock.published({ sequence: 1, causes: [], at: 0 });
  clock.settled({ sequence: 1, proxy: 'web-1' });
  assert.deepEqual(reports, [report({})]);
});

test('a proxy that connects later belongs to no open publication', () => {
  const { clock, reports } = scene('web-1');
  clock.published({ sequence: 1, causes: [], at: 0 });
  clock.proxyConnected('web-2');
  clock.pushed({ sequence: 1, proxy: 'web-2', bytes: 100 });
  clock.rejected({ sequence: 1, proxy: 'web-2' });
  clock.settled({ sequence: 1, proxy: 'web-1' });
  assert.deepEqual(reports, [report({})]);
  assert.equal(clock.connected, 2);
});

test('a proxy that goes is not waited for', () => {
  const { clock, reports, at } = scene('web-1', 'web-2');
  clock.published({ sequence: 1, causes: [], at: 0 });
  clock.pushed({ sequence: 1, proxy: 'web-1', bytes: 100 });
  clock.pushed({ sequence: 1, proxy: 'web-2', bytes: 100 });
  at(3);
  clock.settled({ sequence: 1, proxy: 'web-1' });
  at(30);
  clock.proxyDisconnected('web-2');
  assert.deepEqual(reports, [report({ proxies: 2, bytes: 200, ms: 3 })]);
  assert.equal(clock.connected, 1);
});

test('a proxy that rejects is named and not waited for; its answer is no acknowledgement', () => {
  const { clock, reports, at } = scene('web-1', 'web-2');
  clock.published({ sequence: 1, causes: [], at: 0 });
  for (const proxy of ['web-1', 'web-2']) clock.pushed({ sequence: 1, proxy, bytes: 10 });
  at(4);
  clock.settled({ sequence: 1, proxy: 'web-1' });
  at(8);
  clock.rejected({ sequence: 1, proxy: 'web-2' });
  clock.rejected({ sequence: 1, proxy: 'web-2' });
  clock.settled({ sequence: 1, proxy: 'web-2' });
  assert.deepEqual(reports, [report({ proxies: 2, bytes: 20, ms: 4, rejectedBy: ['web-2'] })]);
});

test('who settles a publication has settled those before it', () => {
  const { clock, reports, at } = scene('web-1');
  clock.published({ sequence: 1, causes: ['a'], at: 0 });
  clock.pushed({ sequence: 1, proxy: 'web-1', bytes: 10 });
  clock.published({ sequence: 2, causes: ['b'], at: 3 });
  clock.pushed({ sequence: 2, proxy: 'web-1', bytes: 20 });
  clock.published({ sequence: 3, causes: ['c'], at: 6 });
  at(7);
  clock.settled({ sequence: 2, proxy: 'web-1' });
  assert.deepEqual(reports, [
    report({ causes: ['a'], proxies: 1, bytes: 10, ms: 7 }),
    report({ sequence: 2, causes: ['b'], proxies: 1, bytes: 20, ms: 4 }),
  ]);
  clock.settled({ sequence: 3, proxy: 'web-1' });
  assert.equal(reports.length, 3);
});

test('a change that reaches a proxy only together with a later one is told with the bytes of both', () => {
  const { clock, reports, at } = scene('web-1');
  clock.published({ sequence: 1, causes: ['a'], at: 0 });
  clock.published({ sequence: 2, causes: ['b'], at: 1 });
  clock.pushed({ sequence: 2, proxy: 'web-1', bytes: 50 });
  at(5);
  clock.settled({ sequence: 2, proxy: 'web-1' });
  assert.deepEqual(reports, [
    report({ causes: ['a'], proxies: 1, bytes: 50, ms: 5 }),
    report({ sequence: 2, causes: ['b'], proxies: 1, bytes: 50, ms: 4 }),
  ]);
});

test('who does not answer within the patience is named', () => {
  const { clock, reports, at } = scene('web-1', 'web-2');
  clock.published({ sequence: 1, causes: [], at: 10 });
  for (const proxy of ['web-1', 'web-2']) clock.pushed({ sequence: 1, proxy, bytes: 10 });
  at(15);
  clock.settled({ sequence: 1, proxy: 'web-1' });
  at(10 + PATIENCE - 1);
  clock.giveUp();
  assert.deepEqual(reports, []);
  at(10 + PATIENCE);
  clock.giveUp();
  clock.settled({ sequence: 1, proxy: 'web-2' });
  assert.deepEqual(reports, [report({ proxies: 2, bytes: 20, ms: 5, laggards: ['web-2'] })]);
});

test('a burst is told as one: the oldest publications join while nobody has answered', () => {
  const { clock, reports, at } = scene('web-1', 'web-2');
  for (let sequence = 1; sequence <= 66; sequence += 1) {
    clock.published({ sequence, causes: sequence <= 3 ? [`cause ${sequence}`] : [], at: sequence });
  }
  assert.deepEqual(reports, []);
  for (const proxy of ['web-1', 'web-2']) clock.pushed({ sequence: 3, proxy, bytes: 10 });
  at(103);
  for (const proxy of ['web-1', 'web-2']) clock.settled({ sequence: 3, proxy });
  const causes = ['cause 1', 'cause 2', 'cause 3'];
  assert.deepEqual(reports, [report({ sequence: 3, causes, proxies: 2, bytes: 20, ms: 102 })]);
});

test('a proxy that is told of twice is one proxy', () => {
  const { clock } = scene('web-1', 'web-1');
  assert.equal(clock.connected, 1);
  clock.proxyDisconnected('web-1');
  clock.proxyDisconnected('web-1');
  assert.equal(clock.connected, 0);
});
