import type { PortNumber } from '../base/index.js';
import type { Fields } from './fields.js';
import { parseMeta } from './meta.js';
import type { AppProtocol, Service, ServicePort } from './objects.js';

/** Reads a Service. Ports that are not TCP are left out without a word: we do not carry them. */
export function parseService(root: Fields): Service {
  const meta = parseMeta(root, 'label');
  const spec = root.object('spec');
  return {
    ...meta,
    kind: 'Service',
    type: spec === undefined ? 'cluster-ip' : serviceType(spec),
    selector: spec?.textMap('selector') ?? new Map(),
    ports: spec === undefined ? [] : parsePorts(spec),
  };
}

function serviceType(spec: Fields): Service['type'] {
  if (spec.text('type') === 'ExternalName') return 'external-name';
  return spec.text('clusterIP') === 'None' ? 'headless' : 'cluster-ip';
}

function parsePorts(spec: Fields): readonly ServicePort[] {
  const numbers = new Set<PortNumber>();
  return spec.objects('ports').flatMap((fields) => {
    const port = parsePort(fields);
    if (port === undefined) return [];
    if (numbers.has(port.port)) fields.report('port', 'FIELD_VALUE', 'a port that the Service has only once');
    numbers.add(port.port);
    return [port];
  });
}

function parsePort(fields: Fields): ServicePort | undefined {
  if ((fields.filledText('protocol') ?? 'TCP') !== 'TCP') return undefined;
  if (!fields.has('port')) return fields.report('port', 'FIELD_MISSING', 'a whole number from 1 to 65535');
  const port = fields.port('port');
  if (port === undefined) return undefined;
  const name = fields.text('name') ?? '';
  return {
    name,
    port,
    targetPort: targetPort(fields) ?? port,
    protocol: protocolOf(fields.filledText('appProtocol'), name),
  };
}

function targetPort(fields: Fields): PortNumber | string | undefined {
  const raw = fields.raw('targetPort');
  // Go writes an unset IntOrString as 0.
  if (raw === 0 || raw === '') return undefined;
  return typeof raw === 'string' ? raw : fields.port('targetPort');
}

// What `appProtocol` may say: Kubernetes' own words (Service API, "Application protocol"), IANA's, and Istio's.
const PROTOCOLS: ReadonlyMap<string, AppProtocol> = new Map<string, AppProtocol>([
  ['http', 'http'],
  ['http/1.1', 'http'],
  ['ws', 'http'],
  ['grpc-web', 'http'],
  ['http2', 'http2'],
  ['h2c', 'http2'],
  ['grpc', 'http2'],
]);

// Port-name prefixes that mean something else than HTTP (Istio's "Explicit protocol selection" and names in common use).
const OTHERS: ReadonlySet<string> = new Set(
  'amqp cassandra dns ftp https imap kafka ldap memcached mongo mongodb mqtt mssql mysql nats postgres postgresql redis sctp smtp ssh tcp tls udp wss zookeeper'.split(
    ' ',
  ),
);

/**
 * What a port speaks. `appProtocol` decides; of a name with a domain (`kubernetes.io/h2c`) the last part counts, and a word we
 * do not know is opaque to us. Without it, the port's name up to the first `-` decides, and HTTP is the default.
 */
function protocolOf(appProtocol: string | undefined, portName: string): AppProtocol {
  if (appProtocol !== undefined) {
    const word = appProtocol.toLowerCase();
    return PROTOCOLS.get(word) ?? PROTOCOLS.get(word.slice(word.lastIndexOf('/') + 1)) ?? 'tcp';
  }
  if (/^grpc-web(?:-|$)/.test(portName)) return 'http';
  const [prefix = ''] = portName.split('-', 1);
  return OTHERS.has(prefix) ? 'tcp' : (PROTOCOLS.get(prefix) ?? 'http');
}
