import { objectKey, type PodTemplateHash, podTemplateHash } from '../base/index.js';
import type { Fields } from './fields.js';
import type { Meta } from './objects.js';

/** The label by which Argo Rollouts tells the pods of one version from those of another. */
export const HASH_LABEL = 'rollouts-pod-template-hash';

// RFC 1123, as Kubernetes has it: subdomains for most names, labels for those that become part of a host name.
const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether `name` can be a part of a host name: what Services and namespaces are called. */
export function isDnsLabel(name: string): boolean {
  return LABEL.test(name);
}

/**
 * Reads `metadata`. A name that Kubernetes would not take is an error: names become parts of clusters, hosts and log lines.
 * `grammar` says whether the name is a part of a host name.
 */
export function parseMeta(root: Fields, grammar: 'label' | 'subdomain'): Meta {
  const { namespace, name } = root.findings.ref;
  const meta = root.object('metadata');
  if (meta === undefined) {
    if (!root.has('metadata')) root.report('metadata', 'FIELD_MISSING', 'an object with a name');
    return {
      namespace,
      name,
      key: objectKey(namespace, name),
      labels: new Map(),
      annotations: new Map(),
      createdAt: '',
    };
  }
  const given = meta.requiredText('name');
  if (given !== undefined && !(grammar === 'label' ? LABEL : SUBDOMAIN).test(given)) {
    meta.report('name', 'FIELD_VALUE', 'lower-case letters, digits and - (RFC 1123)');
  }
  if (!LABEL.test(meta.filledText('namespace') ?? 'default')) {
    meta.report('namespace', 'FIELD_VALUE', 'lower-case letters, digits and - (RFC 1123), at most 63');
  }
  return {
    namespace,
    name,
    key: objectKey(namespace, name),
    labels: meta.textMap('labels'),
    annotations: meta.textMap('annotations'),
    createdAt: parseTime(meta, 'creationTimestamp'),
  };
}

/** The version that an object's label names. */
export function hashLabel(meta: Meta): PodTemplateHash | undefined {
  return podTemplateHash(meta.labels.get(HASH_LABEL) ?? '');
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** All in one notation, so that text order is time order. */
function parseTime(fields: Fields, key: string): string {
  const text = fields.filledText(key);
  if (text === undefined) return '';
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return new Date(ms).toISOString();
  fields.report(key, 'FIELD_VALUE', 'a time such as 2026-01-31T12:00:00Z', 'warning');
  return '';
}
