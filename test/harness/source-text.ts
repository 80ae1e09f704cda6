/** A TypeScript source text without what the architecture test must not stumble over. */
export interface SourceText {
  /** Without comments. */
  readonly code: string;
  /** Without comments and without what is inside strings and regular expressions: identifiers, keywords, signs. */
  readonly bare: string;
  /** How many lines hold code: neither blank nor comment alone. The size limits are in these. */
  readonly codeLines: number;
}

// In the order in which they must be tried: a quote in a comment opens no string, a slash in a string no comment.
const COMMENT = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
const QUOTED = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`;
const TEMPLATE = '`(?:\\\\[\\s\\S]|[^`\\\\])*`';
// A slash opens a regular expression where an operand is due: after an operator, a bracket or `return`.
const REGEXP = String.raw`(?<=(?:[(,=:[!&|?{};+*%~^<>-]|return|^)\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`;
const TOKEN = new RegExp(`(?<comment>${COMMENT})|(?<literal>${QUOTED}|${TEMPLATE}|${REGEXP})`, 'gm');

/** Reads a source text. It is no parser: a template inside a template's `\${}` would confuse it, and we write none. */
export function sourceText(text: string): SourceText {
  const code = text.replace(TOKEN, (token, ...rest) => (groupsOf(rest).comment === undefined ? token : ''));
  const bare = text.replace(TOKEN, (token, ...rest) => {
    if (groupsOf(rest).comment !== undefined) return '';
    // What a template puts between ${ and } is code.
    const inner = token.startsWith('`') ? [...token.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]).join(' ') : '';
    return `'${inner}'`;
  });
  return { code, bare, codeLines: code.split('\n').filter((line) => line.trim() !== '').length };
}

function groupsOf(rest: readonly unknown[]): { readonly comment?: string } {
  return rest.at(-1) as { readonly comment?: string };
}

/** One import or re-export: what is named behind `from`, what is taken, and whether only types come through it. */
export interface Import {
  readonly from: string;
  readonly names: readonly string[];
  readonly typesOnly: boolean;
}

/** Every import, re-export and dynamic import of a source text. */
export function importsOf(text: SourceText): readonly Import[] {
  const statements = text.code.matchAll(
    /^\s*(?:import|export)\s+(?<type>type\s)?(?:(?<names>[\w*{}\s,$]*?)\sfrom\s+|(?=['"]))['"](?<from>[^'"]+)['"]/gm,
  );
  const dynamic = text.code.matchAll(/\bimport\s*\(\s*['"](?<from>[^'"]+)['"]/g);
  return [...statements, ...dynamic].map(({ groups }) => ({
    from: groups?.['from'] ?? '',
    names: (groups?.['names'] ?? '*').split(/[{},\s]+/).filter((name) => name !== ''),
    typesOnly: groups?.['type'] !== undefined,
  }));
}
