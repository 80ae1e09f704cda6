import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, type Raw, service, slice, parsed, used } from './given.js';

const protocols = [
  { name: 'web', appProtocol: undefined, want: 'http' },
  { name: '', appProtocol: undefined, want: 'http' },
  { name: 'http-web', appProtocol: undefined, want: 'http' },
  { name: 'http2-web', appProtocol: undefined, want: 'http2' },
  { name: 'grpc', appProtocol: undefined, want: 'http2' },
  { name: 'h2c-x', appProtocol: undefined, want: 'http2' },
  { name: 'grpc-web', appProtocol: undefined, want: 'http' },
  { name: 'grpc-web-x', appProtocol: undefined, want: 'http' },
  { name: 'grpc-website', appProtocol: undefined, want: 'http2' },
  { name: 'tcp-x', appProtocol: undefined, want: 'tcp' },
  { name: 'tls', appProtocol: undefined, want: 'tcp' },
  { name: 'https', appProtocol: undefined, want: 'tcp' },
  { name: 'mongo', appProtocol: undefined, want: 'tcp' },
  { name: 'mysql-main', appProtocol: undefined, want: 'tcp' },
  { name: 'redis', appProtocol: undefined, want: 'tcp' },
  { name: 'redistribution', appProtocol: undefined, want: 'http' },
  { name: 'tcp-x', appProtocol: 'http', want: 'http' },
  { name: 'web', appProtocol: 'HTTP', want: 'http' },
  { name: 'web', appProtocol: 'http/1.1', want: 'http' },
  { name: 'web', appProtocol: 'http2', want: 'http2' },
  { name: 'web', appProtocol: 'grpc', want: 'http2' },
  { name: 'web', appProtocol: 'kubernetes.io/h2c', want: 'http2' },
  { name: 'web', appProtocol: 'kubernetes.io/ws', want: 'http' },
  { name: 'web', appProtocol: 'kubernetes.io/wss', want: 'tcp' },
  { name: 'web', appProtocol: 'example.com/grpc', want: 'http2' },
  { name: 'web', appProtocol: 'example.com/own', want: 'tcp' },
  { name: 'http', appProtocol: 'https', want: 'tcp' },
];
for (const { name, appProtocol, want } of protocols) {
  test(`a port called "${name}" with appProtocol ${appProtocol ?? 'not given'} speaks ${want}`, () => {
    const read = used('Service', service('web', { ports: [{ name, port: 80, ...(appProtocol && { appProtocol }) }] }));
    assert.equal(read.ports[0]?.protocol, want);
  });
}

const types = [
  { spec: {}, want: 'cluster-ip' },
  { spec: { clusterIP: '10.0.0.1', type: 'ClusterIP' }, want: 'cluster-ip' },
  { spec: { clusterIP: 'None' }, want: 'headless' },
  { spec: { type: 'ExternalName', externalName: 'example.com' }, want: 'external-name' },
  { spec: { type: 'LoadBalancer' }, want: 'cluster-ip' },
];
for (const { spec, want } of types) {
  test(`a Service with ${JSON.stringify(spec)} is ${want}`, () =>
    assert.equal(used('Service', service('web', spec)).type, want));
}

test('the target port is the port unless it is given, by number or by name', () => {
  const ports = [
    { port: 80 },
    { port: 81, targetPort: 8081 },
    { port: 82, targetPort: 'web' },
    { port: 83, targetPort: 0 },
  ];
  assert.deepEqual(
    used('Service', service('web', { ports })).ports.map(({ targetPort }) => targetPort),
    [80, 8081, 'web', 83],
  );
});

test('ports that are not TCP are left out', () => {
  const ports = [
    { port: 53, protocol: 'UDP' },
    { port: 80, protocol: 'TCP' },
  ];
  assert.deepEqual(
    used('Service', service('web', { ports })).ports.map(({ port }) => port),
    [80],
  );
});

const badServices: readonly { readonly name: string; readonly spec: Raw; readonly want: string }[] = [
  {
    name: 'a port that is missing',
    spec: { ports: [{ name: 'http' }] },
    want: 'error FIELD_MISSING at spec.ports[0].port',
  },
  { name: 'a port that is a text', spec: { ports: [{ port: '80' }] }, want: 'error FIELD_TYPE at spec.ports[0].port' },
  { name: 'a port beyond 65535', spec: { ports: [{ port: 65_536 }] }, want: 'error FIELD_VALUE at spec.ports[0].port' },
  {
    name: 'a port twice',
    spec: { ports: [{ port: 80 }, { port: 80 }] },
    want: 'error FIELD_VALUE at spec.ports[1].port',
  },
  {
    name: 'a target port of half',
    spec: { ports: [{ port: 80, targetPort: 0.5 }] },
    want: 'error FIELD_VALUE at spec.ports[0].targetPort',
  },
  { name: 'ports that are no list', spec: { ports: {} }, want: 'error FIELD_TYPE at spec.ports' },
  { name: 'a selector that is a list', spec: { selector: ['app'] }, want: 'error FIELD_TYPE at spec.selector' },
  { name: 'a selector with a number', spec: { selector: { app: 1 } }, want: 'error FIELD_TYPE at spec.selector.app' },
];
for (const { name, spec, want } of badServices) {
  test(`a Service is refused for ${name}`, () => assert.deepEqual(problemsOf(service('web', spec)), [want]));
}

const conditions: readonly { readonly conditions: unknown; readonly want: 'ready' | 'leaving' | 'down' }[] = [
  { conditions: undefined, want: 'ready' },
  { conditions: {}, want: 'ready' },
  { conditions: { ready: null }, want: 'ready' },
  { conditions: { ready: true }, want: 'ready' },
  { conditions: { ready: false }, want: 'down' },
  { conditions: { serving: false }, want: 'ready' },
  { conditions: { ready: true, terminating: true }, want: 'leaving' },
  { conditions: { ready: false, terminating: true }, want: 'down' },
  { conditions: { ready: false, serving: true, terminating: true }, want: 'leaving' },
  { conditions: { ready: false, serving: false, terminating: true }, want: 'down' },
];
for (const { conditions: given, want } of conditions) {
  test(`an endpoint with conditions ${JSON.stringify(given)} is ${want}`, () => {
    const endpoints = [{ addresses: ['10.0.0.1'], conditions: given }];
    const leaving = used('EndpointSlice', slice('web', [], { endpoints })).endpoints[0]?.leaving;
    assert.equal(leaving === undefined ? 'down' : leaving ? 'leaving' : 'ready', want);
  });
}

test('of the addresses of one endpoint, which all are the same pod, the first counts', () => {
  const endpoints = [{ addresses: ['10.0.0.1', '10.0.0.2'], targetRef: { kind: 'Pod', name: 'a', namespace: 'shop' } }];
  assert.deepEqual(used('EndpointSlice', slice('web', [], { endpoints })).endpoints, [
    { address: '10.0.0.1', leaving: false, pod: 'shop/a' },
  ]);
});

test('an endpoint that is no pod has none', () => {
  const endpoints = [{ addresses: ['fd00::1'], targetRef: { kind: 'Node', name: 'a' } }];
  assert.equal(used('EndpointSlice', slice('web', [], { endpoints })).endpoints[0]?.pod, undefined);
});

test('ports of a slice without a number, or not TCP, are left out', () => {
  const ports = [{ name: 'a' }, { name: 'b', port: 1, protocol: 'UDP' }, { port: 2 }];
  assert.deepEqual(used('EndpointSlice', slice('web', [], { ports })).ports, [{ name: '', port: 2 }]);
});

test('a slice of host names is used without its endpoints, and says so', () => {
  const raw = slice('web', [{ address: 'example.com' }], { addressType: 'FQDN' });
  assert.deepEqual(problemsOf(raw), ['warning FIELD_VALUE at addressType']);
  assert.deepEqual(used('EndpointSlice', raw).endpoints, []);
});

test('a slice of no Service is as good as deleted', () => {
  assert.equal(parsed(slice('web', [], { metadata: { name: 'a' } })).kind, 'deleted');
});

test('a slice with an address that is none is refused', () => {
  for (const addresses of [['example.com'], [], [7], ['10.0.0']]) {
    const problems = problemsOf(slice('web', [], { endpoints: [{ addresses }] }));
    assert.ok(
      problems.some((problem) => problem.endsWith('at endpoints[0].addresses[0]')),
      problems.join(', '),
    );
  }
});
