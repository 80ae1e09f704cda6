import { codecs } from './gen/code.js';
import type { Duration, Messages, Struct, TypedAny, Value } from './gen/messages.js';

/** What `type_url` puts before the full name of a message. */
export const TYPE_URL_PREFIX = 'type.googleapis.com/';

/** Full name of a message we can encode. */
export type MessageName = keyof Messages;

/** A JSON value: what `Struct` holds and what messages are printed as. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A typed extension config: `any('envoy.extensions.filters.http.router.v3.Router', {})`. */
export function any<N extends MessageName>(name: N, message: Messages[N]): TypedAny {
  return { type_url: `${TYPE_URL_PREFIX}${name}`, value: codecs[name].encode(message) };
}

/** Bytes of any message by its full name, for example a bootstrap. */
export function encodeMessage<N extends MessageName>(name: N, message: Messages[N]): Uint8Array {
  return codecs[name].encode(message);
}

/** A span of `ms` milliseconds (finite, 0 or more), to the microsecond. */
export function duration(ms: number): Duration {
  const micros = Math.round(ms * 1000);
  const [seconds, nanos] = [Math.trunc(micros / 1_000_000), (micros % 1_000_000) * 1000];
  return { ...(seconds === 0 ? {} : { seconds }), ...(nanos === 0 ? {} : { nanos }) };
}

/** A `google.protobuf.Struct` of a plain object: node metadata, runtime layers. */
export function struct(object: { readonly [key: string]: JsonValue }): Struct {
  return { fields: Object.fromEntries(Object.entries(object).map(([key, item]) => [key, structValue(item)])) };
}

function structValue(value: JsonValue): Value {
  if (typeof value === 'string') return { string_value: value };
  if (typeof value === 'number') return { number_value: value };
  if (typeof value === 'boolean') return { bool_value: value };
  if (value === null) return { null_value: 0 };
  if (isList(value)) return { list_value: { values: value.map(structValue) } };
  return { struct_value: struct(value) };
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
