import assert from 'node:assert/strict';
import { test } from 'node:test';
import { both, cluster, Conversation, endpoint, listener, table } from './given.js';

const AB = [cluster('a'), cluster('b')];

test('empty lists in the first request mean everything', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster'), ['cluster +a@1 +b@1']);
});

test('an asterisk means everything', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster', { names: ['*'] }), ['cluster +a@1 +b@1']);
});

test('everything of nothing is answered, for Envoy waits for it', () => {
  const client = new Conversation('delta');
  assert.deepEqual(client.ask('cluster'), ['cluster']);
  assert.deepEqual(client.ack('cluster'), []);
});

test('an acknowledgement is not answered', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster');
  assert.deepEqual(client.ack('cluster'), []);
  assert.deepEqual(client.verdict, { kind: 'ack', sequence: 1, resources: AB });
});

test('only what changed is sent', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster');
  client.ack('cluster');
  assert.deepEqual(client.publish(cluster('a'), cluster('b', '2')), ['cluster +b@2']);
});

test('names go in text order, whatever the order in which they were asked for', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster', { names: ['b', 'z', 'c', 'a'] }), ['cluster +a@1 +b@1 -c -z']);
});

test('what others subscribed to does not concern this client', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster', { names: ['a'] });
  client.ack('cluster');
  assert.deepEqual(client.publish(cluster('a'), cluster('b', '2')), []);
  assert.equal(client.settled, 2);
});

test('a name that does not exist is answered at once, and sent when it appears', () => {
  const client = new Conversation('delta', cluster('a'));
  assert.deepEqual(client.ask('cluster', { names: ['a', 'later'] }), ['cluster +a@1 -later']);
  assert.deepEqual(client.ack('cluster'), [], 'and nothing loops');
  assert.deepEqual(client.publish(cluster('a'), cluster('later')), ['cluster +later@1']);
});

test('a name that is subscribed again is sent again', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster', { names: ['a'] });
  client.ack('cluster');
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), ['cluster +a@1']);
});

test('a name that is subscribed after it was unsubscribed is sent again', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster', { names: ['a'] });
  client.ack('cluster');
  assert.deepEqual(client.ask('cluster', { unsubscribe: ['a'] }), []);
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), ['cluster +a@1']);
});

test('a name twice in one request is sent once', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster', { names: ['a', 'a', '*'] }), ['cluster +a@1 +b@1']);
});

test('a name in both lists is not wanted', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster', { names: ['a', 'b'], unsubscribe: ['b'] }), ['cluster +a@1']);
});

test('everything, taken back in the same request, is nothing', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster', { names: ['*'], unsubscribe: ['*'] }), []);
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), ['cluster +a@1']);
});

test('a name under a wildcard that is unsubscribed is answered, with what the wildcard covers', () => {
  const client = new Conversation('delta', listener('outbound'), listener('api'));
  assert.deepEqual(client.ask('listener', { names: ['*', 'api', 'outbound'] }), ['listener +api@1 +outbound@1']);
  client.ack('listener');
  assert.deepEqual(client.ask('listener', { unsubscribe: ['outbound'] }), ['listener +outbound@1']);
  client.ack('listener');
  assert.deepEqual(client.ask('listener', { unsubscribe: ['api'] }), ['listener -api'], 'it is served by name only');
});

test('names keep the wildcard, and its end leaves the names', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster');
  client.ack('cluster');
  client.ask('cluster', { names: ['a'] });
  client.ack('cluster');
  assert.deepEqual(client.publish(cluster('a'), cluster('b', '2')), ['cluster +b@2'], 'the wildcard is still there');
  client.ack('cluster');
  assert.deepEqual(client.ask('cluster', { unsubscribe: ['*'] }), []);
  assert.deepEqual(client.publish(cluster('a', '2'), cluster('b', '3')), ['cluster +a@2']);
});

test('a name that was never subscribed is unsubscribed without harm', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster', { names: ['a'] });
  assert.deepEqual(client.ack('cluster', { unsubscribe: ['nobody'] }), []);
});

test('subscriptions count on an acknowledgement, a refusal and a stale nonce', () => {
  const client = new Conversation('delta', ...AB, cluster('c'), cluster('d'));
  client.ask('cluster', { names: ['a'] });
  assert.deepEqual(client.ack('cluster', { names: ['b'] }), ['cluster +b@1']);
  assert.deepEqual(client.nack('cluster', 'b is bad', { names: ['c'] }), ['cluster +c@1']);
  assert.deepEqual(client.ask('cluster', { names: ['d'], nonce: 'of another life' }), ['cluster +d@1']);
  assert.deepEqual(client.verdict, { kind: 'other' });
});

test('an unsubscription on a stale nonce counts', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster', { names: ['a', 'b'] });
  client.ack('cluster');
  client.ask('cluster', { unsubscribe: ['b'], nonce: 'of another life' });
  assert.deepEqual(client.publish(cluster('a'), cluster('b', '2')), []);
});

test('a reconnected client gets what changed, and what is gone is taken away', () => {
  const client = new Conversation('delta', listener('a'), listener('outbound', '2'));
  const brought = { a: '1', outbound: '1', gone: '1' };
  assert.deepEqual(client.ask('listener', { names: ['*', 'a'], brought }), ['listener +outbound@2']);
  assert.deepEqual(client.ack('listener'), ['listener -gone']);
});

test('a reconnected client that has everything gets nothing', () => {
  const client = new Conversation('delta', ...AB);
  assert.deepEqual(client.ask('cluster', { brought: { a: '1', b: '1' } }), []);
  assert.equal(client.settled, 1);
});

test('a reconnected client that asks by name gets nothing that it has', () => {
  const client = new Conversation('delta', endpoint('a'), endpoint('b'), endpoint('c'), table('1', 'a', 'b', 'c'));
  assert.deepEqual(client.ask('endpoint', { names: ['a', 'b', 'c'], brought: { a: '1', b: '0' } }), [
    'endpoint +b@1 +c@1',
  ]);
});

test('nonces are fresh', () => {
  const client = new Conversation('delta', ...AB);
  const nonces = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    client.ask('cluster', { names: ['a'] });
    nonces.add(client.nonce('cluster'));
    client.publish(cluster('a', `v${round}`));
    client.ack('cluster');
    nonces.add(client.nonce('cluster'));
  }
  assert.equal(nonces.size, 10);
});

test('while a response is unanswered, changes pile up as names and the newest of each is sent', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster');
  assert.deepEqual(client.publish(cluster('a', '2'), cluster('b')), []);
  assert.deepEqual(client.publish(cluster('a', '3'), cluster('b', '2')), []);
  assert.deepEqual(client.ack('cluster'), ['cluster +a@3 +b@2']);
});

test('a change that is taken back while a response is unanswered is not sent', () => {
  const client = new Conversation('delta', ...AB);
  client.ask('cluster');
  client.publish(cluster('a', '2'), cluster('b'));
  client.publish(...AB);
  assert.deepEqual(client.ack('cluster'), []);
  assert.equal(client.settled, 3);
});

test('answers to subscriptions do not wait for an acknowledgement, but are not without end', () => {
  const client = new Conversation('delta', ...AB);
  for (let round = 0; round < 8; round += 1) assert.equal(client.ask('cluster', { names: ['a'] }).length, 1);
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), []);
  assert.deepEqual(client.ack('cluster'), ['cluster +a@1'], 'an answer to the last accepts those before');
});

test('nothing is written before the last write has left', () => {
  const client = new Conversation('delta', ...AB);
  client.isStalled = true;
  client.ask('cluster', { names: ['a'] });
  assert.deepEqual(client.ask('cluster', { names: ['b'] }), []);
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), []);
  assert.deepEqual(client.flush('cluster'), ['cluster +a@1 +b@1']);
});

test('types do not know each other: an acknowledgement of clusters says nothing of endpoints', () => {
  const client = new Conversation('delta', ...both('a'), table('1', 'a'));
  client.ask('endpoint', { names: ['a'] });
  client.ask('cluster');
  const stale = client.nonce('cluster');
  client.ask('endpoint', { nonce: stale });
  assert.deepEqual(client.verdict, { kind: 'other' });
});
