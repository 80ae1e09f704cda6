import { Document, isCollection, isMap, isScalar, isSeq, type Pair, parseAllDocuments, type YAMLMap } from 'yaml';
import { invariant } from '../../base/index.js';
import type { JsonObject } from './next-status.js';

/** Which Rollout is meant. */
export interface RolloutName {
  readonly namespace: string;
  readonly name: string;
}

/** The Rollout in the text of a file (YAML or JSON, several documents, Lists), or `undefined` where it is not in it. */
export function findRollout(text: string, wanted: RolloutName): JsonObject | undefined {
  return locate(text, wanted)?.object;
}

/**
 * The text with another status for that Rollout. Everything outside the status stays as it is to the byte; inside it, comments
 * stay with the fields that stay. A file that is not YAML is left to its reader: then there is nothing to edit.
 */
export function withStatus(text: string, wanted: RolloutName, status: JsonObject): string {
  const found = locate(text, wanted);
  invariant(found !== undefined, 'the Rollout was in the file a moment ago');
  const { start, end, insert } = replacement(text, found.map, found.document, status);
  const edited = text.slice(0, start) + insert + text.slice(end);
  const after = findRollout(edited, wanted);
  invariant(
    JSON.stringify(sorted({ ...found.object, status })) === JSON.stringify(sorted(after)),
    'editing the status changes nothing else',
  );
  return edited;
}

interface Found {
  readonly document: Document;
  readonly map: YAMLMap;
  readonly object: JsonObject;
}

function locate(text: string, wanted: RolloutName): Found | undefined {
  for (const document of parseAllDocuments(text)) {
    if (!(document instanceof Document) || document.errors.length > 0) continue;
    for (const map of objectsOf(document.contents)) {
      const object: unknown = map.toJS(document);
      if (isWanted(object, wanted)) return { document, map, object };
    }
  }
  return undefined;
}

/** The object of a document, and those in its `items` where it is a List. */
function objectsOf(contents: unknown): readonly YAMLMap[] {
  if (!isMap(contents)) return [];
  const items = contents.get('items', true);
  return isSeq(items) ? [contents, ...items.items.filter((item) => isMap(item))] : [contents];
}

function isWanted(value: unknown, wanted: RolloutName): value is JsonObject {
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'Rollout') return false;
  const metadata = 'metadata' in value ? value.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('name' in metadata)) return false;
  const namespace = 'namespace' in metadata ? metadata.namespace : 'default';
  return metadata.name === wanted.name && namespace === wanted.namespace;
}

interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

function replacement(text: string, map: YAMLMap, document: Document, status: JsonObject): Replacement {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === 'status');
  if (map.flow === true) return inFlow(text, map, pair, status);
  if (pair === undefined) return appended(text, map, status);
  const { key, value } = pair;
  invariant(isScalar(key), 'the key `status` is a scalar');
  if (isMap(value) && value.flow !== true && value.items.length > 0) {
    patch(value, status, document);
    // Comments around the whole map stand outside the range that is replaced.
    value.commentBefore = null;
    value.comment = null;
    const [start, end] = rangeOf(value);
    const body = indented(block(value), columnOf(text, start));
    return { start, end, insert: text[end - 1] === '\n' ? body : body.trimEnd() };
  }
  const [start, keyEnd] = rangeOf(key);
  const end = rangeEnd(value) ?? text.indexOf(':', keyEnd) + 1;
  return { start, end, insert: indented(block({ status }), columnOf(text, start)).trimEnd() };
}

/** A map in braces, as in JSON. */
function inFlow(text: string, map: YAMLMap, pair: Pair | undefined, status: JsonObject): Replacement {
  const last = map.items.at(-1);
  const anchor = rangeOf(pair?.key ?? last?.key)[0];
  const json = JSON.stringify(status, undefined, 2).replaceAll('\n', `\n${' '.repeat(columnOf(text, anchor))}`);
  if (pair !== undefined) {
    const [start, end] = rangeOf(pair.value);
    return { start, end, insert: json };
  }
  const end = rangeEnd(last?.value) ?? rangeOf(map)[1] - 1;
  return { start: end, end, insert: `, "status": ${json}` };
}

/** After the last field, on a line of its own. */
function appended(text: string, map: YAMLMap, status: JsonObject): Replacement {
  const [start, mapEnd] = rangeOf(map);
  const nextLine = text.indexOf('\n', mapEnd - 1) + 1;
  const body = indented(block({ status }), columnOf(text, start));
  const indent = ' '.repeat(columnOf(text, start));
  if (nextLine === 0) return { start: text.length, end: text.length, insert: `\n${indent}${body}` };
  return { start: nextLine, end: nextLine, insert: `${indent}${body}` };
}

/** Makes a map say what `target` says, touching only what differs: what stays keeps its comments and its layout. */
function patch(map: YAMLMap, target: JsonObject, document: Document): void {
  for (const key of map.items.map(({ key: each }) => (isScalar(each) ? String(each.value) : ''))) {
    if (!(key in target)) map.delete(key);
  }
  for (const [key, value] of Object.entries(target)) {
    const node = map.get(key, true);
    if (isMap(node) && isObject(value)) patch(node, value, document);
    else if (isScalar(node) && (typeof value !== 'object' || value === null)) node.value = value;
    else if (!isCollection(node) || JSON.stringify(node.toJS(document)) !== JSON.stringify(value)) {
      map.set(key, document.createNode(value));
    }
  }
}

function block(value: unknown): string {
  return new Document(value).toString({ lineWidth: 0 });
}

/** All lines but the first moved right; the first one starts where the text before it ends. */
function indented(text: string, column: number): string {
  return text
    .trimEnd()
    .replaceAll(/\n(?=.)/g, `\n${' '.repeat(column)}`)
    .concat('\n');
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function rangeOf(node: unknown): readonly [start: number, end: number] {
  const range = (isScalar(node) || isCollection(node)) && node.range;
  invariant(Array.isArray(range), 'a parsed node knows its place');
  return [range[0], range[1]];
}

function rangeEnd(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) ? node.range?.[1] : undefined;
}

/** With sorted keys, so that order does not count. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted()
      .map(([key, each]) => [key, sorted(each)]),
  );
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
