import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics, type Metrics } from '../../../src/observe/index.js';

/** The samples whose name starts with `penstock_`, name with labels to value. */
async function samples(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith('penstock_'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('every series is there from the start', async () => {
  const found = await samples(createMetrics('1.2.3'));
  assert.equal(found.get('penstock_build_info{version="1.2.3"}'), 1);
  for (const stage of ['read', 'model', 'derive', 'snapshot', 'write', 'ack']) {
    assert.equal(found.get(`penstock_change_stage_seconds_count{stage="${stage}"}`), 0, stage);
  }
  for (const type of ['listener', 'scopedRoute', 'route', 'virtualHost', 'cluster', 'endpoint']) {
    for (const name of ['pushes', 'push_bytes', 'acks', 'nacks']) {
      assert.equal(found.get(`penstock_xds_${name}_total{type="${type}"}`), 0, `${name} ${type}`);
    }
  }
});

test('what is counted is told', async () => {
  const metrics = createMetrics('1.2.3');
  metrics.pushed('cluster', 100);
  metrics.pushed('cluster', 20);
  metrics.acked('cluster');
  metrics.rejected('route');
  metrics.connectedProxies(7);
  metrics.connectedProxies(3);
  metrics.converged(4);
  metrics.staged('model', 0.02);
  metrics.staged('model', 0.3);
  metrics.staged('ack', 7000);
  metrics.rebuilt(0.3);
  metrics.problems({ errors: 2, warnings: 1 });
  const found = await samples(metrics);
  const want = {
    'penstock_xds_pushes_total{type="cluster"}': 2,
    'penstock_xds_push_bytes_total{type="cluster"}': 120,
    'penstock_xds_acks_total{type="cluster"}': 1,
    'penstock_xds_nacks_total{type="route"}': 1,
    penstock_proxies: 3,
    penstock_convergence_seconds_count: 1,
    penstock_convergence_seconds_sum: 0.004,
    'penstock_convergence_seconds_bucket{le="0.002"}': 0,
    'penstock_convergence_seconds_bucket{le="0.005"}': 1,
    'penstock_change_stage_seconds_count{stage="model"}': 2,
    'penstock_change_stage_seconds_bucket{le="0.0001",stage="model"}': 1,
    'penstock_change_stage_seconds_sum{stage="ack"}': 7,
    penstock_snapshot_build_seconds_count: 1,
    'penstock_snapshot_build_seconds_bucket{le="0.0005"}': 1,
    'penstock_problems{severity="error"}': 2,
    'penstock_problems{severity="warning"}': 1,
  };
  for (const [name, value] of Object.entries(want)) assert.equal(found.get(name), value, name);
});

test('what was told before is told again, whoever asks', async () => {
  const metrics = createMetrics('1.2.3');
  metrics.acked('route');
  await samples(metrics);
  metrics.acked('route');
  assert.equal((await samples(metrics)).get('penstock_xds_acks_total{type="route"}'), 2);
});

test('a label takes no value from outside: whatever comes, there is one series more', async () => {
  const metrics = createMetrics('1.2.3');
  const before = (await samples(metrics)).size;
  for (let index = 0; index < 1000; index += 1) metrics.acked(`type.googleapis.com/made.up.${index}`);
  const found = await samples(metrics);
  assert.equal(found.size, before + 1);
  assert.equal(found.get('penstock_xds_acks_total{type="other"}'), 1000);
});

test('two servers in one process count apart', async () => {
  const [one, other] = [createMetrics('1'), createMetrics('1')];
  one.connectedProxies(1);
  assert.equal((await samples(other)).get('penstock_proxies'), 0);
});

test('the text is of the type that Prometheus asks for, every metric has a help line, names follow its rules', async () => {
  const metrics = createMetrics('1.2.3');
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  const text = await metrics.render();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  assert.ok(names.length > 10);
  for (const { name, type } of names) {
    assert.match(text, new RegExp(`^# HELP ${name} \\S`, 'm'));
    if (name.startsWith('penstock_')) assert.equal(name.endsWith('_total'), type === 'counter', name);
  }
});
