import { byText } from '../base/index.js';
import type { JsonValue } from './values.js';

type Fields = Readonly<Record<string, unknown>>;

const PRINTERS: ReadonlyMap<string, (fields: Fields) => JsonValue> = new Map([
  ['google.protobuf.Duration', durationJson],
  ['google.protobuf.Timestamp', timestampJson],
  ['google.protobuf.Struct', structJson],
  ['google.protobuf.Value', structValueJson],
  ['google.protobuf.ListValue', listJson],
  ['google.protobuf.BoolValue', ({ value }) => value === true],
  ['google.protobuf.StringValue', ({ value }) => (typeof value === 'string' ? value : '')],
  ['google.protobuf.UInt32Value', numberJson],
  ['google.protobuf.Int32Value', numberJson],
  ['google.protobuf.DoubleValue', numberJson],
  ['google.protobuf.FloatValue', numberJson],
  ['google.protobuf.UInt64Value', longJson],
  ['google.protobuf.Int64Value', longJson],
]);

/** Whether proto3 JSON has a form of its own for this message. */
export function isWellKnown(name: string): boolean {
  return PRINTERS.has(name);
}

/** That form: `5s` for a duration, the bare value for a wrapper, plain JSON for a `Struct`. */
export function wellKnownJson(name: string, fields: Fields): JsonValue {
  return PRINTERS.get(name)?.(fields) ?? null;
}

function numberJson({ value }: Fields): JsonValue {
  const number = numberOf(value);
  return Number.isFinite(number) ? number : String(number);
}

// 64-bit numbers are strings in proto3 JSON.
function longJson({ value }: Fields): JsonValue {
  return String(numberOf(value));
}

function durationJson({ seconds, nanos }: Fields): JsonValue {
  return `${numberOf(seconds)}${fraction(numberOf(nanos))}s`;
}

function timestampJson({ seconds, nanos }: Fields): JsonValue {
  const whole = new Date(numberOf(seconds) * 1000).toISOString().slice(0, -'.000Z'.length);
  return `${whole}${fraction(numberOf(nanos))}Z`;
}

/** Nanoseconds as the digits behind the point, in groups of three (proto3 JSON, `Duration`). */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  return `.${digits.replace(/(000){1,2}$/, '')}`;
}

function structJson({ fields }: Fields): JsonValue {
  const entries = Object.entries(fieldsOf(fields)).map(
    ([key, value]) => [key, structValueJson(fieldsOf(value))] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => byText(a, b)));
}

function structValueJson(fields: Fields): JsonValue {
  const { string_value: text, number_value: number, bool_value: flag } = fields;
  if (typeof text === 'string') return text;
  if (typeof number === 'number') return number;
  if (typeof flag === 'boolean') return flag;
  if (fields['struct_value'] !== undefined) return structJson(fieldsOf(fields['struct_value']));
  if (fields['list_value'] !== undefined) return listJson(fieldsOf(fields['list_value']));
  return null;
}

function listJson({ values }: Fields): JsonValue {
  return Array.isArray(values) ? values.map((value) => structValueJson(fieldsOf(value))) : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function fieldsOf(value: unknown): Fields {
  return Object.fromEntries(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
