import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedResource } from '../../../src/codec/index.js';
import { both, cluster, Conversation, DRAIN, endpoint, listener, table } from './given.js';

const A = both('a');
const B = both('b');

/** An Envoy that has everything there is. */
function warm(...resources: readonly EncodedResource[]): Conversation {
  const client = new Conversation('delta', ...resources);
  const endpoints = resources.filter(({ kind }) => kind === 'endpoint').map(({ name }) => name);
  client.ask('cluster');
  client.ask('endpoint', { names: endpoints });
  client.ack('cluster');
  client.ack('endpoint');
  client.ask('listener');
  client.ack('listener');
  client.ask('route', { names: ['outbound'] });
  client.ack('route');
  return client;
}

test('a cold start goes as Envoy goes', () => {
  const client = new Conversation('delta', ...A, listener('outbound'), table('1', 'a'));
  assert.deepEqual(client.ask('cluster'), ['cluster +a@1']);
  assert.deepEqual(client.ask('endpoint', { names: ['a'] }), ['endpoint +a@1'], 'once, though owed and asked for');
  client.ack('cluster');
  assert.deepEqual(client.ask('listener'), ['listener +outbound@1']);
  client.ack('endpoint');
  assert.deepEqual(client.ask('route', { names: ['outbound'] }), ['route +outbound@1']);
  client.ack('listener');
  assert.equal(client.settled, undefined);
  client.ack('route');
  assert.equal(client.settled, 1);
});

test('a new cluster goes out with its endpoints right behind, and the route when Envoy says that it is warm', () => {
  const client = warm(...A, table('1', 'a'));
  assert.deepEqual(client.publish(...A, ...B, table('2', 'a', 'b')), ['cluster +b@1', 'endpoint +b@1']);
  assert.deepEqual(client.ack('endpoint'), [], 'endpoints alone do not make it warm');
  assert.deepEqual(client.ack('cluster'), ['route +outbound@2']);
});

test('a changed cluster has its unchanged endpoints pushed behind it', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  assert.deepEqual(client.publish(cluster('a', '2'), endpoint('a'), ...B, table('1', 'a', 'b')), [
    'cluster +a@2',
    'endpoint +a@1',
  ]);
});

test('endpoints that change go out alone, at once', () => {
  const client = warm(...A, table('1', 'a'));
  assert.deepEqual(client.publish(cluster('a'), endpoint('a', '2'), table('1', 'a')), ['endpoint +a@2']);
});

test('weights that change go out alone, at once, whatever cluster is warming', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  client.publish(cluster('a', '2'), endpoint('a'), ...B, table('1', 'a', 'b'));
  const waiting = [cluster('a', '2'), endpoint('a'), ...B, table('2', 'a', 'b')];
  assert.deepEqual(client.publish(...waiting), ['route +outbound@2'], 'Envoy serves by the old cluster until then');
});

test('endpoints of a version that loses its share change after the routes without it are acknowledged', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  const emptied = [...A, cluster('b'), endpoint('b', 'none')];
  assert.deepEqual(client.publish(...emptied, table('2', 'a')), ['route +outbound@2']);
  assert.equal(client.settled, 1);
  assert.deepEqual(client.ack('route'), ['endpoint +b@none']);
  client.ack('endpoint');
  assert.equal(client.settled, 2);
});

test('endpoints do not wait for routes that lead on to them, or that are refused', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  const fewer = [...A, cluster('b'), endpoint('b', 'fewer')];
  assert.deepEqual(client.publish(...fewer, table('2', 'a', 'b')), ['endpoint +b@fewer', 'route +outbound@2']);
  client.ack('endpoint');
  client.ack('route');
  assert.deepEqual(client.publish(...A, cluster('b'), endpoint('b', 'none'), table('3', 'a')), ['route +outbound@3']);
  assert.deepEqual(client.nack('route', 'outbound: no'), ['endpoint +b@none']);
});

test('a changed cluster has its endpoints behind it even where the routes are about to leave it', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  assert.deepEqual(client.publish(...A, cluster('b', '2'), endpoint('b', 'none'), table('2', 'a')), [
    'cluster +b@2',
    'endpoint +b@none',
    'route +outbound@2',
  ]);
});

test('a cluster goes after the routes without it are acknowledged, and after the drain', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  assert.deepEqual(client.publish(...A, table('2', 'a')), ['route +outbound@2']);
  assert.deepEqual(client.wait(DRAIN * 2), [], 'not acknowledged');
  assert.deepEqual(client.ack('route'), []);
  assert.equal(client.settled, 2, 'a late removal holds nobody up');
  assert.equal(client.wakeAt, client.now + DRAIN);
  assert.deepEqual(client.wait(DRAIN - 1), []);
  assert.deepEqual(client.wait(1), ['cluster -b']);
  assert.deepEqual(client.wait(DRAIN), [], 'a removal that is on its way has not happened yet');
  assert.deepEqual(client.ack('cluster'), []);
  assert.deepEqual(client.wait(DRAIN), ['endpoint -b'], 'endpoints go behind their cluster');
});

test('Envoy takes back its subscription to the endpoints of a cluster that is gone, and is not told about them', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  client.publish(...A, table('2', 'a'));
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN), ['cluster -b']);
  client.ask('endpoint', { unsubscribe: ['b'] });
  client.ack('cluster');
  assert.deepEqual(client.wait(DRAIN * 2), []);
});

test('a cluster that comes back while it drains stays', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  client.publish(...A, table('2', 'a'));
  client.ack('route');
  assert.deepEqual(client.publish(...A, ...B, table('3', 'a', 'b')), ['route +outbound@3']);
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN * 2), []);
  client.publish(...A, table('4', 'a'));
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN - 1), [], 'the drain starts anew');
});

test('a cluster that comes back while its removal is unanswered is added before a route to it', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  client.publish(...A, table('2', 'a'));
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN), ['cluster -b']);
  assert.deepEqual(client.publish(...A, ...B, table('3', 'a', 'b')), []);
  assert.deepEqual(client.ack('cluster'), ['cluster +b@1', 'endpoint +b@1']);
  assert.deepEqual(client.ack('cluster'), ['route +outbound@3']);
});

test('nothing is added and removed in one response', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  client.publish(...A, table('2', 'a'));
  client.ack('route');
  client.isStalled = true;
  client.wait(DRAIN - 1);
  client.isStalled = false;
  client.now += 1;
  assert.deepEqual(client.publish(...A, ...both('c'), table('2', 'a')), ['cluster +c@1', 'endpoint +c@1']);
  client.ack('endpoint');
  assert.deepEqual(client.ack('cluster'), ['cluster -b']);
});

test('a cluster stays while a route to it is on its way', () => {
  const client = warm(...A, ...B, table('1', 'a'));
  client.publish(...A, ...B, table('2', 'a', 'b'));
  assert.deepEqual(client.publish(...A, table('3', 'a')), []);
  assert.deepEqual(client.wait(DRAIN * 2), []);
  assert.deepEqual(client.ack('route'), ['route +outbound@3']);
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN), ['cluster -b']);
});

test('clusters that are known by name are learnt from routes, so the routes do not wait for them', () => {
  const client = new Conversation('delta', ...A, ...B, listener('api', '1', ['a']));
  assert.deepEqual(client.ask('listener', { names: ['api'] }), ['listener +api@1']);
  client.ack('listener');
  assert.deepEqual(client.ask('cluster', { names: ['a'] }), ['cluster +a@1']);
  client.ack('cluster');
  assert.deepEqual(client.publish(...A, ...B, listener('api', '2', ['a', 'b'])), ['listener +api@2']);
});

test('routes alone are served without clusters', () => {
  const client = new Conversation('delta', ...A, table('1', 'a'));
  assert.deepEqual(client.ask('route', { names: ['outbound'] }), ['route +outbound@1']);
});

// Envoy 1.40 sends all its requests at once when it reconnects, in no order that one may rely on.
const brought = { a: '1' };
const changed = [cluster('a', '2'), endpoint('a'), ...B, table('2', 'a', 'b')];

test('after a reconnect endpoints of a cluster that is sent again are sent, though the client has their version', () => {
  const client = new Conversation('delta', ...changed);
  assert.deepEqual(client.ask('cluster', { brought }), ['cluster +a@2 +b@1']);
  assert.deepEqual(client.ask('endpoint', { names: ['a'], brought }), ['endpoint +a@1 +b@1']);
});

test('after a reconnect that asks for endpoints first, they are sent behind their cluster all the same', () => {
  const client = new Conversation('delta', ...changed);
  assert.deepEqual(client.ask('endpoint', { names: ['a'], brought }), []);
  assert.deepEqual(client.ask('cluster', { brought }), ['cluster +a@2 +b@1', 'endpoint +a@1 +b@1']);
});

test('after a reconnect routes wait for the clusters they refer to', () => {
  const client = new Conversation('delta', ...changed);
  assert.deepEqual(client.ask('route', { names: ['outbound'], brought: { outbound: '1' } }), [], 'clusters will come');
  assert.deepEqual(client.ask('cluster', { brought }), ['cluster +a@2 +b@1']);
  client.ask('endpoint', { names: ['a'], brought });
  assert.deepEqual(client.ack('cluster'), ['route +outbound@2']);
});

test('after a reconnect of a client that has its clusters from elsewhere, routes wait a moment only', () => {
  const client = new Conversation('delta', ...changed);
  client.ask('route', { names: ['outbound'], brought: { outbound: '1' } });
  assert.equal(client.wakeAt, 1000);
  assert.deepEqual(client.wait(1000), ['route +outbound@2']);
});

test('after a reconnect a cluster that is gone stays until the routes are known not to need it', () => {
  const client = new Conversation('delta', ...A, table('2', 'a'));
  assert.deepEqual(client.ask('cluster', { brought: { a: '1', gone: '1' } }), []);
  assert.deepEqual(client.ask('route', { names: ['outbound'], brought: { outbound: '1' } }), ['route +outbound@2']);
  assert.deepEqual(client.wait(DRAIN * 2), []);
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN), ['cluster -gone']);
});

test('after a reconnect by streams of one type each, a cluster stays until the stream of the routes is back', () => {
  const client = new Conversation('delta', ...A, table('2', 'a'));
  client.isAlone = true;
  client.ask('cluster', { brought: { a: '1', gone: '1' } });
  assert.deepEqual(client.wait(DRAIN * 2), [], 'it may take longer than the drain');
  assert.deepEqual(client.ask('route', { names: ['outbound'], brought: { outbound: '1' } }), ['route +outbound@2']);
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN), ['cluster -gone']);
});

test('after a reconnect with current routes, what they refer to is known', () => {
  const client = new Conversation('delta', ...A, table('1', 'a'));
  client.ask('cluster', { brought: { a: '1', gone: '1' } });
  client.ask('route', { names: ['outbound'], brought: { outbound: '1' } });
  assert.deepEqual(client.wait(DRAIN), ['cluster -gone']);
});

test('after a reconnect with current routes, a version that loses its share keeps its endpoints until they are replaced', () => {
  const client = new Conversation('delta', ...A, ...B, table('1', 'a', 'b'));
  client.ask('cluster', { brought: { a: '1', b: '1' } });
  client.ask('endpoint', { names: ['a', 'b'], brought: { a: '1', b: '1' } });
  client.ask('route', { names: ['outbound'], brought: { outbound: '1' } });
  const emptied = [...A, cluster('b'), endpoint('b', 'none')];
  assert.deepEqual(client.publish(...emptied, table('2', 'a')), ['route +outbound@2']);
  assert.deepEqual(client.ack('route'), ['endpoint +b@none']);
});

test('after a reconnect to another world, a version without a share keeps its endpoints until the routes are replaced', () => {
  const client = new Conversation(
    'delta',
    cluster('a'),
    endpoint('a', '2'),
    cluster('b'),
    endpoint('b', 'none'),
    table('2', 'a'),
  );
  const old = { a: '1', b: '1' };
  client.ask('cluster', { brought: old });
  assert.deepEqual(client.ask('endpoint', { names: ['a', 'b'], brought: old }), ['endpoint +a@2'], 'routes will come');
  client.ack('endpoint');
  assert.deepEqual(client.ask('route', { names: ['outbound'], brought: { outbound: '1' } }), ['route +outbound@2']);
  assert.deepEqual(client.ack('route'), ['endpoint +b@none']);
});

test('a client that lost the stream of its routes keeps the clusters until it is back', () => {
  const client = warm(...A, ...B, table('1', 'a', 'b'));
  client.session.close('route', client.now);
  client.publish(...A, table('2', 'a'));
  assert.deepEqual(client.wait(DRAIN * 2), []);
  assert.deepEqual(client.ask('route', { names: ['outbound'], brought: { outbound: '1' } }), ['route +outbound@2']);
  client.ack('route');
  assert.deepEqual(client.wait(DRAIN), ['cluster -b']);
});

test('a publication that concerns nobody settles at once', () => {
  const client = warm(...A, table('1', 'a'));
  assert.deepEqual(client.publish(...A, table('1', 'a'), listener('api')), []);
  assert.equal(client.settled, 2);
  assert.equal(client.session.acknowledged, 2);
});
