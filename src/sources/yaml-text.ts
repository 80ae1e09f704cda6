import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type YAMLParseError,
} from 'yaml';

/** A position in a text; line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What a text says, or why it says nothing. */
export type ParsedText =
  /** `value` is `undefined` for a document without content. */
  | { readonly kind: 'value'; readonly value: unknown; readonly locate: Locate }
  | { readonly kind: 'broken'; readonly message: string; readonly at: Position };

/** Where a path such as `spec.strategy.canary.steps[2].setWeight` is, or its nearest ancestor that is there. */
export type Locate = (path: string) => Position;

const TOP: Position = { line: 1, column: 1 };
/**
 * Deepest nesting that is read; a Rollout needs about 15. What reads a document calls itself once a level, and V8 can end the whole
 * process, not throw, where a regular expression is first compiled at the end of the stack; so depth is counted before.
 */
const DEEPEST = 256;
const OPENS_JSON = /^\s*[{[]/;

/**
 * Parses one document, YAML 1.2 with merge keys, or JSON. Never throws: an alias bomb, a circular alias, a key given twice and
 * nesting that is too deep are all `broken`.
 */
export function parseText(text: string): ParsedText {
  return parseJson(text) ?? parseYaml(text);
}

/** Finds paths in the text of a document that was read before; parses it on the first question. */
export function locateIn(text: string): Locate {
  let known: Locate | undefined;
  return (path) => {
    known ??= locateInYaml(text);
    return known(path);
  };
}

/**
 * JSON is YAML, but the JSON parser is fifty times faster, which a `kubectl get -o json` of a whole namespace needs. What it does
 * not take is left to YAML, which says what is wrong and where.
 */
function parseJson(text: string): ParsedText | undefined {
  if (!OPENS_JSON.test(text)) return undefined;
  try {
    // In here too because a string of many megabytes is more than the expression's stack holds.
    if (!isPlain(text)) return undefined;
    return { kind: 'value', value: JSON.parse(text), locate: locateIn(text) };
  } catch {
    return undefined;
  }
}

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/**
 * Whether no key is given twice (the JSON parser takes the last one in silence; we do not) and nothing is nested too deep. Only the
 * text of well-formed JSON is judged right.
 */
function isPlain(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(JSON_TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const key = token.slice(0, token.lastIndexOf('"') + 1);
      const keys = open.at(-1);
      if (keys?.has(key) === true) return false;
      keys?.add(key);
    }
    if (open.length >= DEEPEST) return false;
  }
  return true;
}

function parseYaml(text: string): ParsedText {
  try {
    const composition = composed(text);
    if ('tooDeepAt' in composition) {
      return { kind: 'broken', message: `nested more than ${DEEPEST} levels deep`, at: composition.tooDeepAt };
    }
    const { document, lines } = composition;
    const [error] = document.errors;
    if (error === undefined) return valueOf(document, lines);
    return { kind: 'broken', message: messageOf(error), at: position(lines, faultAt(document, error)) };
  } catch (error) {
    // The parser tells what is wrong, it does not throw; were it ever to, one file must not end the others.
    return { kind: 'broken', message: textOf(error), at: TOP };
  }
}

function valueOf(document: Document, lines: LineCounter): ParsedText {
  try {
    const value: unknown = document.toJS();
    return { kind: 'value', value: value ?? undefined, locate: (path) => positionOf(document, lines, path) };
  } catch (error) {
    // An alias: of nothing, or too many of them.
    let at = 0;
    visit(document, {
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return undefined;
        at = alias.range?.[0] ?? at;
        return visit.BREAK;
      },
    });
    return { kind: 'broken', message: textOf(error), at: position(lines, at) };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the parser says is exact, but of a line in the wrong column it speaks of implicit keys. */
function messageOf({ code, message }: YAMLParseError): string {
  const isOfKeys = code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY';
  return isOfKeys ? `${message} (is a line in the wrong column, or a colon missing?)` : message;
}

/** Where something is wrong; of a quote that nobody closes the parser tells the end of the text, which is no place to look at. */
function faultAt(document: Document, { code, pos: [start] }: YAMLParseError): number {
  if (code !== 'MISSING_CHAR') return start;
  let opened = start;
  visit(document, {
    Scalar(_, { range, type }) {
      const [first, last] = range ?? [start, start];
      if (type?.startsWith('QUOTE_') === true && first < start && last >= start) opened = first;
    },
  });
  return opened;
}

function locateInYaml(text: string): Locate {
  try {
    const composition = composed(text);
    if ('tooDeepAt' in composition) return () => composition.tooDeepAt;
    return (path) => positionOf(composition.document, composition.lines, path);
  } catch {
    return () => TOP;
  }
}

type Composition =
  | { readonly document: Document; readonly lines: LineCounter }
  /** Where nesting gets too deep to go on. */
  | { readonly tooDeepAt: Position };

/** The steps of the library's `parseDocument`, between which depth can be seen: its parser keeps a stack of its own, its composer does not. */
function composed(text: string): Composition {
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > DEEPEST) return { tooDeepAt: position(lines, parser.offset) };
  }
  tokens.push(...parser.end());
  const composer = new Composer({ prettyErrors: false, merge: true, logLevel: 'silent' });
  const [document] = composer.compose(tokens, true, text.length);
  if (document === undefined) throw new Error('no document');
  return { document, lines };
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function positionOf(document: Document, lines: LineCounter, path: string): Position {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (let rest = path; rest !== ''; ) {
    const step = child(document, node, rest);
    if (step === undefined) break;
    ({ node, rest } = step);
    offset = step.offset;
  }
  return position(lines, offset);
}

interface Step {
  readonly node: unknown;
  readonly offset: number;
  readonly rest: string;
}

function child(document: Document, aliased: unknown, path: string): Step | undefined {
  const node = resolved(document, aliased);
  if (isSeq(node)) {
    const index = /^\[(\d+)\]/.exec(path);
    const item: unknown = index === null ? undefined : node.items[Number(index[1])];
    const offset = startOf(item);
    return index === null || offset === undefined
      ? undefined
      : { node: item, offset, rest: path.slice(index[0].length).replace(/^\./, '') };
  }
  let longest: Step | undefined;
  for (const { key, value } of isMap(node) ? node.items : []) {
    const rest = isScalar(key) ? after(path, String(key.value)) : undefined;
    const offset = startOf(key);
    // Keys may hold dots themselves (`penstock.dev/options`), so the longest key that fits is the one that is meant.
    if (rest === undefined || offset === undefined || (longest !== undefined && rest.length >= longest.rest.length))
      continue;
    longest = { node: value, offset, rest };
  }
  return longest;
}

/** What is left of a path behind `key`, written plainly or as `["key"]`; `undefined` where the path does not start with it. */
function after(path: string, key: string): string | undefined {
  for (const form of [key, `[${JSON.stringify(key)}]`, `['${key}']`]) {
    if (!path.startsWith(form)) continue;
    const rest = path.slice(form.length);
    if (rest === '' || rest.startsWith('[')) return rest;
    if (rest.startsWith('.')) return rest.slice(1);
  }
  return undefined;
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
