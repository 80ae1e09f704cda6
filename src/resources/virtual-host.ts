import { encode, type EncodedResource, type Route as RouteMessage } from '../codec/index.js';
import type { HostIntent, PortIntent } from '../intent/index.js';
import { domains, virtualHostName } from './names.js';
import { referencesOf, routeMessages } from './route.js';

/** The routes of one port, in their order, and the clusters they refer to. */
export interface PortRoutes {
  readonly routes: readonly RouteMessage[];
  readonly references: readonly string[];
}

/** What requests to a port of a host meet. */
export function portRoutes(host: HostIntent, { port, policy, routes }: PortIntent): PortRoutes {
  const place = { service: host.service, port, policy };
  return {
    routes: routes.flatMap((route) => routeMessages(route, place)),
    references: routes.flatMap((route) => referencesOf(route, place)),
  };
}

/** The virtual host of a port, as callers of its own namespace or of another one see it. */
export function virtualHostResource(
  host: HostIntent,
  port: PortIntent,
  { routes, references }: PortRoutes,
  caller: 'own' | 'other',
): EncodedResource<'virtualHost'> {
  const name = virtualHostName(host, port);
  return encode('virtualHost', name, { name, domains: domains(host, port, caller), routes }, references);
}
