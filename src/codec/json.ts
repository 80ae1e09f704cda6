import { assertNever, byText } from '../base/index.js';
import { decoded } from './decode-error.js';
import { codecs } from './gen/code.js';
import { MESSAGE_NAME } from './kinds.js';
import { decodeResource, type EncodedResource } from './resource.js';
import { type FieldSchema, type FieldType, schemaOf } from './schema.js';
import { type JsonValue, type MessageName, TYPE_URL_PREFIX } from './values.js';
import type { Messages } from './gen/messages.js';
import { isWellKnown, wellKnownJson } from './well-known.js';

/**
 * A resource in Envoy's own JSON form: proto3 JSON with snake_case names, as its documentation and `config_dump` write
 * it. Enums are names, bytes base64, 64-bit numbers strings, typed configs are opened with `@type`; what holds its
 * default is left out; keys are sorted.
 */
export function toJson(resource: EncodedResource): JsonValue {
  return printed(MESSAGE_NAME[resource.kind], decodeResource(resource));
}

/** Any message in the same form, for example a bootstrap. */
export function messageToJson<N extends MessageName>(name: N, message: Messages[N]): JsonValue {
  return printed(name, message);
}

function printed(name: string, message: unknown): JsonValue {
  if (name === 'google.protobuf.Any') return anyJson(fieldsOf(message));
  if (isWellKnown(name)) return wellKnownJson(name, fieldsOf(message));
  return sortedObject(messageEntries(name, message));
}

function messageEntries(name: string, message: unknown): readonly (readonly [string, JsonValue])[] {
  const schema = schemaOf(name);
  return Object.entries(fieldsOf(message)).flatMap(([key, value]) => {
    const field = schema?.get(key);
    const json = field === undefined ? undefined : fieldJson(field, value);
    return json === undefined ? [] : [[key, json] as const];
  });
}

/** `undefined` where the field says nothing: not set, empty, or its default without presence. */
function fieldJson({ type, shape, presence }: FieldSchema, value: unknown): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  switch (shape) {
    case 'list':
      return Array.isArray(value) && value.length > 0 ? value.map((item) => valueJson(type, item)) : undefined;
    case 'map': {
      const entries = Object.entries(value).map(([key, item]) => [key, valueJson(type, item)] as const);
      return entries.length > 0 ? sortedObject(entries) : undefined;
    }
    case 'one':
      return presence || !isDefault(value) ? valueJson(type, value) : undefined;
    default:
      return assertNever(shape);
  }
}

function isDefault(value: unknown): boolean {
  return value === 0 || value === '' || value === false || (value instanceof Uint8Array && value.length === 0);
}

function valueJson(type: FieldType, value: unknown): JsonValue {
  switch (type.kind) {
    case 'message':
      return printed(type.name, value);
    case 'enum':
      return typeof value === 'number' ? (type.names.get(value) ?? value) : String(value);
    case 'bytes':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : '';
    case 'int64':
      return String(value);
    case 'plain':
      return plainJson(value);
    default:
      return assertNever(type);
  }
}

function plainJson(value: unknown): JsonValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return typeof value === 'boolean' ? value : String(value);
}

/** Opens a typed config; one of a type we do not know stays bytes. */
function anyJson({ type_url: url, value }: Readonly<Record<string, unknown>>): JsonValue {
  const typeUrl = typeof url === 'string' ? url : '';
  const name = typeUrl.startsWith(TYPE_URL_PREFIX) ? typeUrl.slice(TYPE_URL_PREFIX.length) : typeUrl;
  const bytes = value instanceof Uint8Array ? value : new Uint8Array();
  if (!isKnown(name)) return { '@type': typeUrl, value: Buffer.from(bytes).toString('base64') };
  const message = decoded(name, bytes, (body) => codecs[name].decode(body));
  if (isWellKnown(name)) return { '@type': typeUrl, value: printed(name, message) };
  return sortedObject([['@type', typeUrl], ...messageEntries(name, message)]);
}

function isKnown(name: string): name is MessageName {
  return Object.hasOwn(codecs, name);
}

function fieldsOf(message: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(typeof message === 'object' && message !== null ? Object.entries(message) : []);
}

function sortedObject(entries: readonly (readonly [string, JsonValue])[]): JsonValue {
  return Object.fromEntries(entries.toSorted(([a], [b]) => byText(a, b)));
}
