import assert from 'node:assert/strict';
import { get } from 'node:http';
import { type TestContext, test } from 'node:test';
import type { TrafficPolicy } from '../../src/intent/index.js';
import { type EchoServer, startEcho } from '../harness/echo-server.js';
import { startEnvoy } from '../harness/envoy-process.js';
import { freePort } from '../harness/free-port.js';
import { usesRealEnvoy } from '../harness/real-envoy.js';
import { backend, CANARY, host, ms, PLAIN_POLICY, port, portIntent, route, STABLE } from '../unit/resources/given.js';
import { staticConfig } from './static-config.js';

// Envoy gives no cookie to a new user while it chooses among weighted clusters, so our routes do; what they rely on (that the
// request's id and the cookie made of it hash alike) is a fact of Envoy's, and held here.

const USERS = 24;

test('a user without a cookie gets one and stays on the version of the first answer', async (t) => {
  const ask = await splitEvenly(t, { kind: 'cookie', name: 'penstock-version', ttl: ms(60_000) });
  if (ask === undefined) return;
  const versions = new Set<string>();
  for (let user = 0; user < USERS; user += 1) {
    const first = await ask({});
    assert.match(first.cookie ?? '', /^penstock-version=[0-9a-f-]{36}; Max-Age=60; Path=\/; HttpOnly$/);
    const cookie = `theme=dark; ${first.cookie?.split(';')[0]}`;
    for (let request = 0; request < 4; request += 1) {
      assert.deepEqual(await ask({ cookie }), { version: first.version, cookie: undefined });
    }
    versions.add(first.version);
  }
  assert.deepEqual([...versions].sort(), ['canary', 'stable']);
});

test('equal values of a sticky header get the same version', async (t) => {
  const ask = await splitEvenly(t, { kind: 'header', name: 'x-user' });
  if (ask === undefined) return;
  const versions = new Set<string>();
  for (let user = 0; user < USERS; user += 1) {
    const first = await ask({ 'x-user': `user-${user}` });
    for (let request = 0; request < 4; request += 1) assert.deepEqual(await ask({ 'x-user': `user-${user}` }), first);
    versions.add(first.version);
  }
  assert.deepEqual([...versions].sort(), ['canary', 'stable']);
});

interface Answer {
  readonly version: string;
  readonly cookie: string | undefined;
}

type Ask = (headers: Readonly<Record<string, string>>) => Promise<Answer>;

/** An Envoy that splits `web` by halves; undefined (and the test skipped) without an Envoy. */
async function splitEvenly(t: TestContext, sticky: TrafficPolicy['sticky']): Promise<Ask | undefined> {
  const binary = usesRealEnvoy(t);
  if (binary === undefined) return undefined;
  const [stable, canary] = await Promise.all([startEcho('stable'), startEcho('canary')]);
  const endpoint = (echo: EchoServer) => [{ address: '127.0.0.1', port: port(echo.port) }];
  const web = host(
    portIntent({
      versions: [STABLE, CANARY],
      routes: [route({ backends: [backend(STABLE, 50), backend(CANARY, 50)] })],
      policy: { ...PLAIN_POLICY, sticky },
    }),
  );
  const config = staticConfig([web], await freePort(), (name) => endpoint(name.endsWith('@9a8b') ? canary : stable));
  const envoy = await startEnvoy(binary.path, config.text);
  t.after(() => Promise.all([envoy.stop(), stable.close(), canary.close()]));
  return (headers) => request(config.port, headers);
}

function request(outbound: number, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: outbound, path: '/', headers: { host: 'web', ...headers } }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({ version: String(response.headers['x-version']), cookie: response.headers['set-cookie']?.[0] }),
      );
    }).on('error', reject);
  });
}
