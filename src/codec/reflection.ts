import { decoded } from './decode-error.js';
import { codecs } from './gen/code.js';
import type {
  DescriptorProto,
  FileDescriptorProto,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from './gen/messages.js';
import { descriptorSet } from './schema.js';

/** The only method of the reflection service, in its two versions. Their messages are the same. */
export const REFLECTION: readonly string[] = [
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];

const REQUEST = 'grpc.reflection.v1.ServerReflectionRequest';
const RESPONSE = 'grpc.reflection.v1.ServerReflectionResponse';

/** Answers a question of reflection, bytes to bytes. Throws a `DecodeError`. The descriptor is read at the first call. */
export function answerReflection(bytes: Uint8Array): Uint8Array {
  const request = decoded(REQUEST, bytes, codecs[REQUEST].decode);
  return codecs[RESPONSE].encode({
    ...(request.host === undefined ? {} : { valid_host: request.host }),
    original_request: request,
    ...answer(request, (loaded ??= load())),
  });
}

interface Index {
  readonly services: readonly string[];
  readonly files: ReadonlyMap<string, FileDescriptorProto>;
  /** The same as they are sent: whoever asks again and again must not make us encode them as often. */
  readonly encoded: ReadonlyMap<FileDescriptorProto, Uint8Array>;
  /** Where a name stands: of a message, a field, an enum, a service or a method. */
  readonly symbols: ReadonlyMap<string, FileDescriptorProto>;
}

let loaded: Index | undefined;

// gRPC status codes.
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

function answer(request: ServerReflectionRequest, index: Index): ServerReflectionResponse {
  const { services, files, symbols } = index;
  if (request.list_services !== undefined) {
    return { list_services_response: { service: services.map((name) => ({ name })) } };
  }
  const { file_by_filename: path, file_containing_symbol: symbol } = request;
  if (path !== undefined) return described(files.get(path), path, index);
  if (symbol !== undefined) return described(symbols.get(symbol), symbol, index);
  const { file_containing_extension: extension, all_extension_numbers_of_type: extended } = request;
  if (extension !== undefined || extended !== undefined) return fault(NOT_FOUND, 'there are no extensions');
  return fault(UNIMPLEMENTED, 'a question of a kind that is not known here');
}

/** A file and all that it needs, so that nobody has to ask again. */
function described(
  file: FileDescriptorProto | undefined,
  what: string,
  { files, encoded }: Index,
): ServerReflectionResponse {
  if (file === undefined) return fault(NOT_FOUND, `not found: ${what}`);
  // A set that is added to while it is gone through.
  const needed = new Set([file]);
  for (const each of needed) {
    for (const path of each.dependency ?? []) {
      const dependency = files.get(path);
      if (dependency !== undefined) needed.add(dependency);
    }
  }
  const protos = [...needed].flatMap((each) => encoded.get(each) ?? []);
  return { file_descriptor_response: { file_descriptor_proto: protos } };
}

function fault(code: number, message: string): ServerReflectionResponse {
  return { error_response: { error_code: code, error_message: message } };
}

function load(): Index {
  const { file: files = [] } = codecs['google.protobuf.FileDescriptorSet'].decode(descriptorSet());
  return {
    services: files.flatMap((file) => (file.service ?? []).map((service) => within(file.package, service.name))),
    files: new Map(files.map((file) => [file.name ?? '', file])),
    encoded: new Map(files.map((file) => [file, codecs['google.protobuf.FileDescriptorProto'].encode(file)])),
    symbols: new Map(files.flatMap((file) => symbolsOf(file).map((symbol) => [symbol, file] as const))),
  };
}

function symbolsOf({ package: scope, ...file }: FileDescriptorProto): readonly string[] {
  const services = (file.service ?? []).flatMap(({ name, method: methods = [] }) => {
    const service = within(scope, name);
    return [service, ...methods.map((method) => within(service, method.name))];
  });
  return [...services, ...messageSymbols(scope, file.message_type), ...enumSymbols(scope, file.enum_type)];
}

function messageSymbols(scope: string | undefined, messages: readonly DescriptorProto[] = []): readonly string[] {
  return messages.flatMap(({ name, field: fields = [], nested_type: nested, enum_type: enums }) => {
    const message = within(scope, name);
    const names = fields.map((field) => within(message, field.name));
    return [message, ...names, ...messageSymbols(message, nested), ...enumSymbols(message, enums)];
  });
}

function enumSymbols(scope: string | undefined, enums: DescriptorProto['enum_type'] = []): readonly string[] {
  return enums.map(({ name }) => within(scope, name));
}

function within(scope: string | undefined, name: string | undefined): string {
  return `${scope ?? ''}.${name ?? ''}`;
}
