import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  any,
  duration,
  encode,
  type JsonValue,
  type MessageName,
  type Messages,
  messageToJson,
  struct,
  toJson,
} from '../../../src/codec/index.js';

interface Row {
  readonly name: string;
  readonly json: JsonValue;
  readonly want: JsonValue;
}

function row<N extends MessageName>(name: string, type: N, message: Messages[N], want: JsonValue): Row {
  return { name, json: messageToJson(type, message), want };
}

const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const DATA = 'envoy.config.core.v3.DataSource';
const BOOTSTRAP = 'envoy.config.bootstrap.v3.Bootstrap';

const rows: readonly Row[] = [
  row('a duration in whole seconds', CLUSTER, { connect_timeout: duration(5000) }, { connect_timeout: '5s' }),
  row('a duration with milliseconds', CLUSTER, { connect_timeout: duration(250) }, { connect_timeout: '0.250s' }),
  row('a duration with microseconds', CLUSTER, { connect_timeout: duration(0.001) }, { connect_timeout: '0.000001s' }),
  row('no time at all', CLUSTER, { connect_timeout: duration(0) }, { connect_timeout: '0s' }),
  row(
    'a wrapper as its bare value',
    CLUSTER,
    { per_connection_buffer_limit_bytes: { value: 7 } },
    { per_connection_buffer_limit_bytes: 7 },
  ),
  row(
    'a wrapper around a default',
    CLUSTER,
    { per_connection_buffer_limit_bytes: {} },
    { per_connection_buffer_limit_bytes: 0 },
  ),
  row('an enum by its name', CLUSTER, { type: 3 }, { type: 'EDS' }),
  row('a default inside a oneof is there', CLUSTER, { type: 0 }, { type: 'STATIC' }),
  row('a default outside is not', CLUSTER, { name: '', lb_policy: 0, ignore_health_on_host_removal: false }, {}),
  row('a message that is there by being empty', CLUSTER, { eds_cluster_config: {} }, { eds_cluster_config: {} }),
  row('an empty list is not there', CLUSTER, { transport_socket_matches: [] }, {}),
  row('bytes as base64', DATA, { inline_bytes: Uint8Array.from([255, 254]) }, { inline_bytes: '//4=' }),
  row('a 64-bit number as a string', 'google.protobuf.UInt64Value', { value: 12 }, '12'),
  row('a time', 'google.protobuf.Timestamp', { seconds: 1_700_000_000, nanos: 5_000_000 }, '2023-11-14T22:13:20.005Z'),
  row(
    'a struct as plain JSON, keys sorted',
    BOOTSTRAP,
    { node: { metadata: struct({ z: 1, a: ['x', true, null, { b: '' }] }) } },
    { node: { metadata: { a: ['x', true, null, { b: '' }], z: 1 } } },
  ),
  row(
    'a typed config opened',
    'envoy.config.core.v3.TypedExtensionConfig',
    {
      name: 't',
      typed_config: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', { stat_prefix: 's', cluster: 'c' }),
    },
    {
      name: 't',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
        cluster: 'c',
        stat_prefix: 's',
      },
    },
  ),
  row(
    'a typed config of a well-known type has a value',
    'google.protobuf.Any',
    any('google.protobuf.Duration', duration(1000)),
    { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' },
  ),
  row(
    'a typed config we do not know stays bytes',
    'google.protobuf.Any',
    { type_url: 'type.googleapis.com/some.Thing', value: Uint8Array.from([8, 1]) },
    { '@type': 'type.googleapis.com/some.Thing', value: 'CAE=' },
  ),
];

for (const { name, json, want } of rows) {
  test(`JSON: ${name}`, () => assert.deepEqual(json, want));
}

test('JSON: keys are sorted and maps too', () => {
  const routerConfig = any('envoy.extensions.filters.http.router.v3.Router', {});
  const json = messageToJson(CLUSTER, {
    typed_extension_protocol_options: { b: routerConfig, a: routerConfig },
    name: 'n',
    connect_timeout: duration(1),
  });
  const url = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
  const want = `{"connect_timeout":"0.001s","name":"n","typed_extension_protocol_options":{"a":{"@type":"${url}"},"b":{"@type":"${url}"}}}`;
  assert.equal(JSON.stringify(json), want);
});

test('JSON: a resource is printed as the message it was made of', () => {
  const resource = encode('endpoint', 'c', { cluster_name: 'c', endpoints: [{ load_balancing_weight: { value: 1 } }] });
  assert.deepEqual(toJson(resource), { cluster_name: 'c', endpoints: [{ load_balancing_weight: 1 }] });
});
