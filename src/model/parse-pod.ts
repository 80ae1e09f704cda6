import type { Fields } from './fields.js';
import { hashLabel, parseMeta } from './meta.js';
import type { Pod, ReplicaSet } from './objects.js';

/** Reads a Pod: its labels alone matter. */
export function parsePod(root: Fields): Pod {
  const meta = parseMeta(root, 'subdomain');
  return { ...meta, kind: 'Pod', hash: hashLabel(meta) };
}

/** Reads a ReplicaSet: whose it is, and which version. */
export function parseReplicaSet(root: Fields): ReplicaSet {
  const meta = parseMeta(root, 'subdomain');
  const owners = root.object('metadata')?.objects('ownerReferences') ?? [];
  const rollout = owners.find((owner) => owner.text('kind') === 'Rollout')?.text('name') ?? '';
  return { ...meta, kind: 'ReplicaSet', hash: hashLabel(meta), rollout };
}
