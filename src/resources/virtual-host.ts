import {
  encodeRoutes,
  type EncodedResource,
  type EncodedRoutes,
  encodeVirtualHost,
  type Route as RouteMessage,
} from '../codec/index.js';
import type { HostIntent, PortIntent } from '../intent/index.js';
import { domains, scopedDomains, virtualHostOf } from './names.js';
import { referencesOf, routeMessages } from './route.js';

/** The routes of one port, in their order: as they are, and encoded for everything they stand in. */
export interface PortRoutes {
  readonly messages: readonly RouteMessage[];
  readonly encoded: EncodedRoutes;
}

/** What requests to a port of a host meet. */
export function portRoutes(host: HostIntent, { port, policy, routes }: PortIntent): PortRoutes {
  const place = { service: host.service, port, policy };
  const messages = routes.flatMap((route) => routeMessages(route, place));
  const references = routes.flatMap((route) => referencesOf(route, place));
  return { messages, encoded: encodeRoutes(messages, references) };
}

/** The virtual host of a port, as callers of its own namespace or of another one see it. */
export function virtualHostResource(
  host: HostIntent,
  port: PortIntent,
  { encoded }: PortRoutes,
  caller: 'own' | 'other',
): EncodedResource<'virtualHost'> {
  return encodeVirtualHost(virtualHostOf(host, port), domains(host, port, caller), encoded);
}

/** The same in a route configuration of this host alone: fewer domains, for every change sends them all. */
export function scopedVirtualHost(
  host: HostIntent,
  port: PortIntent,
  { encoded }: PortRoutes,
): EncodedResource<'virtualHost'> {
  return encodeVirtualHost(virtualHostOf(host, port), scopedDomains(host, port), encoded);
}
