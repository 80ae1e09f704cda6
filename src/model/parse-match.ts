import { RE2JS } from 're2js';
import { childPath, type Fields } from './fields.js';
import type { HeaderMatch, MirrorMatch, StringMatch } from './objects.js';

// Token (RFC 9110, 5.6.2), or one of the pseudo-headers that Envoy lets routes match.
const HEADER_NAME = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}|:authority|:method|:path)$/;
const HEADER_EXPECTED = 'a header name (letters, digits and -), or :authority, :method or :path';

/** Reads one `match` of a setHeaderRoute step; `undefined` when it can not be used. */
export function parseHeaderMatch(fields: Fields): HeaderMatch | undefined {
  fields.expectOnly(['headerName', 'headerValue']);
  const name = fields.requiredText('headerName');
  if (name !== undefined && !HEADER_NAME.test(name))
    fields.report('headerName', 'HEADER_NAME_INVALID', HEADER_EXPECTED);
  const given = fields.object('headerValue');
  if (given === undefined) {
    return fields.has('headerValue')
      ? undefined
      : fields.report('headerValue', 'MATCH_INVALID', 'exactly one of exact, prefix and regex');
  }
  const value = parseStringMatch(given);
  return name === undefined || value === undefined ? undefined : { name: name.toLowerCase(), value };
}

/** Reads one `match` of a setMirrorRoute step. One without any condition takes every request. */
export function parseMirrorMatch(fields: Fields): MirrorMatch {
  fields.expectOnly(['headers', 'method', 'path']);
  const method = fields.object('method');
  const path = fields.object('path');
  return {
    method: method && parseStringMatch(method),
    path: path && parseStringMatch(path),
    headers: parseHeaders(fields),
  };
}

/** In name order: JSON's has no meaning here. */
function parseHeaders(fields: Fields): readonly HeaderMatch[] {
  const headers = fields.object('headers');
  if (headers === undefined) return [];
  return [...headers.keys()].sort().flatMap((name) => {
    if (!HEADER_NAME.test(name)) {
      const path = childPath(headers.path, name);
      headers.findings.add({ code: 'HEADER_NAME_INVALID', path, value: name, expected: HEADER_EXPECTED });
    }
    const given = headers.object(name);
    const value = given && parseStringMatch(given);
    return value === undefined ? [] : [{ name: name.toLowerCase(), value }];
  });
}

const KINDS = ['exact', 'prefix', 'regex'] as const;

/** Exactly one kind, as Argo's validation has it; an empty text is none, for Go leaves it out. */
function parseStringMatch(fields: Fields): StringMatch | undefined {
  fields.expectOnly(KINDS);
  const given = KINDS.flatMap((kind) => {
    const value = fields.filledText(kind);
    return value === undefined ? [] : [{ kind, value }];
  });
  const [match] = given;
  if (match === undefined || given.length > 1) return reportMatch(fields, 'exactly one of exact, prefix and regex');
  if (match.kind === 'regex') return isUsableRegex(fields, match.value) ? match : undefined;
  // No request can carry these, and they would travel into every log that shows the route.
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(match.value)) {
    return fields.report(match.kind, 'MATCH_INVALID', 'a text without control characters');
  }
  return match;
}

function reportMatch(fields: Fields, expected: string): undefined {
  const value = Object.fromEntries(fields.keys().map((key) => [key, fields.raw(key)]));
  fields.findings.add({ code: 'MATCH_INVALID', path: fields.path, value, expected });
}

// Limits that keep one tenant's pattern from costing everyone (Istio took the same length after ISTIO-2026-006).
const LONGEST_REGEX = 1024;
const LARGEST_PROGRAM = 4096;

/** RE2, as Envoy has it: no backtracking, so neither its check here nor its use there can run away. */
function isUsableRegex(fields: Fields, pattern: string): boolean {
  const problem = regexProblem(pattern);
  if (problem !== undefined) fields.report('regex', 'REGEX_INVALID', problem);
  return problem === undefined;
}

/** The first `\x{…}` that no byte has. Envoy 1.40 compiles in Latin-1 and refuses it, and with it the whole table that has it. */
function escapeBeyondByte(pattern: string): string | undefined {
  // Escapes are read from left to right, so that the x of `\\x{100}` is no escape but a letter.
  const escapes = pattern.matchAll(/\\(?:x\{([\dA-Fa-f]+)\}|[^])/g);
  return [...escapes].find(([, digits]) => digits !== undefined && Number.parseInt(digits, 16) > 0xff)?.[0];
}

function regexProblem(pattern: string): string | undefined {
  if (pattern.length > LONGEST_REGEX) return `at most ${LONGEST_REGEX} characters, not ${pattern.length}`;
  const beyond = escapeBeyondByte(pattern);
  if (beyond !== undefined) {
    return `no character above \\x{FF}, for Envoy matches bytes: write the UTF-8 bytes of ${beyond} instead`;
  }
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size > LARGEST_PROGRAM
      ? `a simpler pattern: it compiles to ${size} instructions, ${LARGEST_PROGRAM} are allowed`
      : undefined;
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'it does not compile';
    return `RE2 syntax, which Envoy matches with: ${reason}`;
  }
}
