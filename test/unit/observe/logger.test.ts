import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type Logger, type LoggerOptions, printable, SILENT } from '../../../src/observe/index.js';

/** A logger whose lines are kept. */
function kept(options: Partial<LoggerOptions> & { readonly isTTY?: boolean } = {}): {
  readonly log: Logger;
  readonly lines: string[];
} {
  const { isTTY = false, ...rest } = options;
  const lines: string[] = [];
  const destination = { isTTY, write: (line: string) => lines.push(line) };
  return { log: createLogger({ format: 'text', level: 'info', destination, ...rest }), lines };
}

/** A line of the text form without its time of day. */
function sentence(line: string | undefined): string {
  assert.match(line ?? '', /^\d\d:\d\d:\d\d\.\d{3} .*\n$/, 'a time of day, and the end of the line');
  return (line ?? '').slice(13, -1);
}

const facts: readonly { readonly name: string; readonly value: unknown; readonly want: string }[] = [
  { name: 'a word', value: 'web-1', want: 'it=web-1' },
  { name: 'a text with spaces', value: 'two words', want: 'it="two words"' },
  { name: 'an empty text', value: '', want: 'it=""' },
  { name: 'a number', value: 3.2, want: 'it=3.2' },
  { name: 'a truth value', value: true, want: 'it=true' },
  { name: 'a list', value: ['a', 'b'], want: 'it=["a","b"]' },
  { name: 'figures with names', value: { read: 1.2, ack: 10 }, want: 'it=read:1.2,ack:10' },
  { name: 'figures among other things', value: { read: 1.2, by: 'a' }, want: 'it={"read":1.2,"by":"a"}' },
  { name: 'figures under a name that is none', value: { 'a b=': 1 }, want: 'it={"a b=":1}' },
  { name: 'nothing at all', value: {}, want: 'it={}' },
  { name: 'a text that would be two facts', value: 'a b="c', want: String.raw`it="a b=\"c"` },
  { name: 'a text that would end in an escape', value: 'a b\\', want: String.raw`it="a b\\"` },
  { name: 'a text that would be two lines', value: 'a\nINFO b', want: String.raw`it="a\nINFO b"` },
  { name: 'a text that moves the cursor', value: 'a\u001b[2J', want: String.raw`it=a\u{1b}[2J` },
  { name: 'a text that is read from right to left', value: 'a\u202eb', want: String.raw`it=a\u{202e}b` },
];

for (const { name, value, want } of facts) {
  test(`a log line in text tells ${name}`, () => {
    const { log, lines } = kept();
    log.info({ it: value }, 'said');
    assert.equal(sentence(lines[0]), `info  said ${want}`);
    assert.equal(lines.length, 1);
  });
}

test('a log line is one line whatever its facts are called', () => {
  const { log, lines } = kept();
  log.warn({ 'a\nb': 1 }, 'said');
  assert.equal(sentence(lines[0]), String.raw`warn  said a\nb=1`);
});

test('a log in JSON has an object a line with the same facts', () => {
  const { log, lines } = kept({ format: 'json' });
  log.error({ proxy: 'web\n1', bytes: 7 }, 'said');
  assert.match(lines[0] ?? '', /^[^\n]+\n$/);
  const { ts, ...rest } = JSON.parse(lines[0] ?? '') as Readonly<Record<string, unknown>>;
  assert.deepEqual(rest, { level: 'error', proxy: 'web\n1', bytes: 7, msg: 'said' });
  assert.equal(new Date(String(ts)).toISOString(), ts);
});

test('a level hides what is less urgent, silent hides everything', () => {
  const warn = kept({ level: 'warn' });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) warn.log[level]({}, level);
  assert.deepEqual(warn.lines.map(sentence), ['warn  warn', 'error error']);
  const silent = kept({ level: 'silent' });
  silent.log.error({}, 'said');
  assert.deepEqual(silent.lines, []);
});

test('whether debug is written at all can be asked before its facts are put together', () => {
  const levels = ['debug', 'info', 'silent'] as const;
  assert.deepEqual(
    levels.map((level) => [kept({ level }).log.isDebugOn, kept({ level }).log.child({}).isDebugOn]),
    [
      [true, true],
      [false, false],
      [false, false],
    ],
  );
});

test('a child carries its facts along', () => {
  const { log, lines } = kept();
  log.child({ proxy: 'web-1' }).info({ bytes: 7 }, 'said');
  assert.equal(sentence(lines[0]), 'info  said proxy=web-1 bytes=7');
});

test('an error is told with its causes and without its stack', () => {
  const { log, lines } = kept();
  const error = new Error('no route', { cause: new Error('no\ncluster') });
  log.error({ error }, 'said');
  assert.equal(sentence(lines[0]), String.raw`error said error="no route: no\\ncluster"`);
});

test('colours are for terminals only', () => {
  const plain = kept();
  plain.log.error({}, 'said');
  assert.ok(!plain.lines.join('').includes('\u001b'));
  const terminal = kept({ isTTY: true });
  terminal.log.error({}, 'said');
  assert.ok(terminal.lines.join('').includes('\u001b[31merror\u001b[0m said'));
});

test('the silent logger says nothing, and neither do its children', () => {
  for (const log of [SILENT, SILENT.child({ proxy: 'web-1' })]) {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) assert.equal(log[level]({}, 'said'), undefined);
  }
});

test('what can be printed stays as it is', () => {
  for (const text of ['web-1', 'Grüße', '価格', '👍', 'a"b\\c', '→']) assert.equal(printable(text), text);
});

test('what steers a terminal or hides is written as an escape', () => {
  const rows = [
    ['\r', String.raw`\r`],
    ['\t', String.raw`\t`],
    ['\u0000', String.raw`\u{0}`],
    ['\u007f', String.raw`\u{7f}`],
    ['\u009b', String.raw`\u{9b}`],
    ['\u200b', String.raw`\u{200b}`],
    ['\u2028', String.raw`\u{2028}`],
    ['\u2066', String.raw`\u{2066}`],
    ['\ufeff', String.raw`\u{feff}`],
    ['\u{e0041}', String.raw`\u{e0041}`],
  ] as const;
  for (const [text, want] of rows) assert.equal(printable(`a${text}b`), `a${want}b`);
});
