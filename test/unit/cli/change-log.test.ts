import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { objectKey } from '../../../src/base/index.js';
import { ChangeLog } from '../../../src/cli/change-log.js';
import { createMetrics, type LogFacts, type Logger, SILENT } from '../../../src/observe/index.js';
import { type Cause, Pipeline, type Publication } from '../../../src/pipeline/index.js';
import type { ConnectionFact } from '../../../src/xds/index.js';
import { cluster } from '../xds/given.js';

/** A line of the log: its level, its sentence and its facts. */
type Line = readonly [level: string, sentence: string, facts: LogFacts];

interface Scene {
  readonly changes: ChangeLog;
  readonly lines: Line[];
  /** Publishes what these proxies have to know. */
  readonly publish: (sequence: number, causes: readonly Cause[], ...proxies: readonly ConnectionFact[]) => void;
}

const NOTHING = (): undefined => undefined;
const NOBODY = { acknowledged: NOTHING, refused: NOTHING, hostsTaken: NOTHING, hostRefused: NOTHING };

function scene(): Scene {
  const lines: Line[] = [];
  const keep =
    (level: string) =>
    (facts: LogFacts, sentence: string): void =>
      void lines.push([level, sentence, facts]);
  const log: Logger = { ...SILENT, info: keep('info'), warn: keep('warn') };
  const changes = new ChangeLog(log, createMetrics('test'), NOBODY);
  after(() => changes.stop());
  return {
    changes,
    lines,
    publish: (sequence, causes, ...proxies) => {
      const publish = (): number => {
        for (const { session } of proxies) changes.awaited({ sequence, session });
        return proxies.length;
      };
      changes.publish({ ...publication(), sequence, causes }, { publish });
    },
  };
}

/** A publication of nothing, made now. */
function publication(): Publication {
  const made: Publication[] = [];
  const pipeline = new Pipeline({
    now: () => performance.now(),
    publish: (one) => made.push(one),
    problems: () => undefined,
    locate: () => undefined,
    failed: (_, error) => {
      throw error;
    },
  });
  pipeline.apply([]);
  const [one] = made;
  assert.ok(one !== undefined, 'even nothing is published once, so that proxies need not wait');
  return one;
}

const web = { kind: 'Rollout', namespace: 'shop', name: 'web' };
const db = { kind: 'Service', namespace: 'shop', name: 'db' };
const identity = { id: 'web-1', namespace: 'shop', workload: 'web', client: 'envoy 1.40.0', peer: '127.0.0.1:4711' };
const proxy: ConnectionFact = {
  ...identity,
  session: 1,
  outbound: { host: '127.0.0.1', port: 15_001 },
  routing: 'table',
};

test('a change is one line: objects with what changed in them, proxies, bytes, milliseconds by stage', () => {
  const { changes, lines, publish } = scene();
  changes.connected(proxy);
  const causes = [
    { object: web, what: 'weight 20 → 50' },
    { object: db, what: 'served on 80' },
    { object: web, what: 'header route testers added' },
  ];
  publish(7, causes, proxy);
  assert.equal(lines.length, 1, 'nothing is told before the last acknowledgement');
  const fact = { sequence: 7, session: 1, proxy: 'web-1', kind: 'route' } as const;
  changes.pushed({ ...fact, resources: 1, removed: 0, bytes: 321 });
  changes.acked({ ...fact, resources: [] });
  changes.settled(fact);
  const [, line] = lines;
  const { ms, stages, ...facts } = line?.[2] ?? {};
  assert.deepEqual(line?.slice(0, 2), ['info', 'change served']);
  assert.deepEqual(facts, {
    sequence: 7,
    changes: 'Rollout shop/web: weight 20 → 50, header route testers added; Service shop/db: served on 80',
    proxies: 1,
    bytes: 321,
  });
  assert.match(String(ms), /^\d+(\.\d)?$/);
  const times = stages as Readonly<Record<string, number>>;
  assert.deepEqual(Object.keys(times), ['read', 'model', 'derive', 'snapshot', 'write', 'ack']);
  const sum = Object.values(times).reduce((all, one) => all + one);
  assert.ok(Math.abs(sum - Number(ms)) <= 0.1, `${sum} and ${String(ms)}: rounding apart they are the same`);
});

test('a change that nobody is there for is told too, without a time', () => {
  const { lines, publish } = scene();
  publish(1, [{ object: web, what: 'now shapes traffic' }]);
  assert.deepEqual(lines, [
    ['info', 'change served', { sequence: 1, changes: 'Rollout shop/web: now shapes traffic', proxies: 0, bytes: 0 }],
  ]);
});

test('an empty source is published and no change', () => {
  const { lines, publish } = scene();
  publish(1, []);
  assert.deepEqual(lines, []);
});

test('many objects are counted, not told', () => {
  const { lines, publish } = scene();
  const causes = Array.from({ length: 10 }, (_, index) => ({ object: { ...db, name: `s${index}` }, what: 'gone' }));
  publish(1, causes);
  const text = String(lines[0]?.[2]['changes']);
  assert.match(text, /^Service shop\/s0: gone; .*Service shop\/s7: gone; and 2 more objects$/);
});

test('a rejection is a line of its own, and the change says by whom', () => {
  const { changes, lines, publish } = scene();
  changes.connected(proxy);
  publish(2, [{ object: web, what: 'weight 0 → 20' }], proxy);
  const fact = { sequence: 2, session: 1, proxy: 'web-1', kind: 'route' } as const;
  changes.pushed({ ...fact, resources: 1, removed: 0, bytes: 10 });
  changes.rejected({ ...fact, message: 'no', refused: [cluster('outbound')] });
  assert.deepEqual(
    lines
      .slice(1)
      .map(([level, sentence, { message, names, rejectedBy }]) => [level, sentence, message ?? rejectedBy, names]),
    [
      ['warn', 'rejected by a proxy: it keeps what it had, these bytes are not sent again', 'no', ['outbound']],
      ['warn', 'change served, not acknowledged by all', ['web-1'], undefined],
    ],
  );
});

test('of many proxies and resources the first are named, the others counted', () => {
  const { changes, lines, publish } = scene();
  const proxies = Array.from({ length: 10 }, (_, session) => ({ ...proxy, session, id: `web-${session}` }));
  const ids = proxies.map(({ id }) => id);
  for (const each of proxies) changes.connected(each);
  publish(2, [{ object: web, what: 'weight 0 → 20' }], ...proxies);
  const refused = ids.map((id) => cluster(id));
  for (const { session, id } of proxies) {
    changes.rejected({ sequence: 2, session, proxy: id, kind: 'cluster', message: 'no', refused });
  }
  const some = [...ids.slice(0, 8), 'and 2 more'];
  assert.deepEqual([lines.at(-2)?.[2]['names'], lines.at(-1)?.[2]['rejectedBy']], [some, some]);
});

test('proxies that come and go are told', () => {
  const { changes, lines } = scene();
  changes.connected(proxy);
  changes.disconnected({ session: 1, proxy: 'web-1' });
  const { id, ...rest } = identity;
  assert.deepEqual(lines, [
    ['info', 'proxy connected', { proxy: id, ...rest }],
    ['info', 'proxy gone', { proxy: id }],
  ]);
});

test('what a workload begins and ceases to call is told, a few by name', () => {
  const { changes, lines } = scene();
  const hosts = Array.from({ length: 10 }, (_, index) => objectKey('shop', `s${index}`));
  changes.learned({ namespace: 'shop', workload: 'web', hosts: hosts.slice(0, 1) });
  changes.forgot({ namespace: 'shop', workload: 'web', hosts });
  const some = [...hosts.slice(0, 8), 'and 2 more'];
  assert.deepEqual(lines, [
    ['info', 'workload calls new hosts: served from now on', { workload: 'shop/web', hosts: hosts.slice(0, 1) }],
    ['info', 'workload has not called these hosts for long: no longer served', { workload: 'shop/web', hosts: some }],
  ]);
});

for (const isDebugOn of [false, true]) {
  test(`what is told of every push is ${isDebugOn ? 'written' : 'not even put together'} where debug is ${isDebugOn ? 'on' : 'off'}`, () => {
    const told: LogFacts[] = [];
    const log: Logger = { ...SILENT, isDebugOn, debug: (facts) => void told.push(facts) };
    const changes = new ChangeLog(log, createMetrics('test'), NOBODY);
    after(() => changes.stop());
    const fact = { sequence: 1, session: 1, proxy: 'web-1', kind: 'cluster' } as const;
    changes.pushed({ ...fact, resources: 1, removed: 0, bytes: 10 });
    changes.acked({ ...fact, resources: [cluster('a')] });
    const { session: _, ...acked } = fact;
    assert.deepEqual(told, isDebugOn ? [{ ...fact, resources: 1, removed: 0, bytes: 10 }, acked] : []);
  });
}
