/** One YAML document of a file: its text as it stands there, and the line of the file that it starts on, from 1. */
export interface RawDocument {
  readonly text: string;
  readonly line: number;
}

// A line that starts so is never content, whatever surrounds it (YAML 1.2.2, section 9.1.2, rule c-forbidden), so a file can
// be cut into documents without being parsed.
const MARKER = /^(?:---|\.\.\.)(?=[ \t\r]|$)/;
const DOCUMENT_END = '...';
const PREAMBLE = /^(?:[ \t\r]*|[ \t]*#.*|%.*)$/;

/**
 * Cuts a file into its documents. Each can then be parsed by itself: a broken one breaks no other, and one that did not
 * change need not be parsed again. Comments and directives before `---` stay with the document that follows.
 */
export function splitDocuments(text: string): readonly RawDocument[] {
  const documents: RawDocument[] = [];
  let start = { offset: 0, line: 1 };
  let isPreamble = true;
  let line = 0;
  const cut = (offset: number, next: number): void => {
    if (!isPreamble) documents.push({ text: text.slice(start.offset, offset), line: start.line });
    start = { offset, line: next };
    isPreamble = true;
  };
  for (let offset = 0; offset < text.length; ) {
    line += 1;
    const newline = text.indexOf('\n', offset);
    const end = newline === -1 ? text.length : newline + 1;
    const content = text.slice(offset, newline === -1 ? end : newline);
    if (!MARKER.test(content)) isPreamble &&= PREAMBLE.test(content);
    else if (content.startsWith(DOCUMENT_END)) cut(end, line + 1);
    else {
      if (!isPreamble) cut(offset, line);
      isPreamble = false;
    }
    offset = end;
  }
  cut(text.length, line + 1);
  return documents;
}
