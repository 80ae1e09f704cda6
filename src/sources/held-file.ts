import type { Place, Problem } from '../base/index.js';
import { type DocumentReading, type FoundObject, readDocument } from './read-document.js';
import { type RawDocument, splitDocuments } from './split-documents.js';
import { type Locate, locateIn, type Position } from './yaml-text.js';

/** What was found at a path. `gone`: nothing, or nothing that is ours to read. */
export type Sight =
  /** `identity` is equal as long as the file is written in place and differs when another file took its name. */
  | { readonly kind: 'text'; readonly text: string; readonly identity: string }
  | { readonly kind: 'unreadable'; readonly problem: Problem }
  | { readonly kind: 'gone' };

/** One object as one file gives it. */
export interface HeldObject {
  readonly found: FoundObject;
  readonly document: RawDocument;
  /** Whether the last good reading of the file had it, but the present one, which has something broken in it, has not. */
  readonly isKept: boolean;
}

/** What one file gives: the value behind every decision; replaced as a whole at each reading. */
export interface HeldFile {
  /** `undefined` where the present text could not be read. */
  readonly text: string | undefined;
  /** Whether the last text that was not cut off ended with a line end, as most writers' do. */
  readonly endsLine: boolean;
  /** `undefined` where the file was taken away: what comes in its place is then written in place. */
  readonly identity: string | undefined;
  readonly documents: ReadonlyMap<string, DocumentReading>;
  readonly objects: ReadonlyMap<string, HeldObject>;
  readonly problems: readonly Problem[];
  /** Whether every object of the present text could be told by its name. */
  readonly isWhole: boolean;
}

const EMPTY: HeldFile = {
  text: undefined,
  endsLine: false,
  identity: '',
  documents: new Map(),
  objects: new Map(),
  problems: [],
  isWhole: true,
};

/** The text of a file as it is now, and which file it is. */
export interface FileText {
  readonly file: string;
  readonly text: string;
  readonly identity: string;
}

/**
 * What a file gives after it was read again. Nothing that was good is lost to a text that is broken, cut off or empty: what can
 * not be told there may still be meant, so objects are taken away only by a text that is whole.
 */
export function readFileText(before: HeldFile = EMPTY, { file, text, identity }: FileText): HeldFile {
  const documents = new Map<string, DocumentReading>();
  const objects = new Map<string, HeldObject>();
  const loss = lossOf(before, text, identity);
  const problems: Problem[] = loss === undefined ? [] : [lost(file, text, loss)];
  let isWhole = loss === undefined;
  const all = splitDocuments(text);
  const placeOf = places();
  for (const document of loss === undefined ? all : all.slice(0, -1)) {
    // Most documents of a large file are the same as at the last reading: those are not parsed again.
    const reading = documents.get(document.text) ?? before.documents.get(document.text) ?? readDocument(document.text);
    documents.set(document.text, reading);
    isWhole &&= reading.whole;
    problems.push(...fileProblems(file, document, reading));
    for (const found of reading.objects) {
      const first = objects.get(found.id);
      const held: HeldObject = { found, document, isKept: false };
      if (first === undefined) objects.set(found.id, held);
      else problems.push(duplicate({ file, held }, { file, held: first }, placeOf));
    }
  }
  return {
    text,
    endsLine: loss === undefined ? text.endsWith('\n') : before.endsLine,
    identity,
    documents,
    objects: isWhole ? objects : withKept(before, objects),
    problems,
    isWhole,
  };
}

/** A file that is there but can not be read keeps what it gave. */
export function unreadable(before: HeldFile = EMPTY, problem: Problem): HeldFile {
  return { ...keeping(before), problems: [problem] };
}

/**
 * A file that was just taken away. Many writers save in this order: the old file away, the new one made, the new one written (vim
 * does); and an object may be on its way to another file. So it keeps what it gave until it is sure that the file stays away.
 */
export function leaving(before: HeldFile): HeldFile {
  return { ...keeping(before), identity: undefined };
}

function keeping(before: HeldFile): HeldFile {
  return { ...before, text: undefined, objects: withKept(before, new Map()), problems: [], isWhole: false };
}

/** An object in a file. */
export interface Standing {
  readonly file: string;
  readonly held: HeldObject;
}

/** Tells where objects start. */
export type PlaceOf = (standing: Standing) => Place;

/** Parses each document once, however many of its objects are asked for. For short use: a parsed document is large. */
export function places(): PlaceOf {
  const known = new Map<string, Locate>();
  return ({ file, held: { document, found } }) => {
    const locate = known.get(document.text) ?? locateIn(document.text);
    known.set(document.text, locate);
    return placed(file, document, locate(found.inside));
  };
}

/** That an object is given twice. The second is not used as long as the first is there. */
export function duplicate(second: Standing, first: Standing, placeOf: PlaceOf): Problem {
  const { file, line } = placeOf(first);
  return {
    code: 'OBJECT_DUPLICATE',
    severity: 'error',
    object: second.held.found.ref,
    path: '',
    value: '',
    expected: `the object in one place only; ${file}:${line} has it too, and that one is used`,
    place: placeOf(second),
  };
}

/** A position in a document as a place in its file. */
export function placed(file: string, document: RawDocument, { line, column }: Position): Place {
  return { file, line: document.line + line - 1, column };
}

function fileProblems(file: string, document: RawDocument, reading: DocumentReading): readonly Problem[] {
  return reading.problems.map(({ at, ...rest }) => ({
    ...rest,
    object: fileRef(file),
    place: placed(file, document, at),
  }));
}

/** How problems name a file that no object could be read from. */
export function fileRef(file: string): Problem['object'] {
  return { kind: 'File', namespace: '', name: file };
}

/**
 * What a text lost that can be seen although it parses. An empty file is what a writer leaves between opening and writing. A file
 * that is written in place (no other took its name) and now ends within a line, as it did not before, is cut off there, and its last
 * document can say something else than it will (`weight: 2` of `weight: 20`).
 */
function lossOf(before: HeldFile, text: string, identity: string): string | undefined {
  if (isBlank(text))
    return before.objects.size === 0
      ? undefined
      : `what was here before (${before.objects.size} in all); delete the file to take it away`;
  const isCut = before.endsLine && isSameFile(before, identity) && !text.endsWith('\n') && !isJson(text);
  return isCut ? 'a line end behind the last line; without it the last document counts as half-written' : undefined;
}

function lost(file: string, text: string, expected: string): Problem {
  const lines = text.split('\n');
  const place: Place = { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  return { code: 'YAML_INVALID', severity: 'error', object: fileRef(file), path: '', value: '', expected, place };
}

function withKept(before: HeldFile, objects: ReadonlyMap<string, HeldObject>): ReadonlyMap<string, HeldObject> {
  const all = new Map(objects);
  for (const [id, held] of before.objects) {
    if (!all.has(id)) all.set(id, { ...held, isKept: true });
  }
  return all;
}

/** Whether a text says nothing at all, not even a comment. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Whether a text is JSON, if it is anything. */
export function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** Whether a file is still the one that was read, now written in place. */
export function isSameFile(before: HeldFile | undefined, identity: string | undefined): before is HeldFile {
  return before !== undefined && (before.identity ?? identity) === identity;
}
