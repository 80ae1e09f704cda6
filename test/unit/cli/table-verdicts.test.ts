import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { TableVerdicts } from '../../../src/cli/table-verdicts.js';

interface Scene {
  readonly verdicts: TableVerdicts;
  readonly told: string[];
  readonly acked: (proxy: string, sequence: number) => void;
  readonly rejected: (proxy: string, sequence: number) => void;
  /** Lets as many milliseconds pass. */
  readonly pass: (ms: number) => void;
}

function scene(t: TestContext): Scene {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  const told: string[] = [];
  const verdicts = new TableVerdicts({
    acknowledged: (sequence) => told.push(`acknowledged ${sequence}`),
    refused: (sequence, message) => told.push(`refused ${sequence}: ${message}`),
  });
  return {
    verdicts,
    told,
    acked: (proxy, sequence) => verdicts.acked({ proxy, sequence }),
    rejected: (proxy, sequence) => verdicts.rejected({ proxy, sequence, message: proxy }),
    pass: (ms) => t.mock.timers.tick(ms),
  };
}

test('nothing is told from within a fact, and the same publication once', (t) => {
  const { acked, told, pass } = scene(t);
  acked('a', 1);
  acked('b', 1);
  assert.deepEqual(told, []);
  pass(1);
  assert.deepEqual(told, ['acknowledged 1']);
});

test('a refusal is told once, after others had the time to contradict', (t) => {
  const { rejected, told, pass } = scene(t);
  rejected('a', 2);
  rejected('b', 2);
  pass(999);
  assert.deepEqual(told, []);
  pass(1);
  assert.deepEqual(told, ['refused 2: a']);
});

test('who goes on refusing what another has taken is not listened to, until it takes something again', (t) => {
  const { acked, rejected, told, pass } = scene(t);
  rejected('odd', 2);
  acked('a', 2);
  rejected('odd', 3);
  pass(1000);
  assert.deepEqual(told, ['acknowledged 2', 'refused 2: odd']);
  acked('odd', 4);
  rejected('odd', 5);
  pass(1000);
  assert.deepEqual(told.slice(2), ['acknowledged 4', 'refused 5: odd']);
});

test('after the end nothing is told', (t) => {
  const { verdicts, rejected, told, pass } = scene(t);
  rejected('a', 2);
  verdicts.stop();
  pass(1000);
  assert.deepEqual(told, []);
});
