import { type EncodedResource, encodeRouteTable } from '../codec/index.js';
import { OUTBOUND } from './names.js';

/**
 * The route configuration of the outbound listener, put together from virtual hosts that are already encoded. It says nothing
 * else: whether its clusters exist is our own check, and domains list their ports (see `domains`).
 */
export function routeTable(virtualHosts: readonly EncodedResource<'virtualHost'>[]): EncodedResource<'route'> {
  return encodeRouteTable(OUTBOUND, {}, virtualHosts);
}
