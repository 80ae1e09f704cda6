import { objectKey, type ObjectKey } from '../base/index.js';
import { childPath, type Fields } from './fields.js';
import { isDnsLabel, parseMeta } from './meta.js';
import type { EndpointSlice, SliceEndpoint } from './objects.js';
import { isPodAddress } from './pod-address.js';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/**
 * Reads an EndpointSlice; `undefined` for one that belongs to no Service, which is as good as none.
 *
 * A slice of host names (addressType FQDN) has no endpoints for us: it would make every proxy resolve names.
 */
export function parseEndpointSlice(root: Fields): EndpointSlice | undefined {
  const meta = parseMeta(root, 'subdomain');
  const service = meta.labels.get(SERVICE_LABEL) ?? '';
  if (!isDnsLabel(service)) {
    if (service !== '') root.report('metadata', 'FIELD_VALUE', `the name of a Service in the label ${SERVICE_LABEL}`);
    return undefined;
  }
  const hasAddresses = root.text('addressType') !== 'FQDN';
  if (!hasAddresses) root.report('addressType', 'FIELD_VALUE', 'IPv4 or IPv6: host names are left out', 'warning');
  return {
    ...meta,
    kind: 'EndpointSlice',
    service: objectKey(meta.namespace, service),
    ports: parsePorts(root),
    endpoints: hasAddresses ? root.objects('endpoints').flatMap((fields) => parseEndpoint(fields, meta.namespace)) : [],
  };
}

/** A port without a number means all ports (EndpointSlice API), which says nothing of where to connect. */
function parsePorts(root: Fields): EndpointSlice['ports'] {
  return root.objects('ports').flatMap((fields) => {
    const port = fields.port('port');
    const isTcp = (fields.filledText('protocol') ?? 'TCP') === 'TCP';
    return port === undefined || !isTcp ? [] : [{ name: fields.text('name') ?? '', port }];
  });
}

/**
 * All addresses of one endpoint are the same pod, and clients may use the first alone (EndpointSlice API, "addresses");
 * so do we, else a pod with two addresses would get twice its share.
 */
function parseEndpoint(fields: Fields, namespace: string): readonly SliceEndpoint[] {
  const [address] = fields.texts('addresses');
  if (address === undefined || !isPodAddress(address)) {
    const path = `${childPath(fields.path, 'addresses')}[0]`;
    fields.findings.add({ code: 'FIELD_VALUE', path, value: address, expected: 'an IP address of a pod' });
    return [];
  }
  const conditions = fields.object('conditions');
  const leaving = conditions?.flag('terminating') ?? false;
  if (conditions !== undefined && !isUp(conditions, leaving)) return [];
  return [{ address, leaving, pod: podOf(fields.object('targetRef'), namespace) }];
}

/**
 * `serving` is `ready` but for pods that are terminating, which are never ready. A condition that is not there counts as true,
 * `serving` as `ready` does (EndpointSlice API, "conditions").
 */
function isUp(conditions: Fields, leaving: boolean): boolean {
  const key = leaving && conditions.has('serving') ? 'serving' : 'ready';
  return !conditions.has(key) || conditions.flag(key);
}

function podOf(target: Fields | undefined, namespace: string): ObjectKey | undefined {
  const name = target?.filledText('name');
  if (target === undefined || name === undefined || target.text('kind') !== 'Pod') return undefined;
  return objectKey(target.filledText('namespace') ?? namespace, name);
}
