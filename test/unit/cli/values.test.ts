import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlPlaneError, ERROR_CODES } from '../../../src/base/index.js';
import { errorMessage, exitCodeOf, UsageError } from '../../../src/cli/exit.js';
import { readChoice } from '../../../src/cli/flags.js';
import { count, structured, table } from '../../../src/cli/output.js';
import {
  isLoopback,
  parseAddress,
  parseCount,
  type Parsed,
  parseIdentity,
  parseNamespace,
  parseNamespacedName,
  printAddress,
} from '../../../src/cli/values.js';

function value<T>(parsed: Parsed<T>): T | undefined {
  return parsed.ok ? parsed.value : undefined;
}

test('an address is read and printed alike', () => {
  for (const text of ['127.0.0.1:18000', '[::1]:80', 'penstock.example:0', '[fe80::1]:65535']) {
    const address = value(parseAddress(text));
    assert.ok(address !== undefined, text);
    assert.equal(printAddress(address), text);
  }
  for (const text of [
    '',
    ':80',
    'a:',
    'a:b',
    'a:-1',
    'a:65536',
    'a b:80',
    '::1:80',
    'http://a:80',
    '[a]:80',
    'a:80/',
  ]) {
    assert.equal(value(parseAddress(text)), undefined, text);
  }
});

test('what only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'penstock.example'])
    assert.ok(!isLoopback(host), host);
});

test('a Rollout is named with its namespace', () => {
  assert.deepEqual(value(parseNamespacedName('shop/web')), { namespace: 'shop', name: 'web' });
  for (const text of ['web', 'shop/', '/web', 'shop/web/1', 'Shop/web', 'shop/../x', '']) {
    assert.equal(value(parseNamespacedName(text)), undefined, text);
  }
});

test('a namespace is a label, a proxy calls itself as it likes', () => {
  for (const text of ['shop', 'a', 'on', '1a-b']) assert.equal(value(parseNamespace(text)), text);
  for (const text of ['', 'Shop', 'a.b', '-a', 'a-', 'a/b', 'a'.repeat(64)])
    assert.equal(value(parseNamespace(text)), undefined, text);
  for (const text of ['n', 'sidecar~shop~web-1', 'two words']) assert.equal(value(parseIdentity(text)), text);
  for (const text of ['', 'a\nb', 'a\u001b', 'a'.repeat(257)])
    assert.equal(value(parseIdentity(text)), undefined, text);
});

test('a count is a whole number', () => {
  assert.equal(value(parseCount('0')), 0);
  assert.equal(value(parseCount('12')), 12);
  for (const text of ['', '-1', '1.5', '1e3', ' 1', '9999999']) assert.equal(value(parseCount(text)), undefined, text);
});

test('a word of a few is taken as it is written, and a near one is hinted at', () => {
  assert.equal(readChoice('--output', 'json', ['yaml', 'json']), 'json');
  assert.throws(() => readChoice('--output', 'jsn', ['yaml', 'json']), {
    name: 'UsageError',
    message: '--output is "jsn", expected one of yaml, json; did you mean json?',
  });
  assert.throws(() => readChoice('--output', 'xml', ['yaml', 'json']), {
    message: '--output is "xml", expected one of yaml, json',
  });
});

test('the exit code says whose turn it is', () => {
  const codes = Object.fromEntries(ERROR_CODES.map((code) => [code, exitCodeOf(new ControlPlaneError(code, ''))]));
  assert.deepEqual(codes, {
    SOURCE_UNREADABLE: 65,
    FILE_UNWRITABLE: 1,
    ADDRESS_IN_USE: 1,
    ADDRESS_INVALID: 64,
    CONFIG_INVALID: 65,
    SERVER_UNREACHABLE: 1,
    REQUEST_INVALID: 64,
    NOT_FOUND: 1,
    INTERNAL: 1,
  });
  assert.equal(exitCodeOf(new UsageError('')), 64);
  assert.equal(exitCodeOf(new Error('')), 1);
  assert.equal(exitCodeOf('text'), 1);
});

test('an error is told in one line, a fault of ours with its stack', () => {
  assert.equal(errorMessage(new UsageError('no')), 'error: no');
  assert.equal(errorMessage(new ControlPlaneError('NOT_FOUND', 'no')), 'error: no [NOT_FOUND]');
  assert.match(
    errorMessage(new Error('no')),
    /^error: this is a fault of penstock, please report it\nError: no\n {4}at /,
  );
  assert.equal(errorMessage('no'), 'error: no');
});

test('a table has columns as wide as they must be', () => {
  assert.equal(
    table(
      ['A', 'STATE'],
      [
        ['web-1', 'up to date'],
        ['b', ''],
      ],
    ),
    'A       STATE\nweb-1   up to date\nb\n',
  );
});

test('YAML is read alike by version 1.1 and 1.2, and has neither anchors nor folded lines', () => {
  const shared = { name: 'n' };
  const text = structured({ a: shared, b: shared, c: 'yes', d: 'x '.repeat(200) }, 'yaml');
  assert.equal(text, `a:\n  name: "n"\nb:\n  name: "n"\nc: "yes"\nd: "${'x '.repeat(200)}"\n`);
});

test('things are counted in words', () => {
  assert.deepEqual(
    [0, 1, 2].map((number) => count(number, 'object')),
    ['0 objects', '1 object', '2 objects'],
  );
});
