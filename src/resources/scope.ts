import { fullName, OUTBOUND } from '../base/index.js';
import { encode, type EncodedResource } from '../codec/index.js';
import type { HostIntent } from '../intent/index.js';
import { routeConfigurationName } from './names.js';

/** The scopes of a host: what leads a request with one of its names to its route configuration. */
export interface HostScopes {
  /** Of the names that mean it everywhere. */
  readonly scopes: readonly EncodedResource<'scopedRoute'>[];
  /** Of the short name, which means it in its own namespace. */
  readonly ownScopes: readonly EncodedResource<'scopedRoute'>[];
}

/** They depend on nothing but the host's name. Keys are without ports: which port a request means, the virtual hosts tell. */
export function hostScopes(host: HostIntent): HostScopes {
  const qualified = `${host.name}.${host.namespace}`;
  return {
    scopes: [qualified, `${qualified}.svc`, fullName(host.service)].map((key) =>
      scope(`${OUTBOUND}/${key}`, key, host),
    ),
    // Names are unique among all proxies, and the same short name means a host in every namespace.
    ownScopes: [scope(`${OUTBOUND}/${host.namespace}/${host.name}`, host.name, host)],
  };
}

function scope(name: string, key: string, host: HostIntent): EncodedResource<'scopedRoute'> {
  return encode('scopedRoute', name, {
    name,
    route_configuration_name: routeConfigurationName(host),
    key: { fragments: [{ string_key: key }] },
  });
}
