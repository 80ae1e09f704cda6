import { codecs } from './gen/code.js';
import { DESCRIPTOR_SET } from './gen/descriptor.js';
import type { DescriptorProto, EnumDescriptorProto, FieldDescriptorProto } from './gen/messages.js';

/** How one field is printed. */
export interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
  readonly shape: 'one' | 'list' | 'map';
  /** A field with presence is printed even when it holds its default (proto3, "field presence"). */
  readonly presence: boolean;
}

/** Of what type a field, a list's items or a map's values are. */
export type FieldType =
  | { readonly kind: 'message'; readonly name: string }
  | { readonly kind: 'enum'; readonly names: ReadonlyMap<number, string> }
  | { readonly kind: 'bytes' | 'int64' | 'plain' };

/** Fields of a message by their name. */
export type MessageSchema = ReadonlyMap<string, FieldSchema>;

/** FileDescriptorSet of the xDS services and of all messages we know, serialised: for gRPC reflection. */
export function descriptorSet(): Uint8Array {
  return Buffer.from(DESCRIPTOR_SET, 'base64');
}

interface Index {
  readonly messages: Map<string, DescriptorProto>;
  readonly enums: Map<string, EnumDescriptorProto>;
  readonly schemas: Map<string, MessageSchema>;
}

let loaded: Index | undefined;

/** The schema of a message by its full name; `undefined` for one we do not know. The descriptor is read at the first call. */
export function schemaOf(name: string): MessageSchema | undefined {
  loaded ??= load();
  const known = loaded.schemas.get(name);
  if (known !== undefined) return known;
  const message = loaded.messages.get(name);
  if (message === undefined) return undefined;
  const schema = messageSchema(message, loaded);
  loaded.schemas.set(name, schema);
  return schema;
}

function load(): Index {
  const index: Index = { messages: new Map(), enums: new Map(), schemas: new Map() };
  const { file: files = [] } = codecs['google.protobuf.FileDescriptorSet'].decode(descriptorSet());
  for (const file of files) {
    const scope = file.package ?? '';
    for (const message of file.message_type ?? []) addMessage(scope, message, index);
    for (const item of file.enum_type ?? []) index.enums.set(`${scope}.${item.name ?? ''}`, item);
  }
  return index;
}

function addMessage(scope: string, message: DescriptorProto, index: Index): void {
  const name = `${scope}.${message.name ?? ''}`;
  index.messages.set(name, message);
  for (const nested of message.nested_type ?? []) addMessage(name, nested, index);
  for (const item of message.enum_type ?? []) index.enums.set(`${name}.${item.name ?? ''}`, item);
}

function messageSchema(message: DescriptorProto, index: Index): MessageSchema {
  return new Map((message.field ?? []).map((field) => [field.name ?? '', fieldSchema(field, index)]));
}

// Numbers of FieldDescriptorProto.Type and .Label (descriptor.proto).
const MESSAGE = 11;
const ENUM = 14;
const BYTES = 12;
const SIXTY_FOUR_BITS: ReadonlySet<number> = new Set([3, 4, 6, 16, 18]);
const REPEATED = 3;

function fieldSchema(field: FieldDescriptorProto, index: Index): FieldSchema {
  const name = field.name ?? '';
  const value = mapValue(field, index);
  if (value !== undefined) return { name, type: fieldType(value, index), shape: 'map', presence: false };
  const presence = field.type === MESSAGE || field.oneof_index !== undefined;
  return { name, type: fieldType(field, index), shape: field.label === REPEATED ? 'list' : 'one', presence };
}

/** A map is a list of entry messages with a key and a value. */
function mapValue(field: FieldDescriptorProto, index: Index): FieldDescriptorProto | undefined {
  if (field.type !== MESSAGE) return undefined;
  const entry = index.messages.get(typeName(field));
  return entry?.options?.map_entry === true ? entry.field?.[1] : undefined;
}

function fieldType(field: FieldDescriptorProto, index: Index): FieldType {
  const type = field.type ?? 0;
  if (type === MESSAGE) return { kind: 'message', name: typeName(field) };
  if (type === ENUM) return { kind: 'enum', names: enumNames(index.enums.get(typeName(field))) };
  if (type === BYTES) return { kind: 'bytes' };
  return { kind: SIXTY_FOUR_BITS.has(type) ? 'int64' : 'plain' };
}

function enumNames(item: EnumDescriptorProto | undefined): ReadonlyMap<number, string> {
  return new Map((item?.value ?? []).map(({ number = 0, name = '' }) => [number, name]));
}

/** Type names in a descriptor are absolute and begin with a dot. */
function typeName(field: FieldDescriptorProto): string {
  return (field.type_name ?? '').slice(1);
}
