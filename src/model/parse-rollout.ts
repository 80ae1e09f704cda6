import type { Fields } from './fields.js';
import { parseMeta } from './meta.js';
import type { Rollout, Strategy } from './objects.js';
import { parseCanary } from './parse-canary.js';
import { parseOptions } from './parse-options.js';
import { parseStanding, parseStatus } from './parse-status.js';

/** Reads a Rollout: what its user wants (`spec`, options) and how far Argo has come (`status`). */
export function parseRollout(root: Fields): Rollout {
  const meta = parseMeta(root, 'subdomain');
  const spec = root.object('spec');
  const status = root.object('status');
  return {
    ...meta,
    kind: 'Rollout',
    replicas: spec?.count('replicas') ?? 1,
    templateLabels: spec === undefined ? new Map() : templateLabels(spec),
    strategy: parseStrategy(spec?.object('strategy')),
    status: parseStatus(status),
    options: parseOptions(root, meta.annotations),
    standing: parseStanding(root, status),
  };
}

/** With a `workloadRef` the pod template is elsewhere; what the Rollout selects its pods by is a part of their labels. */
function templateLabels(spec: Fields): ReadonlyMap<string, string> {
  if (spec.has('workloadRef')) return spec.object('selector')?.textMap('matchLabels') ?? new Map();
  return spec.object('template')?.object('metadata')?.textMap('labels') ?? new Map();
}

function parseStrategy(strategy: Fields | undefined): Strategy {
  const canary = strategy?.object('canary');
  if (canary !== undefined) return parseCanary(canary);
  const blueGreen = strategy?.object('blueGreen');
  return blueGreen === undefined ? { kind: 'none' } : parseBlueGreen(blueGreen);
}

function parseBlueGreen(fields: Fields): Strategy {
  const activeService = fields.requiredText('activeService') ?? '';
  const previewService = fields.filledText('previewService');
  if (activeService !== '' && previewService === activeService) {
    fields.report('previewService', 'FIELD_VALUE', 'another Service than activeService');
  }
  return { kind: 'blue-green', activeService, previewService };
}
