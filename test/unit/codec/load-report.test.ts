import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, decodeLoadReport, encodeLoadReportResponse } from '../../../src/codec/index.js';
import { readIndependently, writeIndependently } from './independent.js';

const REQUEST = 'envoy.service.load_stats.v3.LoadStatsRequest';
const RESPONSE = 'envoy.service.load_stats.v3.LoadStatsResponse';

test('a load report is read as an independent writer wrote it, summed over localities', () => {
  const bytes = writeIndependently(REQUEST, {
    node: {
      id: 'sidecar~shop~web-0',
      cluster: 'web',
      user_agent_name: 'envoy',
      user_agent_build_version: { version: { major_number: 1, minor_number: 40 } },
      metadata: { fields: { NAMESPACE: { stringValue: 'shop' } } },
      extensions: [{ name: 'envoy.filters.http.router', category: 'envoy.filters.http' }],
    },
    cluster_stats: [
      {
        cluster_name: 'shop/cart:80@v1',
        upstream_locality_stats: [
          {
            locality: { zone: 'a' },
            total_successful_requests: 3,
            total_requests_in_progress: 1,
            total_error_requests: 2,
            total_issued_requests: 5,
            load_metric_stats: [{ metric_name: 'passed over', num_requests_finished_with_metric: 1 }],
            upstream_endpoint_stats: [{ total_issued_requests: 5 }],
          },
          { locality: { zone: 'b' }, total_successful_requests: 4, total_issued_requests: 4 },
        ],
        load_report_interval: { seconds: 10, nanos: 1_500_000 },
      },
      { cluster_name: 'shop/idle:80', load_report_interval: { seconds: 10 } },
      { upstream_locality_stats: [{ total_requests_in_progress: 7 }] },
    ],
  });
  const none = { issued: 0, active: 0, successes: 0, errors: 0 };
  assert.deepEqual(decodeLoadReport(bytes), {
    node: {
      id: 'sidecar~shop~web-0',
      cluster: 'web',
      metadata: new Map([['NAMESPACE', 'shop']]),
      namespace: 'shop',
      userAgent: 'envoy',
      version: '1.40.0',
    },
    clusters: [
      { name: 'shop/cart:80@v1', issued: 9, active: 1, successes: 7, errors: 2, intervalMs: 10_001.5 },
      { ...none, name: 'shop/idle:80', intervalMs: 10_000 },
      { ...none, name: '', active: 7, intervalMs: 0 },
    ],
  });
});

test('an empty load report is a report with nothing in it', () => {
  assert.deepEqual(decodeLoadReport(new Uint8Array()), { clusters: [] });
});

test('a number that 53 bits do not hold is a number still', () => {
  const most = Uint8Array.from([0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  const stats = Uint8Array.from([0x12, most.length, ...most]);
  const [load] = decodeLoadReport(Uint8Array.from([0x12, stats.length, ...stats])).clusters;
  assert.equal(load?.issued, 2 ** 64);
});

const broken = [
  { name: 'a length that points past the end', bytes: [0x0a, 0x7f, 0x00] },
  { name: 'a tag that never ends', bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] },
  { name: 'a cluster that is cut off', bytes: [0x12, 0x05, 0x0a, 0x7f, 0x61] },
  { name: 'a name that is not UTF-8', bytes: [0x12, 0x04, 0x0a, 0x02, 0xc3, 0x28] },
];
for (const { name, bytes } of broken) {
  test(`${name} is a DecodeError`, () => assert.throws(() => decodeLoadReport(Uint8Array.from(bytes)), DecodeError));
}

test('an independent reader understands what is asked of a proxy', () => {
  const ask = (clusters: 'all' | readonly string[]): unknown =>
    readIndependently(RESPONSE, encodeLoadReportResponse({ intervalMs: 1500, clusters }));
  const interval = { load_reporting_interval: { seconds: 1, nanos: 500_000_000 } };
  assert.deepEqual(ask('all'), { ...interval, send_all_clusters: true });
  assert.deepEqual(ask(['a', 'b']), { ...interval, clusters: ['a', 'b'] });
});
