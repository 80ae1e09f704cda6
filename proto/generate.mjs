// Generates src/codec/gen/ from the .proto files of Envoy: run by `npm run build` when an input is newer.
// Deterministic: same inputs, same bytes.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CODE_TYPES, emitCode } from './generate/emit-code.mjs';
import { emitDescriptor } from './generate/emit-descriptor.mjs';
import { emitTypes } from './generate/emit-types.mjs';
import { loadEnvoyApi } from './generate/load.mjs';
import { prune, pruneServices } from './generate/prune.mjs';
import {
  DESCRIPTOR_MESSAGE,
  DESCRIPTOR_NOT_WANTED,
  GRPC_WANTED,
  NOT_WANTED,
  WANTED,
  WANTED_SERVICES,
} from './wanted.mjs';

const out = new URL('../src/codec/gen/', import.meta.url);

const api = loadEnvoyApi();
const envoy = prune(api, Object.values(WANTED).flat(), NOT_WANTED);
const descriptor = prune(api, [DESCRIPTOR_MESSAGE], DESCRIPTOR_NOT_WANTED);
const grpc = prune(api, GRPC_WANTED, []);
const all = {
  messages: [...envoy.messages, ...descriptor.messages, ...grpc.messages],
  enums: [...envoy.enums, ...descriptor.enums, ...grpc.enums],
};

const files = {
  'messages.ts': emitTypes(all),
  'code.js': await emitCode(all),
  'code.d.ts': CODE_TYPES,
  'descriptor.ts': emitDescriptor(envoy, pruneServices(api, WANTED_SERVICES)),
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const [name, text] of Object.entries(files)) writeFileSync(new URL(name, out), text);
const size = Object.entries(files).map(([name, text]) => `${name} ${Math.round(text.length / 1024)} kB`);
process.stdout.write(`proto: ${envoy.messages.length} messages into ${fileURLToPath(out)}: ${size.join(', ')}\n`);
