import assert from 'node:assert/strict';
import { test } from 'node:test';
import { named } from '../../../src/xds/protocol/blame.js';
import { both, changesBetween, cluster, Conversation, endpoint, table, viewOf } from './given.js';

const NO_CHANGES = changesBetween([], []);

const rows: readonly { name: string; message: string; want: readonly string[] }[] = [
  { name: 'nobody', message: 'malformed IP address: 1.2', want: [] },
  { name: 'one', message: 'Error adding/updating cluster(s) shop/web:80: no such thing', want: ['shop/web:80'] },
  { name: 'the longer of two', message: 'cluster(s) shop/web:80@abc: no', want: ['shop/web:80@abc'] },
  { name: 'several', message: 'shop/web:80: x, shop/web:80@abc: y', want: ['shop/web:80', 'shop/web:80@abc'] },
  { name: 'one at the end', message: 'bad cluster shop/web:80', want: ['shop/web:80'] },
  { name: 'one before a full stop', message: 'bad cluster shop/web:80.', want: ['shop/web:80'] },
  { name: 'none that is part of a longer name', message: 'other-shop/web:8080 is bad', want: [] },
  { name: 'one in quotes', message: `bad cluster 'shop/web:80'`, want: ['shop/web:80'] },
];
for (const { name, message, want } of rows) {
  test(`a refusal names ${name}`, () => {
    assert.deepEqual(named(message, ['shop/web:80', 'shop/web:80@abc']), want);
  });
}

function subscribed(): Conversation {
  const client = new Conversation('delta', cluster('a'), cluster('b'));
  client.ask('cluster');
  client.ack('cluster');
  return client;
}

test('what was refused is not sent again until it changes', () => {
  const client = subscribed();
  client.publish(cluster('a', 'bad'), cluster('b'));
  assert.deepEqual(client.nack('cluster', 'a: no'), []);
  assert.deepEqual(client.verdict, {
    kind: 'nack',
    sequence: 2,
    message: 'a: no',
    refused: [cluster('a', 'bad')],
  });
  assert.deepEqual(client.publish(cluster('a', 'bad'), cluster('b', '2')), ['cluster +b@2']);
  client.ack('cluster');
  assert.equal(client.session.acknowledged, 1, 'it has not got what it should have');
  assert.deepEqual(client.publish(cluster('a', 'good'), cluster('b', '2')), ['cluster +a@good']);
  client.ack('cluster');
  assert.equal(client.session.acknowledged, 4);
});

test('a refused table is not sent again because a virtual host changed that is not in it', () => {
  const client = new Conversation('delta', table('1'));
  client.ask('route', { names: ['outbound'] });
  client.ack('route');
  client.publish(table('bad'));
  client.nack('route', 'no');
  const virtualHost = { added: [], changed: ['of another namespace'], removed: [] };
  assert.equal(client.session.publish(viewOf([table('bad')]), 3, { ...NO_CHANGES, virtualHost }), false);
  assert.deepEqual(client.wait(0), []);
});

test('what a client had before it refused is uncertain, and is sent when it comes back', () => {
  const client = subscribed();
  client.publish(cluster('a', 'bad'), cluster('b'));
  client.nack('cluster', 'a: no');
  assert.deepEqual(client.publish(cluster('a', '1'), cluster('b')), ['cluster +a@1']);
});

test('the others of a refused response are sent again, without the bad one', () => {
  const client = subscribed();
  client.publish(cluster('a', 'bad'), cluster('b', '2'), cluster('c'));
  assert.deepEqual(client.nack('cluster', 'Error adding/updating cluster(s) a: no'), ['cluster +b@2 +c@1']);
  assert.deepEqual(client.ack('cluster'), []);
});

test('where nobody is named, smaller and smaller parts are tried', () => {
  const client = subscribed();
  client.publish(cluster('a', 'bad'), cluster('b', '2'), cluster('c'));
  assert.deepEqual(client.nack('cluster', 'something is wrong'), ['cluster +a@bad +b@2']);
  assert.deepEqual(client.nack('cluster', 'something is wrong'), ['cluster +a@bad']);
  assert.deepEqual(client.nack('cluster', 'something is wrong'), ['cluster +b@2']);
  assert.deepEqual(client.ack('cluster'), ['cluster +c@1']);
  assert.deepEqual(client.ack('cluster'), []);
  assert.equal(client.session.acknowledged, 1);
});

for (const bad of [0, 500, 999]) {
  test(`among a thousand resources the bad one, number ${bad}, is found in few responses`, () => {
    const names = Array.from({ length: 1000 }, (_, at) => `c${String(at).padStart(4, '0')}`);
    const client = new Conversation('delta', ...names.map((name, at) => cluster(name, at === bad ? 'bad' : '1')));
    let responses = 1;
    let lines = client.ask('cluster');
    while (lines.length > 0) {
      lines = lines.some((line) => line.includes('@bad')) ? client.nack('cluster', 'no') : client.ack('cluster');
      responses += lines.length;
    }
    assert.ok(responses <= 24, `${responses} responses`);
    assert.deepEqual([...(client.session.types.get('cluster')?.refused.keys() ?? [])], [names[bad]]);
  });
}

test('a client that refuses everything is told everything a bounded number of times', () => {
  const client = new Conversation('delta', ...['a', 'b', 'c', 'd'].map((name) => cluster(name, 'bad')));
  client.ask('cluster');
  let responses = 1;
  while (client.nack('cluster', 'no').length > 0 && responses < 100) responses += 1;
  assert.equal(responses, 6);
});

test('a refused resource is not sent again because it is asked for again, but after it was dropped', () => {
  const client = subscribed();
  client.publish(cluster('a', 'bad'), cluster('b'));
  assert.deepEqual(client.nack('cluster', 'a: no', { names: ['a'] }), []);
  client.ask('cluster', { unsubscribe: ['*', 'a'] });
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), ['cluster +a@bad']);
});

test('a new cluster that was refused keeps back the routes to it, a changed one does not', () => {
  const client = new Conversation('delta', ...both('a'), table('1', 'a'));
  client.ask('cluster');
  client.ask('endpoint', { names: ['a'] });
  client.ack('cluster');
  client.ack('endpoint');
  client.ask('route', { names: ['outbound'] });
  client.ack('route');
  client.publish(cluster('a', 'bad'), endpoint('a'), ...both('new', 'bad'), table('2', 'a', 'new'));
  client.ack('endpoint');
  assert.deepEqual(client.nack('cluster', 'a: no, new: no'), []);
  assert.deepEqual(client.publish(cluster('a', 'bad'), endpoint('a'), table('3', 'a')), ['route +outbound@3']);
});

test('a client without any route gets routes although a cluster was refused: a host must not cost it the others', () => {
  const client = new Conversation('delta', ...both('a'), ...both('bad'), table('1', 'a', 'bad'));
  client.ask('cluster');
  client.nack('cluster', 'bad: no');
  client.ack('cluster');
  assert.deepEqual(client.ask('route', { names: ['outbound'] }), ['route +outbound@1']);
});

test('a refused route keeps its clusters', () => {
  const client = new Conversation('delta', ...both('a'), ...both('b'), table('1', 'a', 'b'));
  client.ask('cluster');
  client.ack('cluster');
  client.ask('route', { names: ['outbound'] });
  client.ack('route');
  client.publish(...both('a'), table('bad', 'a'));
  assert.deepEqual(client.nack('route', 'no'), []);
  assert.deepEqual(client.wait(100_000), []);
  assert.deepEqual(client.publish(...both('a'), table('good', 'a')), ['route +outbound@good']);
  client.ack('route');
  assert.deepEqual(client.wait(100_000), ['cluster -b']);
});

test('a refusal ends with the resource that was refused', () => {
  const client = subscribed();
  client.publish(cluster('a'), cluster('b'), cluster('c', 'bad'));
  client.nack('cluster', 'c: no');
  client.publish(cluster('a'), cluster('b'));
  assert.deepEqual(client.wait(5000), ['cluster -c']);
  client.ack('cluster');
  assert.equal(client.session.types.get('cluster')?.refused.size, 0);
  assert.equal(client.session.acknowledged, 3);
});

test('a removal that is refused is not repeated', () => {
  const client = subscribed();
  client.publish(cluster('a'));
  assert.deepEqual(client.wait(5000), ['cluster -b']);
  assert.deepEqual(client.nack('cluster', 'no'), []);
  assert.deepEqual(client.wait(5000), []);
});
