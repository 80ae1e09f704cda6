import { OUTBOUND } from '../base/index.js';
import { ApiVersion, duration, encode, type EncodedResource, encodeRouteTable } from '../codec/index.js';

/**
 * The route configuration of the outbound listener, put together from virtual hosts that are already encoded. It says nothing
 * else: whether its clusters exist is our own check, and domains list their ports (see `domains`).
 */
export function routeTable(virtualHosts: readonly EncodedResource<'virtualHost'>[]): EncodedResource<'route'> {
  return encodeRouteTable(OUTBOUND, {}, virtualHosts);
}

/**
 * The route configuration of the outbound listener, for a proxy that asks for each virtual host when it is first called (VHDS).
 *
 * A virtual host that was taken away Envoy 1.40 answers with 404 and never asks for again, until the source of virtual hosts is
 * another one: then it forgets what it has asked for, and serves on with what it holds (measured with these two timeouts).
 */
export function onDemandTable(turn: 'even' | 'odd'): EncodedResource<'route'> {
  // How long a table waits for an answer about virtual hosts before it does without: for ever, or as good as.
  const timeout = duration(turn === 'even' ? 0 : A_YEAR_MS);
  const source = { ads: {}, resource_api_version: ApiVersion.V3, initial_fetch_timeout: timeout };
  return encode('route', OUTBOUND, { name: OUTBOUND, vhds: { config_source: source } });
}

const A_YEAR_MS = 365 * 86_400_000;

/**
 * A virtual host that no request can mean, for `.invalid` is nobody's (RFC 6761, 6.4). Envoy 1.40 asks for a first virtual host
 * without a name and does not serve before it has one.
 */
export function placeholder(): EncodedResource<'virtualHost'> {
  const name = `${OUTBOUND}/_`;
  return encode('virtualHost', name, { name, domains: ['_.invalid'] });
}
