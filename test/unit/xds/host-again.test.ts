import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { hostOf, SmallServer, type SmallStream, WEB } from './small-server.js';

// What a proxy that asks for its hosts has to be told, and what it may not ask: both were met with a real Envoy 1.40.

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
afterEach(() => mock.timers.reset());

const CLUSTER = 'shop/web:80@v1';

/** A proxy that has called a host. */
function caller(server: SmallServer): SmallStream {
  const envoy = server.connect({ id: 'a' });
  for (const kind of ['cluster', 'listener', 'virtualHost'] as const) {
    envoy.ask(kind);
    envoy.ack(kind);
  }
  envoy.ask('route', { names: ['outbound'] });
  envoy.ack('route');
  envoy.ask('virtualHost', { names: ['outbound/web'] });
  envoy.ask('endpoint', { names: [CLUSTER] });
  for (const kind of ['cluster', 'endpoint', 'virtualHost'] as const) envoy.ack(kind);
  return envoy;
}

test('a host that is forgotten after its Service went is asked for again: the table turns although nothing else goes', () => {
  const server = new SmallServer({ forgetAfter: 1000, drainDelay: 0 });
  server.publish([[WEB, hostOf(WEB)]]);
  const envoy = caller(server);
  server.publish([[WEB, undefined]]);
  envoy.settle();
  for (let at = 0; at < 1000; at += 250) {
    server.workloads.used('a', []);
    server.tick(250);
  }
  assert.deepEqual(envoy.take(), ['route +outbound']);
  envoy.ack('route');
  envoy.settle();
  server.publish([[WEB, hostOf(WEB)]]);
  assert.deepEqual(envoy.settle(), [], 'nobody has called it since');
  const lines = [...envoy.ask('virtualHost', { names: ['outbound/web'] }), ...envoy.settle()];
  assert.equal(lines[0], `cluster +${CLUSTER}`);
});

test('a client whose stream for all types begins with anything but clusters is not asked what it calls', () => {
  const server = new SmallServer();
  for (const [kind, scope] of [
    ['cluster', 'lazy'],
    ['endpoint', 'full'],
    ['route', 'full'],
    ['listener', 'full'],
  ] as const) {
    const envoy = server.connect({ id: kind });
    envoy.ask(kind, kind === 'endpoint' || kind === 'route' ? { names: ['outbound'] } : {});
    assert.equal(envoy.proxy.state().scope, scope, kind);
  }
});
