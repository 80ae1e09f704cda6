import type { z } from 'zod';
import { nearest } from '../base/index.js';
import { childPath, type Fields, isRawObject, own } from './fields.js';
import type { Findings } from './findings.js';
import type { RolloutOptions } from './objects.js';
import { OPTIONS, optionsJsonSchema } from './options-schema.js';

const PLUGIN = 'penstock/xds';
const ANNOTATION = 'penstock.dev/options';

/** Reads a Rollout's options from its plugin block, or else from its annotation. A mistake in them is an error. */
export function parseOptions(root: Fields, annotations: ReadonlyMap<string, string>): RolloutOptions {
  const annotation = annotations.get(ANNOTATION);
  const plugins = root
    .object('spec')
    ?.object('strategy')
    ?.object('canary')
    ?.object('trafficRouting')
    ?.object('plugins');
  const path = childPath('metadata.annotations', ANNOTATION);
  if (plugins?.names().includes(PLUGIN)) {
    if (annotation !== undefined) {
      const expected = `nothing: the plugin block ${PLUGIN} counts`;
      root.findings.add({ code: 'OPTION_INVALID', path, value: annotation, expected, severity: 'warning' });
    }
    return readOptions(plugins.raw(PLUGIN) ?? {}, childPath(plugins.path, PLUGIN), root.findings);
  }
  return annotation === undefined ? NO_OPTIONS : readJson(annotation, path, root.findings);
}

const NO_OPTIONS: RolloutOptions = {
  hosts: undefined,
  ports: undefined,
  sticky: { kind: 'off' },
  timeout: { kind: 'default' },
  idleTimeout: { kind: 'default' },
  retries: { kind: 'default' },
  outlierDetection: { kind: 'off' },
  mirrorMethods: undefined,
};

function readJson(text: string, path: string, findings: Findings): RolloutOptions {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    findings.add({ code: 'OPTION_INVALID', path, value: text, expected: 'JSON, such as {"timeout": "30s"}' });
    return NO_OPTIONS;
  }
  return readOptions(raw, path, findings);
}

function readOptions(raw: unknown, path: string, findings: Findings): RolloutOptions {
  const parsed = OPTIONS.safeParse(raw);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) report(issue, { raw, path, findings });
  return NO_OPTIONS;
}

interface Place {
  readonly raw: unknown;
  readonly path: string;
  readonly findings: Findings;
}

/** Turns what zod says into problems. Of a union, the branch that was meant tells: the one that got deepest. */
function report(issue: z.core.$ZodIssue, place: Place): void {
  const at = issue.path.reduce<Place>(enter, place);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknown(key, at);
    return;
  }
  const meant = issue.code === 'invalid_union' ? issue.errors.find((branch) => branch.some(isDeep)) : undefined;
  if (meant !== undefined) {
    for (const inner of meant) report(inner, at);
    return;
  }
  at.findings.add({ code: 'OPTION_INVALID', path: at.path, value: at.raw, expected: issue.message });
}

function isDeep(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function enter(place: Place, key: PropertyKey): Place {
  const path = typeof key === 'number' ? `${place.path}[${key}]` : childPath(place.path, String(key));
  const raw: unknown =
    typeof place.raw === 'object' && place.raw !== null && Object.hasOwn(place.raw, key)
      ? Reflect.get(place.raw, key)
      : undefined;
  return { ...place, raw, path };
}

function reportUnknown(key: string, place: Place): void {
  const { raw, path, findings } = enter(place, key);
  const known = [...propertyNames(optionsJsonSchema())];
  const guess = nearest(key, known);
  const expected =
    guess === undefined
      ? 'an option that exists; docs/options.md lists them'
      : `an option that exists; did you mean ${guess}?`;
  findings.add({ code: 'OPTION_UNKNOWN', path, value: raw, expected });
}

/** The names of all options, at whatever depth. */
function* propertyNames(schema: unknown): Generator<string> {
  if (!isRawObject(schema)) return;
  const properties = own(schema, 'properties');
  if (isRawObject(properties)) yield* Object.keys(properties);
  for (const part of Object.values(schema).flat()) yield* propertyNames(part);
}
