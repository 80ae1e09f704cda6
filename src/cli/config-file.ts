import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ControlPlaneError, nearest } from '../base/index.js';
import { DEFAULTS, SETTING_NAMES, type SettingName } from './setting-names.js';
import type { Given, GivenSettings } from './settings.js';

const text = z.string().min(1);

/** What a configuration file may hold: the flags of `serve` by their names in camelCase, all texts, all optional. */
const schema = z.strictObject({
  source: text.optional(),
  xdsAddress: text.optional(),
  adminAddress: text.optional(),
  scope: text.optional(),
  logFormat: text.optional(),
  logLevel: text.optional(),
  drainDelay: text.optional(),
  forgetAfter: text.optional(),
});

const EXAMPLES: Readonly<Record<string, string>> = { source: 'dir:./manifests', ...DEFAULTS };

/** Reads a configuration file, YAML or JSON. Throws `CONFIG_INVALID` with line and column of what is wrong. */
export function readConfigFile(file: string): GivenSettings {
  return parseConfig(file, readText(file));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ControlPlaneError('CONFIG_INVALID', `--config ${file} can not be read: ${why}`, { cause });
  }
}

/** Reads the content of a configuration file; `file` is for messages. */
export function parseConfig(file: string, written: string): GivenSettings {
  const lines = new LineCounter();
  const document = parseDocument(written, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken !== undefined) throw invalid(`${at(broken.pos[0])}: ${broken.message}`);
  if (document.contents === null) return {};
  const content = contentOf(document, file);
  const places = isMap(document.contents)
    ? new Map(
        document.contents.items.map(({ key, value }) => [keyText(key), at(offsetOf(value) ?? offsetOf(key) ?? 0)]),
      )
    : new Map<string, string>();
  const checked = schema.safeParse(content);
  if (!checked.success) throw invalid(explain(checked.error.issues[0], file, places));
  const given: { [Name in SettingName]?: Given } = {};
  for (const name of SETTING_NAMES) {
    const value = checked.data[name];
    if (value !== undefined) given[name] = { text: value, where: `${places.get(name) ?? file}: ${name}`, from: 'file' };
  }
  return given;
}

function explain(issue: z.core.$ZodIssue | undefined, file: string, places: ReadonlyMap<string, string>): string {
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const meant = nearest(key, SETTING_NAMES);
    const hint = meant === undefined ? `the keys are ${SETTING_NAMES.join(', ')}` : `did you mean ${meant}?`;
    return `${places.get(key) ?? file}: ${key} is not a key of the configuration; ${hint}`;
  }
  const name = String(issue?.path[0] ?? '');
  if (name === '') return `${file}: expected a map of settings, for example "source: dir:./manifests"`;
  return `${places.get(name) ?? file}: ${name} is empty or not a text, expected for example ${EXAMPLES[name] ?? 'a text'}`;
}

/** A document as plain values. Aliases are resolved only here: one may lead nowhere, or multiply without end. */
function contentOf(document: Document.Parsed, file: string): unknown {
  try {
    const content: unknown = document.toJS();
    return content;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ControlPlaneError('CONFIG_INVALID', `${file}: ${why}`, { cause });
  }
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) ? node.range?.[0] : undefined;
}

function invalid(message: string): ControlPlaneError {
  return new ControlPlaneError('CONFIG_INVALID', message);
}
