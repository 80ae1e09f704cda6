import { OUTBOUND, portNumber, virtualHostName } from '../base/index.js';
import type { ResourceKind } from '../codec/index.js';
import { ownerOf } from './owner.js';

/** A resource by its name, whether it exists or not. */
export interface Referrer {
  readonly kind: ResourceKind;
  readonly name: string;
}

const TABLE: readonly Referrer[] = [{ kind: 'route', name: OUTBOUND }];

/**
 * Whatever may lead requests to a cluster, in this snapshot or an earlier one, read from the cluster's name: only routes of
 * its own Service do (`checkEntry`), or the table of all of them. So nobody has to look through all routes of a proxy.
 */
export function referrersOf(cluster: string): readonly Referrer[] {
  const service = ownerOf('cluster', cluster);
  if (service === undefined) return TABLE;
  const [text = ''] = cluster.slice(cluster.indexOf(':') + 1).split('@', 1);
  const ofPort = virtualHostName(service, portNumber(Number(text)));
  const ofService = virtualHostName(service, undefined);
  return [
    ...TABLE,
    { kind: 'route', name: ofService },
    { kind: 'virtualHost', name: ofService },
    { kind: 'virtualHost', name: ofPort },
    { kind: 'listener', name: ofPort.slice(OUTBOUND.length + 1) },
  ];
}
