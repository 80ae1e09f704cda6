import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { type Import, importsOf, type SourceText, sourceText } from './harness/source-text.js';

// This file is the import table of docs/ARCHITECTURE.md: who may import whom, and what a room must not know.

/** The rooms in the order of the sentence, each with the rooms it may import. */
const ROOMS = {
  base: [],
  model: ['base'],
  intent: ['base', 'model'],
  codec: ['base'],
  resources: ['base', 'model', 'intent', 'codec'],
  snapshot: ['base', 'codec'],
  sources: ['base', 'model', 'observe'],
  pipeline: ['base', 'model', 'intent', 'resources', 'snapshot', 'observe'],
  xds: ['base', 'codec', 'snapshot', 'observe'],
  observe: ['base'],
  admin: ['base', 'model', 'intent', 'snapshot', 'xds', 'observe'],
  cli: ['base', 'model', 'intent', 'codec', 'resources', 'snapshot', 'sources', 'pipeline', 'xds', 'observe', 'admin'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Room = keyof typeof ROOMS;

function isRoom(name: string): name is Room {
  return Object.hasOwn(ROOMS, name);
}

/** Rooms without clock, randomness, logger, process and promises: the same input gives the same bytes. */
const PURE: readonly string[] = ['base', 'model', 'intent', 'codec', 'resources', 'snapshot'];

/** Folders of a room that know each other in one direction, each with those it may import. */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  'src/xds/grpc': [],
  'src/xds/protocol': [],
  'src/xds/server': ['src/xds/protocol', 'src/xds/grpc'],
};

/** A folder that is as pure as a pure room, in a room that is not. */
const PURE_FOLDER = 'src/xds/protocol';

/** What a pure room may import from outside the repository. */
const PURE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  model: ['zod', 're2js'],
  intent: ['zod', 're2js'],
  codec: ['node:crypto', 'protobufjs'],
};

/** Functions of Node that any pure room may have: they parse, and touch nothing. */
const PURE_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['BlockList', 'isIP', 'isIPv4', 'isIPv6'],
};

/** Libraries that are known in some rooms only, so that they can be exchanged there. */
const HOMES: readonly (readonly [pattern: RegExp, rooms: readonly string[]])[] = [
  [/^protobufjs(\/|$)/, ['codec']],
  // gRPC is our own framing on HTTP/2 (ADR 16); the libraries of others are for tests.
  [/^(@grpc\/|grpc-)/, []],
  [/^node:http2$/, ['xds']],
  [/^@kubernetes\//, ['sources']],
  [/^pino(\/|$)/, ['observe']],
  [/^prom-client$/, ['observe']],
  [/^commander$/, ['cli']],
];

/** What reads something from outside. A property of that name does not, nor does a date made from a given number. */
const IMPURE =
  /(?<![.\w$])(Date\.now|new Date\(\s*\)|(?<!new )Date\(|Math\.random|process|performance|console|set(?:Timeout|Interval|Immediate)|queueMicrotask|Promise|async|await|fetch)(?!\w)/;

/** Words of a neighbour that a room must not know, in identifiers and strings. */
const FOREIGN: Readonly<Record<string, RegExp>> = {
  intent: /\w*(?:envoy|virtual_?host|route_?configuration|typed_?config|load_?assignment|\b[lrce]ds\b)\w*/i,
  resources: /\w*(?:argo|rollout|canary|blue_?-?green|managed_?route|set_?weight|template_?-?hash)\w*/i,
};

/** `import { a as b }`, `export * as c` and `as const` give something a name; every other `as` overrules the compiler. */
const CAST = /(?<![\w$.])as\s+(?!const\b)[\w({['"]/;

const GENERATED = 'src/codec/gen/';
const SOURCE_LINES = 300;
const TEST_LINES = 500;
const PIPELINE_LINES = 79;

/** What is wrong with a file of src, in sentences. */
function faultsOf(path: string, text: string): readonly string[] {
  const [, room = '', ...rest] = path.split('/');
  if (rest.length === 0) return ['is in no room'];
  if (!isRoom(room)) return [`${room} is not a room of the table`];
  const source = sourceText(text);
  return [
    ...importsOf(source).flatMap((one) => importFaults(path, room, one)),
    ...wordFaults(path, room, source),
    ...shapeFaults(path, room, text),
  ];
}

function wordFaults(path: string, room: Room, source: SourceText): readonly string[] {
  const isPure = PURE.includes(room) || posix.dirname(path) === PURE_FOLDER;
  const impure = isPure ? IMPURE.exec(source.bare)?.[1] : undefined;
  const foreign = FOREIGN[room]?.exec(withoutImports(source.code))?.[0];
  const casts = path !== 'src/base/units.ts' && CAST.test(withoutImports(source.bare));
  return [
    ...(impure === undefined ? [] : [`${posix.dirname(path)} is pure, but mentions ${impure}`]),
    ...(foreign === undefined ? [] : [`${room} must not know the word ${foreign}`]),
    ...(casts ? ['casts with `as`: a parser in src/base/units.ts gives a value its brand'] : []),
  ];
}

function shapeFaults(path: string, room: Room, text: string): readonly string[] {
  const lines = sourceText(text).codeLines;
  const most = path === 'src/pipeline/pipeline.ts' ? PIPELINE_LINES : SOURCE_LINES;
  const isNamelessDoor = path === `src/${room}/index.ts` && !text.startsWith('/**');
  return [
    ...(lines > most ? [`has ${lines} code lines, at most ${most} are allowed`] : []),
    ...(isNamelessDoor ? ['does not begin with what the room is'] : []),
  ];
}

function importFaults(path: string, room: Room, one: Import): readonly string[] {
  const { from, typesOnly } = one;
  if (!from.startsWith('.')) return packageFaults(room, one);
  const target = posix.join(posix.dirname(path), from);
  const [top, other = ''] = target.split('/');
  if (top !== 'src') return [`imports ${from}, which is outside src`];
  if (other === room) return folderFaults(posix.dirname(path), posix.dirname(target));
  const allowed: readonly string[] = ROOMS[room];
  if (!allowed.includes(other)) return [`${room} may not import ${other}`];
  if (target !== `src/${other}/index.js`) return [`enters ${other} by ${from}, not by its index`];
  if (room === 'resources' && other === 'model' && !typesOnly) return ['resources may import types alone from model'];
  return [];
}

function folderFaults(from: string, to: string): readonly string[] {
  const isAllowed = from === to || (FOLDERS[from]?.includes(to) ?? true);
  return isAllowed ? [] : [`${from} may not import from ${to}`];
}

function packageFaults(room: Room, { from, names }: Import): readonly string[] {
  const home = HOMES.find(([pattern]) => pattern.test(from))?.[1];
  if (home !== undefined && !home.includes(room))
    return [`${room} may not import ${from}: ${home.length === 0 ? 'no room' : `${home.join(', ')} alone`} may`];
  if (!PURE.includes(room) || names.every((name) => PURE_FUNCTIONS[from]?.includes(name))) return [];
  const isAllowed = PURE_PACKAGES[room]?.some((allowed) => from === allowed || from.startsWith(`${allowed}/`));
  return isAllowed ? [] : [`${room} is pure and may not import ${from}`];
}

/** The statements that name other files, for rules that are about what a file itself says. */
function withoutImports(code: string): string {
  return code.replace(/^\s*(?:import|export)\s+(?:type\s)?[\w*{}\s,$]*?\sfrom\s+['"][^'"]*['"]/gm, '');
}

function filesUnder(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name))
    .filter((path) => path.endsWith('.ts') && !path.startsWith(GENERATED))
    .toSorted();
}

const sources = filesUnder('src');

test('every file of src keeps to the table and to the rules of its room', () => {
  const faults = sources.flatMap((path) =>
    faultsOf(path, readFileSync(path, 'utf8')).map((fault) => `${path} ${fault}`),
  );
  assert.deepEqual(faults, []);
});

test('every room has one door, index.ts', () => {
  const rooms = new Set(sources.map((path) => path.split('/').slice(0, 2).join('/')));
  const closed = [...rooms].filter((room) => !sources.includes(`${room}/index.ts`));
  assert.deepEqual(closed, []);
});

test('no test file is longer than a reader bears', () => {
  const lengths = filesUnder('test').map((path) => ({ path, lines: sourceText(readFileSync(path, 'utf8')).codeLines }));
  assert.deepEqual(
    lengths.filter(({ lines }) => lines > TEST_LINES),
    [],
  );
});

test('the benches enter rooms by their doors too, and nothing imports them', () => {
  const sideDoors = filesUnder('bench').flatMap((path) =>
    importsOf(sourceText(readFileSync(path, 'utf8')))
      .map(({ from }) => posix.join(posix.dirname(path), from))
      .filter((target) => target.startsWith('src/') && !/^src\/\w+\/index\.js$/.test(target)),
  );
  assert.deepEqual(sideDoors, []);
  const importers = filesUnder('test').filter((path) =>
    importsOf(sourceText(readFileSync(path, 'utf8'))).some(({ from }) => /^(\.\.\/)+bench\//.test(from)),
  );
  assert.deepEqual(importers, []);
});

const planted = [
  { name: 'a room below imports one above', path: 'src/model/a.ts', text: `import { x } from '../intent/index.js';` },
  { name: 'a type is an import too', path: 'src/snapshot/a.ts', text: `import type { X } from '../intent/index.js';` },
  { name: 'a re-export is an import too', path: 'src/base/a.ts', text: `export * from '../model/index.js';` },
  {
    name: 'an import over several lines',
    path: 'src/model/a.ts',
    text: `import {\n  a,\n  b,\n} from '../cli/index.js';`,
  },
  { name: 'an import for its effect', path: 'src/model/a.ts', text: `import '../observe/index.js';` },
  { name: 'an import at run time', path: 'src/xds/a.ts', text: `export const x = () => import('../cli/index.js');` },
  { name: 'a side door', path: 'src/intent/a.ts', text: `import { x } from '../model/world.js';` },
  {
    name: 'a side door from a folder in a room',
    path: 'src/xds/server/a.ts',
    text: `import { x } from '../../base/units.js';`,
  },
  {
    name: 'a folder below imports one above',
    path: 'src/xds/protocol/a.ts',
    text: `import { x } from '../server/proxy.js';`,
  },
  {
    name: 'a clock in a pure folder',
    path: 'src/xds/protocol/a.ts',
    text: 'export const x = () => performance.now();',
  },
  { name: 'a way out of src', path: 'src/cli/a.ts', text: `import { x } from '../../test/harness/x.js';` },
  {
    name: 'a value from model in resources',
    path: 'src/resources/a.ts',
    text: `import { x } from '../model/index.js';`,
  },
  { name: 'HTTP/2 outside xds', path: 'src/admin/a.ts', text: `import { createServer } from 'node:http2';` },
  { name: 'a gRPC library', path: 'src/xds/a.ts', text: `import { Server } from '@grpc/grpc-js';` },
  { name: 'protobuf outside codec', path: 'src/xds/a.ts', text: `import protobuf from 'protobufjs/minimal.js';` },
  {
    name: 'a node module in a pure room',
    path: 'src/snapshot/a.ts',
    text: `import { createHash } from 'node:crypto';`,
  },
  { name: 'a socket beside a parser', path: 'src/model/a.ts', text: `import { connect, isIP } from 'node:net';` },
  { name: 'the clock', path: 'src/intent/a.ts', text: 'export const now = Date.now();' },
  { name: 'the clock by its constructor', path: 'src/intent/a.ts', text: 'export const now = new Date();' },
  { name: 'the clock inside a template', path: 'src/intent/a.ts', text: 'export const now = `at ${Date.now()}`;' },
  { name: 'a promise', path: 'src/model/a.ts', text: 'export async function x(): Promise<void> {}' },
  { name: 'an Envoy word in intent', path: 'src/intent/a.ts', text: 'export const virtualHost = 1;' },
  { name: 'an Envoy word in a string of intent', path: 'src/intent/a.ts', text: `export const x = 'envoy-default';` },
  { name: 'an Argo word in resources', path: 'src/resources/a.ts', text: 'export const canaryWeight = 1;' },
  { name: 'a cast', path: 'src/model/a.ts', text: 'export const x = y as string;' },
  { name: 'a file in no room', path: 'src/util.ts', text: '' },
  { name: 'a room that the table does not have', path: 'src/utils/a.ts', text: '' },
  { name: 'a file that is too long', path: 'src/xds/a.ts', text: 'x();\n'.repeat(SOURCE_LINES + 1) },
  {
    name: 'a program that is no sentence any more',
    path: 'src/pipeline/pipeline.ts',
    text: 'x();\n'.repeat(PIPELINE_LINES + 1),
  },
  { name: 'a door without a sign', path: 'src/xds/index.ts', text: `export { x } from './x.js';` },
] as const;
for (const { name, path, text } of planted) {
  test(`the table notices: ${name}`, () => assert.equal(faultsOf(path, text).length, 1));
}

const innocent = [
  { name: 'a neighbour by its door', path: 'src/intent/a.ts', text: `import type { X } from '../model/index.js';` },
  { name: 'a room within itself', path: 'src/xds/server/a.ts', text: `import { x } from '../protocol/x.js';` },
  {
    name: 'types of model in resources',
    path: 'src/resources/a.ts',
    text: `import type { X } from '../model/index.js';`,
  },
  { name: 'words in comments', path: 'src/intent/a.ts', text: '// Envoy awaits a Date as string\n/* process */' },
  { name: 'a word in a string', path: 'src/model/a.ts', text: `export const x = 'Date and process as they are';` },
  { name: 'a parser of Node', path: 'src/model/a.ts', text: `import { isIP } from 'node:net';` },
  { name: 'a date that is given', path: 'src/codec/a.ts', text: 'export const x = new Date(1).toISOString();' },
  { name: 'a quote in a regular expression', path: 'src/model/a.ts', text: `export const x = /['"]/; // Date's` },
  { name: 'a property of that name', path: 'src/model/a.ts', text: 'export const x = y.process;' },
  {
    name: 'names given with as',
    path: 'src/model/a.ts',
    text: `import * as a from './a.js';\nexport { b as c } from './b.js';`,
  },
  { name: 'as const', path: 'src/model/a.ts', text: 'export const x = [1] as const;' },
  { name: 'comments do not make a file long', path: 'src/xds/a.ts', text: '// why\n\n'.repeat(SOURCE_LINES) },
] as const;
for (const { name, path, text } of innocent) {
  test(`the table lets pass: ${name}`, () => assert.deepEqual(faultsOf(path, text), []));
}
