import { assertNever } from '../base/index.js';
import type { HeaderMatcher, RouteMatch, StringMatcher } from '../codec/index.js';
import type { RequestMatch } from '../intent/index.js';
import type { HeaderMatch, StringMatch } from '../model/index.js';

/** The match of a route; headers stand method first, then as the Rollout lists them. */
export function routeMatch(match: RequestMatch): RouteMatch {
  const method = match.method === undefined ? [] : [headerMatcher({ name: ':method', value: match.method })];
  const headers = [...method, ...match.headers.map(headerMatcher)];
  return { ...pathMatch(match.path), headers };
}

/** Matches every request. */
export const ANY_REQUEST: RequestMatch = { method: undefined, path: undefined, headers: [] };

/** Envoy leaves the query string out of all three, as Istio's `uri` does. */
function pathMatch(path: StringMatch | undefined): RouteMatch {
  if (path === undefined) return { prefix: '/' };
  switch (path.kind) {
    case 'exact':
      return { path: path.value };
    case 'prefix':
      return { prefix: path.value };
    case 'regex':
      return path.value === '' ? { path: '' } : { safe_regex: { regex: path.value } };
    default:
      return assertNever(path.kind);
  }
}

function headerMatcher({ name, value }: HeaderMatch): HeaderMatcher {
  // Envoy knows the host only as HTTP/2 calls it.
  const header = name === 'host' ? ':authority' : name;
  // StringMatcher.prefix must not be empty (string.proto); an empty prefix means that the header is there.
  if (value.kind === 'prefix' && value.value === '') return { name: header, present_match: true };
  return { name: header, string_match: stringMatcher(value) };
}

/** A regex without a flavour is RE2 and matches the whole value; an empty one is not allowed (regex.proto). */
function stringMatcher({ kind, value }: StringMatch): StringMatcher {
  switch (kind) {
    case 'exact':
      return { exact: value };
    case 'prefix':
      return { prefix: value };
    case 'regex':
      return value === '' ? { exact: '' } : { safe_regex: { regex: value } };
    default:
      return assertNever(kind);
  }
}
