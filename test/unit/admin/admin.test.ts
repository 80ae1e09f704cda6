import assert from 'node:assert/strict';
import { request, type RequestOptions } from 'node:http';
import { type Server, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type AdminFacts, AdminServer, type ProxyFacts, type RolloutFacts } from '../../../src/admin/index.js';
import { ControlPlaneError, objectKey } from '../../../src/base/index.js';
import { type Logger, SILENT } from '../../../src/observe/index.js';

const ROLLOUT: RolloutFacts = {
  namespace: 'shop',
  name: 'web',
  stable: '5c7b9dd8f9',
  canary: '7d4f6c5b8c',
  total: 100,
  split: [{ version: '5c7b9dd8f9', weight: 100 }],
  managedRoutes: [],
  problems: [],
};
const PROXY: ProxyFacts = {
  id: 'sidecar~shop~web/1',
  namespace: 'shop',
  workload: 'web',
  client: 'envoy 1.40.0',
  peer: '127.0.0.1:4711',
  connectedAt: '2026-01-01T00:00:00.000Z',
  scope: 'lazy',
  hosts: [objectKey('shop', 'cart')],
  aggregated: true,
  sequence: 3,
  acknowledged: 3,
  types: [],
};

let isReady = true;
let broken: Error | undefined;
const facts: AdminFacts = {
  isReady: () => isReady,
  rollouts: () => [ROLLOUT],
  rollout: (namespace, name) => (namespace === 'shop' && name === 'web' ? ROLLOUT : undefined),
  proxies: () => [PROXY],
  proxy: (id) => (id === PROXY.id ? PROXY : undefined),
  metrics: async () => {
    if (broken !== undefined) throw broken;
    return { contentType: 'text/plain; version=0.0.4', text: 'penstock_proxies 1\n' };
  },
};

const logged: string[] = [];
const log: Logger = { ...SILENT, error: (_, sentence) => void logged.push(sentence) };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let port = 0;

function ask(path: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

const withHost = (host: string): Promise<Answer> => ask('/livez', { headers: { host } });

describe('the admin server', () => {
  const server = new AdminServer({ host: '127.0.0.1', port: 0 }, facts, log);
  before(async () => {
    ({ port } = await server.start());
  });
  after(() => server.stop());

  const answers: readonly { readonly path: string; readonly status?: number; readonly want: unknown }[] = [
    { path: '/livez', want: { status: 'alive' } },
    { path: '/readyz', want: { status: 'ready' } },
    { path: '/readyz?verbose=1', want: { status: 'ready' } },
    { path: '/v1/rollouts', want: { rollouts: [ROLLOUT] } },
    { path: '/v1/rollouts/shop/web', want: ROLLOUT },
    { path: '/v1/proxies', want: { proxies: [PROXY] } },
    { path: `/v1/proxies/${encodeURIComponent(PROXY.id)}`, want: PROXY },
    {
      path: '/v1/rollouts/shop/nobody',
      status: 404,
      want: {
        error: {
          code: 'NOT_FOUND',
          message: 'no Rollout shop/nobody shapes traffic; /v1/rollouts lists those that do',
        },
      },
    },
    {
      path: '/v1/proxies/nobody',
      status: 404,
      want: {
        error: { code: 'NOT_FOUND', message: 'no proxy nobody is connected; /v1/proxies lists those that are' },
      },
    },
    {
      path: '/v1/proxies/%zz',
      status: 400,
      want: { error: { code: 'REQUEST_INVALID', message: 'the path holds an invalid percent escape' } },
    },
  ];
  for (const { path, status = 200, want } of answers) {
    test(`answers ${path} with ${status}`, async () => {
      const answer = await ask(path);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      assert.deepEqual(JSON.parse(answer.body), want);
    });
  }

  for (const path of ['/', '/v1', '/v1/rollouts/', '/v1/rollouts/shop', '/v1/rollouts//web', '/livez/x', '/../livez']) {
    test(`has nothing at ${path} and tells what there is`, async () => {
      const { status, body } = await ask(path);
      assert.equal(status, 404);
      assert.match(body, /"nothing is at this path; there is \/livez, \/readyz, .*\/v1\/rollouts\/NAMESPACE\/NAME/);
    });
  }

  test('is not ready before the first snapshot', async () => {
    isReady = false;
    const answer = await ask('/readyz');
    isReady = true;
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [503, { status: 'not ready' }]);
  });

  test('answers metrics as the text they are', async () => {
    const { status, headers, body } = await ask('/metrics');
    assert.deepEqual(
      [status, headers['content-type'], body],
      [200, 'text/plain; version=0.0.4', 'penstock_proxies 1\n'],
    );
  });

  test('answers HEAD as GET, without a body', async () => {
    const get = await ask('/v1/rollouts');
    const head = await ask('/v1/rollouts', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
    assert.equal((await ask('/nowhere', { method: 'HEAD' })).status, 404);
  });

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    test(`changes nothing: ${method} is refused`, async () => {
      const { status, headers, body } = await ask('/v1/rollouts', { method });
      assert.deepEqual([status, headers['allow']], [405, 'GET, HEAD']);
      assert.match(body, /"code": "REQUEST_INVALID"/);
    });
  }

  test('keeps browsers from making anything of an answer', async () => {
    for (const path of ['/livez', '/metrics', '/nowhere']) {
      const { headers } = await ask(path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['cache-control'], 'no-store', path);
      assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'", path);
      assert.equal(headers['x-frame-options'], 'DENY', path);
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path);
      assert.equal(headers['access-control-allow-origin'], undefined, path);
    }
  });

  for (const host of [
    '127.0.0.1',
    '127.0.0.1:18080',
    'localhost',
    'LOCALHOST:1',
    '[::1]:18080',
    '10.0.0.7',
    'localhost.',
  ]) {
    test(`answers under the Host ${host}`, async () => assert.equal((await withHost(host)).status, 200));
  }

  for (const host of [
    'penstock.example',
    'localhost.example',
    '127.0.0.1.example:80',
    'a@127.0.0.1',
    '[::1',
    '127.0.0.1:x',
  ]) {
    test(`refuses the Host ${host}, be it read by GET or by another method`, async () => {
      const { status, body } = await withHost(host);
      assert.equal(status, 403);
      assert.match(body, /DNS rebinding/);
      assert.equal((await ask('/livez', { method: 'POST', headers: { host } })).status, 403);
    });
  }

  test('a fault of ours is a 500 that tells nothing of it; the log does', async () => {
    broken = new Error('secret');
    const { status, body } = await ask('/metrics');
    broken = undefined;
    assert.equal(status, 500);
    assert.match(body, /"code": "INTERNAL"/);
    assert.ok(!body.includes('secret'));
    assert.deepEqual(logged, ['an admin request failed']);
    assert.equal((await ask('/livez')).status, 200);
  });
});

test('the name that it was told to listen on is answered', async () => {
  const server = new AdminServer({ host: 'localhost', port: 0 }, facts, log);
  const { port: own } = await server.start();
  const answer = await ask('/livez', { host: 'localhost', port: own, headers: { host: `LocalHost:${own}` } });
  assert.equal(answer.status, 200);
  await server.stop();
});

async function startError(host: string, taken: number): Promise<ControlPlaneError> {
  const server = new AdminServer({ host, port: taken }, facts, log);
  try {
    await server.start();
  } catch (error) {
    assert.ok(error instanceof ControlPlaneError);
    return error;
  }
  await server.stop();
  throw new Error('it listens');
}

test('a port in use is told with the flag that changes it', async () => {
  const holder: Server = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { code, message } = await startError('127.0.0.1', address.port);
  holder.close();
  assert.equal(code, 'ADDRESS_IN_USE');
  assert.match(message, new RegExp(`^port ${address.port} of 127\\.0\\.0\\.1 is in use: .*--admin-address`));
});

test('an address that is not of this machine is told', async () => {
  const { code, message } = await startError('192.0.2.1', 0);
  assert.equal(code, 'ADDRESS_INVALID');
  assert.match(message, /--admin-address/);
});

test('a server that never started can be stopped', async () => {
  await new AdminServer({ host: '127.0.0.1', port: 0 }, facts, log).stop();
});
