import { assertNever, type DurationMs } from '../base/index.js';
import type { HeaderMatcher, HeaderValueOption, RouteAction_HashPolicy } from '../codec/index.js';
import type { Sticky } from '../model/index.js';

/**
 * One way to choose among weighted clusters: for requests that have all `headers`, by `hashPolicy`; without a policy by chance.
 */
export interface Choice {
  readonly headers: readonly HeaderMatcher[];
  readonly hashPolicy: readonly RouteAction_HashPolicy[];
  readonly responseHeaders: readonly HeaderValueOption[];
}

const REQUEST_ID = 'x-request-id';

/**
 * How requests choose their version, first fit first.
 *
 * With a cookie there are two cases, because Envoy 1.40 gives no cookie to new users while it chooses among weighted clusters
 * (measured; for hashing load balancers it does). A user who has none is placed by the hash of the request's id and told that
 * id as cookie: the next request has the same value hashed, and so the same version.
 */
export function choices(sticky: Sticky): readonly Choice[] {
  switch (sticky.kind) {
    case 'off':
      return [{ headers: [], hashPolicy: [], responseHeaders: [] }];
    case 'header':
      return [{ headers: [], hashPolicy: [byHeader(sticky.name)], responseHeaders: [] }];
    case 'cookie':
      return [
        { headers: [hasCookie(sticky.name)], hashPolicy: [{ cookie: { name: sticky.name } }], responseHeaders: [] },
        { headers: [], hashPolicy: [byHeader(REQUEST_ID)], responseHeaders: [setCookie(sticky.name, sticky.ttl)] },
      ];
    default:
      return assertNever(sticky);
  }
}

function byHeader(name: string): RouteAction_HashPolicy {
  return { header: { header_name: name } };
}

/** Envoy joins the cookies of an HTTP/2 request into one header before it matches. */
function hasCookie(name: string): HeaderMatcher {
  const literal = name.replaceAll(/[^A-Za-z0-9_-]/g, String.raw`\$&`);
  return { name: 'cookie', string_match: { safe_regex: { regex: `(?:.*; *)?${literal}=.+` } } };
}

/** Without a lifetime (0) the cookie lives as long as the browser's session, as Envoy's own do. */
function setCookie(name: string, ttl: DurationMs): HeaderValueOption {
  const seconds = Math.ceil(ttl / 1000);
  const age = seconds === 0 ? '' : ` Max-Age=${seconds};`;
  // `%` starts a command in a header's value, so one in the name is doubled.
  const value = `${name.replaceAll('%', '%%')}=%REQ(${REQUEST_ID})%;${age} Path=/; HttpOnly`;
  return { header: { key: 'set-cookie', value } };
}
