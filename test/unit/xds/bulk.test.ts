import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncodedResource } from '../../../src/codec/index.js';
import { Sharing } from '../../../src/xds/protocol/sharing.js';
import { both, cluster, Conversation, endpoint, viewOf } from './given.js';

// What a client asks for first is answered as a whole, looked up once for all clients that ask alike.

const NAMES: readonly string[] = Array.from({ length: 40 }, (_, index) => `c${String(index).padStart(2, '0')}`);
const ALL: readonly EncodedResource[] = NAMES.flatMap((name) => both(name));

function brought(lines: readonly string[], kind: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`${kind} `)).flatMap((line) => line.split(' ').slice(1));
}

test('clusters and endpoints that are asked for by the same names are not mistaken for each other', () => {
  const client = new Conversation('delta', ...ALL);
  assert.deepEqual(
    brought(client.ask('endpoint', { names: NAMES }), 'endpoint'),
    NAMES.map((name) => `+${name}@1`),
  );
  assert.deepEqual(
    client.ask('cluster', { names: NAMES }).map((line) => line.split(' ')[0]),
    ['cluster', 'endpoint'],
  );
  const sharing = new Sharing();
  const view = viewOf([...NAMES.map((name) => cluster(name)), ...NAMES.map((name) => endpoint(name))]);
  for (const kind of ['cluster', 'endpoint'] as const) {
    assert.equal(sharing.under(view, kind, NAMES).found.resources[0]?.kind, kind);
    assert.equal(sharing.everything(view, kind).found.resources[0]?.kind, kind);
  }
});

test('equal questions to one view have one answer', () => {
  const sharing = new Sharing();
  const view = viewOf(ALL);
  const names = sharing.names(NAMES).names;
  assert.equal(sharing.names([...NAMES]).names, names, 'also when they come in other arrays');
  assert.equal(sharing.under(view, 'cluster', names), sharing.under(view, 'cluster', names));
  assert.notEqual(sharing.under(viewOf(ALL), 'cluster', names), sharing.under(view, 'cluster', names));
  assert.equal(sharing.everything(view, 'cluster'), sharing.everything(view, 'cluster'));
  const list = sharing.list(ALL);
  assert.equal(sharing.list([...ALL]), list);
  assert.notEqual(sharing.list(ALL.slice(1)), list);
});

test('a name in both lists of a long request is not wanted', () => {
  const client = new Conversation('delta', ...ALL);
  const lines = client.ask('cluster', { names: NAMES, unsubscribe: ['c05'] });
  assert.deepEqual(
    brought(lines, 'cluster'),
    NAMES.filter((name) => name !== 'c05').map((name) => `+${name}@1`),
  );
});

test('names that do not exist are told beside those that do, and sent when they come', () => {
  const client = new Conversation('delta', ...NAMES.slice(1).flatMap((name) => both(name)));
  const lines = client.ask('cluster', { names: NAMES });
  assert.deepEqual(brought(lines, 'cluster'), [...NAMES.slice(1).map((name) => `+${name}@1`), '-c00']);
  client.ack('cluster');
  assert.deepEqual(client.publish(...ALL), ['cluster +c00@1']);
});

test('a long request that waits for a write is answered whatever is asked behind it', () => {
  const client = new Conversation('delta', ...ALL);
  client.isStalled = true;
  assert.deepEqual(client.ask('cluster', { names: ['later'] }), ['cluster -later']);
  // The network has brought the response, and nobody has told so yet.
  assert.deepEqual(client.ack('cluster'), []);
  assert.deepEqual(client.ask('cluster', { names: NAMES }), []);
  assert.deepEqual(client.ask('cluster', { unsubscribe: ['c01', 'nobody'] }), []);
  assert.deepEqual(
    brought(client.flush('cluster'), 'cluster'),
    NAMES.filter((name) => name !== 'c01').map((name) => `+${name}@1`),
  );
});

test('what changes while a long answer waits for a write goes out as it is then', () => {
  const client = new Conversation('delta', ...ALL);
  client.isStalled = true;
  client.ask('cluster', { names: ['later'] });
  client.ack('cluster');
  client.ask('cluster', { names: NAMES });
  client.publish(...both('c00', '2'), ...ALL.slice(2));
  assert.equal(brought(client.flush('cluster'), 'cluster')[0], '+c00@2');
});

test('in one long request of the state of the world, too, everything comes once', () => {
  const client = new Conversation('sotw', ...ALL);
  const lines = client.ask('endpoint', { names: NAMES });
  assert.deepEqual(
    brought(lines, 'endpoint'),
    NAMES.map((name) => `+${name}@1`),
  );
  assert.deepEqual(client.ack('endpoint', { names: NAMES }), []);
});

test('a client that never asks for endpoints is owed each of them once, however often its clusters change', () => {
  const client = new Conversation('delta', ...ALL);
  client.ask('cluster');
  for (let round = 2; round < 50; round += 1) {
    client.ack('cluster');
    client.publish(...both('c00', `${round}`), ...ALL.slice(2));
  }
  client.ack('cluster');
  assert.deepEqual(brought(client.ask('endpoint', { names: ['c00'] }), 'endpoint').toSorted(), [
    '+c00@49',
    ...NAMES.slice(1).map((name) => `+${name}@1`),
  ]);
});
