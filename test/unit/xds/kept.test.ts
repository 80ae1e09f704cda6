import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster, Conversation } from './given.js';

test('what a client that comes back holds and is current is told as kept, outdated versions and later requests are not', () => {
  const [a, b] = [cluster('a'), cluster('b', '2')];
  const client = new Conversation('delta', a, b);
  assert.deepEqual(client.ask('cluster', { names: ['*'], brought: { a: '1', b: '1', gone: '1' } }), ['cluster +b@2']);
  assert.deepEqual(client.verdict, { kind: 'kept', resources: [a] });
  client.ack('cluster');
  assert.deepEqual(client.verdict, { kind: 'ack', sequence: 1, resources: [b] });
});

test('a client that brings nothing current keeps nothing', () => {
  const client = new Conversation('delta', cluster('a', '2'));
  client.ask('cluster', { names: ['*'], brought: { a: '1' } });
  assert.deepEqual(client.verdict, { kind: 'other' });
});
