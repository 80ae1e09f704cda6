// From everything Envoy has to the part we speak: a plain list of messages and enums, sorted by name, which the
// emitters beside this file print. Nothing after this step looks at the .proto files again.

import protobuf from 'protobufjs';
import { NEWER_FIELDS } from '../newer-fields.mjs';

/**
 * @typedef {{ name: string, number: number, kind: 'scalar'|'enum'|'message', type: string, keyType?: string,
 *             repeated: boolean, oneof?: string, optional: boolean }} FieldModel
 * @typedef {{ name: string, file: string, fields: FieldModel[], oneofs: string[] }} MessageModel
 * @typedef {{ name: string, file: string, values: Record<string, number> }} EnumModel
 */

const nameOf = (object) => object.fullName.slice(1);

/** Messages reachable from `wanted` and the enums they use. */
export function prune({ root, fileOf }, wanted, notWanted) {
  const messages = new Map();
  const enums = new Map();
  const isCut = (name) =>
    notWanted.some((cut) => (cut.endsWith('.') ? name.startsWith(cut) : name === cut || name.startsWith(`${cut}.`)));
  const open = wanted.map((name) => root.lookupType(name));
  for (let type = open.pop(); type !== undefined; type = open.pop()) {
    if (messages.has(nameOf(type))) continue;
    const kept = type.fieldsArray.filter(
      (field) => !isExtension(field) && !isDeprecated(field) && !isCut(targetOf(field)),
    );
    const newer = NEWER_FIELDS.filter(({ message }) => message === nameOf(type)).map((field) =>
      newerField(type, field),
    );
    const fields = [...kept.map(fieldModel), ...newer].toSorted((a, b) => a.number - b.number);
    const oneofs = type.oneofsArray.map((oneof) => oneof.name).filter((oneof) => fields.some((f) => f.oneof === oneof));
    messages.set(nameOf(type), { name: nameOf(type), file: fileOf(type), fields, oneofs });
    const targets = [...kept.map((field) => field.resolvedType), ...newer.map((field) => targetType(root, field))];
    for (const resolvedType of targets) {
      if (resolvedType instanceof protobuf.Type) open.push(resolvedType);
      if (resolvedType instanceof protobuf.Enum) enums.set(nameOf(resolvedType), enumModel(resolvedType, fileOf));
    }
  }
  return { messages: sorted(messages), enums: sorted(enums) };
}

/** The wanted methods of the wanted services. */
export function pruneServices({ root, fileOf }, wanted) {
  return Object.entries(wanted).map(([name, methods]) => {
    const service = root.lookupService(name);
    return { name, file: fileOf(service), methods: methods.map((method) => methodModel(service, method)) };
  });
}

function methodModel(service, name) {
  const method = service.methods[name];
  if (method === undefined) throw new Error(`proto: ${service.fullName} has no method ${name}`);
  method.resolve();
  return {
    name,
    request: nameOf(method.resolvedRequestType),
    response: nameOf(method.resolvedResponseType),
    clientStreaming: method.requestStream === true,
    serverStreaming: method.responseStream === true,
  };
}

function newerField(owner, { name, number, type, oneof, rule }) {
  const taken = owner.fields[name] ?? owner.fieldsById[number];
  if (taken !== undefined) {
    throw new Error(
      `proto: ${nameOf(owner)}.${taken.name} (${taken.id}) is in Envoy's files by now; delete ${name} from newer-fields.mjs`,
    );
  }
  const kind = type.includes('.') ? 'message' : 'scalar';
  return {
    name,
    number,
    kind,
    type,
    repeated: rule === 'repeated',
    optional: false,
    ...(oneof === undefined ? {} : { oneof }),
  };
}

const targetType = (root, { kind, type }) => (kind === 'message' ? root.lookupType(type) : null);
const sorted = (map) => [...map.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
const targetOf = (field) => (field.resolvedType === null ? field.type : nameOf(field.resolvedType));
const isDeprecated = (field) => field.options?.deprecated === true;
const isExtension = (field) => field.declaringField !== null;
const enumModel = (type, fileOf) => ({ name: nameOf(type), file: fileOf(type), values: { ...type.values } });

function fieldModel(field) {
  return {
    name: fieldName(field),
    number: field.id,
    kind: kindOf(field),
    type: targetOf(field),
    repeated: field.repeated,
    optional: isOptional(field),
    ...(field.map ? { keyType: field.keyType } : {}),
    ...(field.partOf === null || isOptional(field) ? {} : { oneof: field.partOf.name }),
  };
}

// protobufjs' built-in well-known types are camelCase whatever `keepCase` says: `number_value` of a Struct would be
// dropped without a word. Its own descriptor of the same files keeps the real name aside.
const fieldName = (field) =>
  field.options?.protoName ?? field.protoName ?? field.name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** A plain field that tells absence from its default: `optional` in proto3, every one in proto2 (descriptor.proto). */
function isOptional(field) {
  if (field.options?.proto3_optional === true) return true;
  return field.partOf === null && !field.repeated && !field.map && kindOf(field) !== 'message' && field.hasPresence;
}

function kindOf(field) {
  if (field.resolvedType === null) return 'scalar';
  return field.resolvedType instanceof protobuf.Enum ? 'enum' : 'message';
}
