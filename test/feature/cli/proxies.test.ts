import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { ModelEnvoy } from '../../harness/model-envoy.js';
import { until, within } from '../../harness/poll.js';
import { serve, type Serving } from '../../harness/product.js';
import { XdsClient } from '../../harness/xds-client.js';
import { at, penstock, shopFolder } from './given.js';

const DELTA = { variant: 'delta', aggregated: true } as const;

interface Scene {
  readonly folder: string;
  readonly serving: Serving;
  readonly server: string;
}

async function scene(t: TestContext): Promise<Scene> {
  const folder = await shopFolder(t);
  const serving = await serve(folder);
  t.after(() => serving.process.stop());
  return { folder, serving, server: `http://127.0.0.1:${serving.adminPort}` };
}

/** The first log line with this sentence and these words, as an object. */
async function logged({ process }: Serving, matches: RegExp): Promise<unknown> {
  return JSON.parse(await within(String(matches), process.line(matches, 'stderr'), process.stderr));
}

/** Waits until the server says that all connected proxies have acknowledged everything. */
async function settled(server: string, count: number): Promise<void> {
  await until('all proxies to be up to date', async () => {
    const { stdout } = await penstock(['proxies', '--server', server, '-o', 'json']);
    const list = at(JSON.parse(stdout), 'proxies') as readonly unknown[];
    const isDone = list.length === count && list.every((proxy) => at(proxy, 'acknowledged') === at(proxy, 'sequence'));
    return isDone || undefined;
  });
}

describe('serve with proxies', { concurrency: 2 }, () => {
  test('logs to how many proxies a change went, how many bytes, how long until the last ACK', async (t) => {
    const { folder, serving, server } = await scene(t);
    for (const name of ['one', 'two']) {
      const envoy = new ModelEnvoy({
        ...DELTA,
        port: serving.xdsPort,
        namespace: 'shop',
        nodeId: `sidecar~shop~${name}`,
      });
      t.after(() => envoy.close());
      await logged(serving, new RegExp(`sidecar~shop~${name}.*"proxy connected"`));
    }
    await settled(server, 2);
    await penstock(['play', '-f', folder, '--rollout', 'shop/web', '--step-seconds', '0', '--until', '1']);
    const change = await logged(serving, /weight 0 → 20.*"change served"/);
    assert.equal(at(change, 'proxies'), 2);
    const [bytes, ms] = [Number(at(change, 'bytes')), Number(at(change, 'ms'))];
    assert.ok(bytes > 0, JSON.stringify(change));
    assert.ok(ms > 0 && ms < 5000, JSON.stringify(change));
    const metrics = await (await fetch(`${server}/metrics`)).text();
    assert.match(metrics, /^penstock_proxies 2$/m);
    assert.match(metrics, /^penstock_xds_nacks_total\{type="route"\} 0$/m);
    assert.match(metrics, /^penstock_convergence_seconds_count [1-9]/m);
  });

  test('`proxies` shows them, up to date, and forgets them when they go', async (t) => {
    const { serving, server } = await scene(t);
    const envoy = new ModelEnvoy({ ...DELTA, port: serving.xdsPort, namespace: 'shop', nodeId: 'sidecar~shop~caller' });
    t.after(() => envoy.close());
    await logged(serving, /sidecar~shop~caller.*"proxy connected"/);
    await settled(server, 1);
    const { code, stdout } = await penstock(['proxies', '--server', server]);
    assert.equal(code, 0);
    const [heading = '', row = ''] = stdout.split('\n');
    assert.match(heading, /^PROXY +NAMESPACE +CLIENT +STATE$/);
    assert.match(row, /^sidecar~shop~caller +shop +.*up to date$/);
    const wide = await penstock(['proxies', '--server', server, '-o', 'wide']);
    assert.match(wide.stdout, /RESOURCES.*\n.*cluster 2/);
    const yaml = await penstock(['proxies', '--server', server, '-o', 'yaml']);
    assert.match(yaml.stdout, /^proxies:\n {2}- id: sidecar~shop~caller$/m);
    envoy.close();
    await logged(serving, /sidecar~shop~caller.*"proxy gone"/);
    assert.match((await penstock(['proxies', '--server', server])).stdout, /^no proxy is connected/);
  });

  test('a rejection is logged with its words, counted, and shown by `proxies`', async (t) => {
    const { serving, server } = await scene(t);
    const client = new XdsClient({ ...DELTA, port: serving.xdsPort, namespace: 'shop', nodeId: 'sidecar~shop~picky' });
    t.after(() => client.close());
    // What was refused together is tried one by one: all of it is refused again.
    client.onResponse = (response) => client.nack(response, 'no such thing\u001b[2J');
    client.subscribe('cluster');
    const rejection = await logged(serving, /"msg":"rejected by a proxy/);
    assert.deepEqual([at(rejection, 'level'), at(rejection, 'proxy')], ['warn', 'sidecar~shop~picky']);
    assert.match(await (await fetch(`${server}/metrics`)).text(), /^penstock_xds_nacks_total\{type="cluster"\} [1-9]/m);
    const shown = await until('the rejection', async () => {
      const { stdout } = await penstock(['proxies', '--server', server]);
      return stdout.includes('rejected: ') ? stdout : undefined;
    });
    assert.match(shown, /rejected: no such thing\\u\{1b\}\[2J/);
  });
});

test('`proxies` where no server is: 1, with what to look at', async () => {
  const { code, stdout, stderr } = await penstock(['proxies', '--server', 'http://127.0.0.1:9']);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /nothing answers there; is penstock serve running.*\[SERVER_UNREACHABLE\]/);
});
