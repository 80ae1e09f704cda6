import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { type ObjectKey, objectKey } from '../../../src/base/index.js';
import { hostOf, SmallServer, type SmallStream } from './small-server.js';

// What a change costs with a thousand proxies, in what is done and not in time: whom it is brought to, and what is made.

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
afterEach(() => mock.timers.reset());

const PROXIES = 1000;
const HOSTS = 100;
const keyOf = (index: number): ObjectKey => objectKey('shop', `n${index % HOSTS}`);
const clusterOf = (index: number): string => `${keyOf(index)}:80@v1`;

function world(): SmallServer {
  const server = new SmallServer();
  server.publish(Array.from({ length: HOSTS }, (_, index) => [keyOf(index), hostOf(keyOf(index))] as const));
  return server;
}

/** A thousand clients, each of which has done something and has everything that came of it. */
function clients(
  connect: (index: number) => SmallStream,
  act: (client: SmallStream, index: number) => void,
): SmallStream[] {
  return Array.from({ length: PROXIES }, (_, index) => {
    const client = connect(index);
    act(client, index);
    client.settle();
    return client;
  });
}

function told(server: SmallServer, what: 'pushed' | 'awaited'): number {
  return server.told(what).length;
}

test('a change of a host is brought to the workloads that call it, and to no others', () => {
  const server = world();
  const callers = clients(
    (index) => server.connect({ id: `p${index}`, workload: `w${index % HOSTS}` }),
    (client, index) => {
      client.ask('cluster');
      client.ask('route', { names: ['outbound'] });
      client.ask('virtualHost');
      client.ask('virtualHost', { names: [`outbound/n${index % HOSTS}`] });
      client.ask('endpoint', { names: [clusterOf(index)] });
    },
  );
  const before = { pushed: told(server, 'pushed'), awaited: told(server, 'awaited'), made: server.made };
  assert.equal(server.publish([[keyOf(7), hostOf(keyOf(7), { weight: '2' })]]), PROXIES / HOSTS);
  assert.equal(server.touched, 1, 'one workload');
  assert.equal(told(server, 'pushed') - before.pushed, PROXIES / HOSTS);
  assert.equal(told(server, 'awaited') - before.awaited, PROXIES / HOSTS);
  assert.equal(server.made - before.made, 1, 'all of them get the same bytes');
  const others = callers.filter((_, index) => index % HOSTS !== 7);
  assert.deepEqual(
    others.flatMap((client) => client.take()),
    [],
  );
  assert.equal(server.publish([[objectKey('shop', 'new'), hostOf(objectKey('shop', 'new'))]]), 0);
  assert.equal(server.touched, 0, 'nobody has called it');
});

test('clients that name what they want are told of that alone', () => {
  const server = world();
  clients(
    (index) => server.connect({ id: `p${index}`, routing: 'scoped' }),
    (client, index) => {
      client.ask('cluster', { names: [clusterOf(index)] });
      client.ask('endpoint', { names: [clusterOf(index)] });
    },
  );
  assert.equal(server.publish([[keyOf(7), hostOf(keyOf(7), { pods: '2' })]]), PROXIES / HOSTS);
  assert.equal(server.touched, PROXIES / HOSTS);
});

test('a weight costs clients that are served everything one small message, made once', () => {
  const server = world();
  const names = Array.from({ length: HOSTS }, (_, index) => `outbound/n${index}.shop.svc.cluster.local`);
  const endpoints = Array.from({ length: HOSTS }, (_, index) => clusterOf(index));
  const all = clients(
    (index) => server.connect({ id: `p${index}`, routing: 'scoped' }),
    (client) => {
      client.ask('cluster');
      client.ask('endpoint', { names: endpoints });
      client.ask('scopedRoute');
      client.ask('route', { names });
    },
  );
  const { made } = server;
  assert.equal(server.publish([[keyOf(7), hostOf(keyOf(7), { weight: '2' })]]), PROXIES);
  assert.equal(server.made - made, 1);
  for (const client of all) assert.deepEqual(client.take(), [`route +${names[7]}`]);
});

test('a thousand clients that start alike are answered with one message a type', () => {
  const server = world();
  const { made } = server;
  clients(
    (index) => server.connect({ id: `p${index}`, routing: 'scoped' }),
    (client) => {
      client.ask('cluster');
      client.ask('endpoint', { names: Array.from({ length: HOSTS }, (_, index) => clusterOf(index)) });
      client.ask('scopedRoute');
    },
  );
  assert.equal(server.made - made, 3);
});

test('a client that goes leaves nothing behind that a change is brought to', () => {
  const server = new SmallServer({ forgetAfter: 1000 });
  server.publish([[keyOf(0), hostOf(keyOf(0))]]);
  const all = clients(
    (index) =>
      server.connect({ id: `p${index}`, workload: `w${index}`, routing: index % 2 === 0 ? 'scoped' : 'onDemand' }),
    (client) => {
      client.ask('cluster');
      client.ask('virtualHost', { names: ['*', 'outbound/n0', 'outbound/nobody'] });
    },
  );
  for (const client of all) client.close();
  server.tick(5000);
  assert.equal(server.publish([[keyOf(0), hostOf(keyOf(0), { weight: '2' })]]), 0);
  assert.equal(server.touched, 0);
  assert.deepEqual([...server.proxies], []);
});
