import assert from 'node:assert/strict';
import { test } from 'node:test';
import { both, cluster, Conversation, endpoint, listener, table } from './given.js';

const AB = [cluster('a'), cluster('b')];

test('the ways of a subscription, as the protocol tells them', () => {
  const client = new Conversation('sotw', ...AB);
  assert.deepEqual(client.ask('cluster', { names: [] }), ['cluster +a@1 +b@1'], 'everything');
  assert.deepEqual(client.ack('cluster', { names: ['*', 'a'] }), ['cluster +a@1 +b@1'], 'everything, and a by name');
  assert.deepEqual(client.ack('cluster', { names: ['a'] }), [], 'a alone, which is there');
  client.publish(cluster('a'), cluster('b', '2'));
  assert.deepEqual(client.publish(cluster('a', '2'), cluster('b', '2')), ['cluster +a@2']);
  assert.deepEqual(client.ack('cluster', { names: [] }), [], 'nothing any more');
  assert.deepEqual(client.publish(cluster('a', '3')), []);
});

test('everything of nothing is answered', () => {
  const client = new Conversation('sotw');
  assert.deepEqual(client.ask('cluster'), ['cluster']);
  assert.deepEqual(client.ask('listener'), ['listener']);
});

test('clusters and listeners come as full lists', () => {
  const client = new Conversation('sotw', ...AB);
  client.ask('cluster');
  client.ack('cluster');
  assert.deepEqual(client.publish(cluster('a'), cluster('b', '2')), ['cluster +a@1 +b@2']);
});

test('routes and endpoints come one by one', () => {
  const client = new Conversation('sotw', endpoint('a'), endpoint('b'));
  assert.deepEqual(client.ask('endpoint', { names: ['a', 'b'] }), ['endpoint +a@1 +b@1']);
  client.ack('endpoint', { names: ['a', 'b'] });
  assert.deepEqual(client.publish(endpoint('a'), endpoint('b', '2')), ['endpoint +b@2']);
});

test('an acknowledgement is not answered, and neither is a version', () => {
  const client = new Conversation('sotw', ...AB);
  client.ask('cluster');
  assert.deepEqual(client.ack('cluster', { version: 'something old' }), []);
});

test('a request with a stale nonce changes nothing', () => {
  const client = new Conversation('sotw', endpoint('a'), endpoint('b'));
  client.ask('endpoint', { names: ['a'] });
  client.ack('endpoint', { names: ['a'] });
  client.publish(endpoint('a', '2'), endpoint('b'));
  assert.deepEqual(client.ask('endpoint', { names: ['a', 'b'], nonce: client.nonce('endpoint', 1) }), []);
  assert.deepEqual(client.verdict, { kind: 'stale' });
  assert.deepEqual(client.ack('endpoint', { names: ['a', 'b'] }), ['endpoint +b@1'], 'the client says it again');
});

test('a first request with a version and without a nonce is a first request', () => {
  const client = new Conversation('sotw', endpoint('a'));
  assert.deepEqual(client.ask('endpoint', { names: ['a'], version: 'of the last stream' }), ['endpoint +a@1']);
});

test('a second request before anything was sent is not stale', () => {
  const client = new Conversation('sotw', endpoint('a'));
  assert.deepEqual(client.ask('endpoint', { names: ['later'] }), []);
  assert.deepEqual(client.ask('endpoint', { names: ['later', 'a'] }), ['endpoint +a@1']);
});

test('a name that does not exist gets no answer among endpoints, and is sent when it appears', () => {
  const client = new Conversation('sotw');
  assert.deepEqual(client.ask('endpoint', { names: ['later'] }), []);
  assert.deepEqual(client.publish(endpoint('later')), ['endpoint +later@1']);
});

test('a name that does not exist is left out of a full list, which is sent for it', () => {
  const client = new Conversation('sotw', listener('a'));
  assert.deepEqual(client.ask('listener', { names: ['a', 'nobody'] }), ['listener +a@1']);
  assert.deepEqual(client.ack('listener', { names: ['a', 'nobody', 'noone'] }), ['listener +a@1']);
  assert.deepEqual(client.ack('listener', { names: ['a', 'nobody', 'noone'] }), []);
});

test('a name that is subscribed again after it was left out is sent again', () => {
  const client = new Conversation('sotw', endpoint('a'), endpoint('b'));
  client.ask('endpoint', { names: ['a', 'b'] });
  assert.deepEqual(client.ack('endpoint', { names: ['a'] }), []);
  assert.deepEqual(client.ack('endpoint', { names: ['a', 'b'] }), ['endpoint +b@1']);
});

test('a name twice is sent once', () => {
  const client = new Conversation('sotw', endpoint('a'));
  assert.deepEqual(client.ask('endpoint', { names: ['a', 'a'] }), ['endpoint +a@1']);
});

test('everything and a name of it is sent once', () => {
  const client = new Conversation('sotw', ...AB);
  assert.deepEqual(client.ask('cluster', { names: ['a', '*'] }), ['cluster +a@1 +b@1']);
});

test('a listener that is served by name only is no part of everything', () => {
  const client = new Conversation('sotw', listener('outbound'), listener('api'));
  assert.deepEqual(client.ask('listener', { names: ['*', 'api'] }), ['listener +outbound@1 +api@1']);
  assert.deepEqual(client.ack('listener', { names: ['*'] }), ['listener +outbound@1']);
});

test('changes wait for the answer to the last response', () => {
  const client = new Conversation('sotw', ...AB);
  client.ask('cluster');
  assert.deepEqual(client.publish(cluster('a', '2'), cluster('b')), []);
  assert.deepEqual(client.publish(cluster('a', '2'), cluster('b', '2')), []);
  assert.deepEqual(client.ack('cluster'), ['cluster +a@2 +b@2']);
});

test('a cluster that goes stays in the list until no route refers to it and the drain is over', () => {
  const client = new Conversation('sotw', ...both('a'), ...both('b'), table('1', 'a', 'b'));
  client.ask('cluster');
  client.ask('endpoint', { names: ['a', 'b'] });
  client.ack('cluster');
  client.ack('endpoint', { names: ['a', 'b'] });
  client.ask('route', { names: ['outbound'] });
  client.ack('route', { names: ['outbound'] });
  assert.deepEqual(client.publish(...both('a'), table('2', 'a')), ['route +outbound@2']);
  assert.deepEqual(client.ack('route', { names: ['outbound'] }), []);
  assert.deepEqual(client.publish(cluster('a', '2'), endpoint('a'), table('2', 'a')), [
    'cluster +a@2 +b@1',
    'endpoint +a@1',
  ]);
  client.ack('endpoint', { names: ['a', 'b'] });
  client.ack('cluster');
  assert.deepEqual(client.wait(10_000), ['cluster +a@2']);
  assert.deepEqual(client.ack('cluster'), []);
});

test('a refused cluster stands in the list as it was last accepted, and a new one not at all', () => {
  const client = new Conversation('sotw', ...AB);
  client.ask('cluster');
  client.ack('cluster');
  client.publish(cluster('a', 'bad'), cluster('b'), cluster('c', 'bad'));
  assert.deepEqual(client.nack('cluster', 'Error adding/updating cluster(s) a: no, c: no'), []);
  assert.deepEqual(client.publish(cluster('a', 'bad'), cluster('b', '2'), cluster('c', 'bad')), ['cluster +a@1 +b@2']);
  client.ack('cluster');
  assert.deepEqual(client.publish(cluster('a', 'good'), cluster('b', '2'), cluster('c', 'good')), [
    'cluster +a@good +b@2 +c@good',
  ]);
});
