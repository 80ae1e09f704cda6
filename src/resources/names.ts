import {
  type ClusterName,
  clusterName,
  fullName,
  type ObjectKey,
  type PortNumber,
  virtualHostName,
} from '../base/index.js';
import type { HostIntent, PortIntent } from '../intent/index.js';
import type { ServicePort, Version } from '../model/index.js';

/** One cluster of a host: which pods of which port it stands for. */
export interface HostCluster {
  readonly name: ClusterName;
  readonly port: ServicePort;
  readonly version: Version;
}

/** Every cluster of a host, by port and then in the order of the port's versions. */
export function clustersOf(host: HostIntent): readonly HostCluster[] {
  return host.ports.flatMap(({ port, versions }) =>
    versions.map((version) => ({ name: clusterFor(host.service, port.port, version), port, version })),
  );
}

/** Name of the cluster that holds one version of a Service's port. */
export function clusterFor(service: ObjectKey, port: PortNumber, version: Version): ClusterName {
  return version.kind === 'all' ? clusterName(service, port) : clusterName(service, port, version.hash);
}

/** Name of the virtual host of a port: the default port's has none in it. */
export function virtualHostOf({ service }: HostIntent, { isDefault, port }: PortIntent): string {
  return virtualHostName(service, isDefault ? undefined : port.port);
}

/** Name of the route configuration that holds the virtual hosts of all ports of a host, and no others. */
export function routeConfigurationName({ service }: HostIntent): string {
  return virtualHostName(service, undefined);
}

/** What a proxyless gRPC client of a port asks for: the target of `xds:///`. */
export function apiListenerName(host: HostIntent, port: PortIntent): string {
  return `${fullName(host.service)}:${port.port.port}`;
}

/**
 * Values of Host or :authority that mean this port: each name with the port, and for the default port without it as well.
 * The short name means the Service only to callers of its own namespace, as in cluster DNS.
 *
 * `ignore_port_in_host_matching` would list half as many, but then Envoy could not tell two ports of a Service apart.
 */
export function domains(host: HostIntent, port: PortIntent, caller: 'own' | 'other'): readonly string[] {
  return namesOf(host, caller).flatMap((name) => {
    const withPort = `${name}:${port.port.port}`;
    return port.isDefault ? [name, withPort] : [withPort];
  });
}

/** The same in a route configuration of this host alone: whose port it is, its scope has told already. */
export function scopedDomains(host: HostIntent, port: PortIntent): readonly string[] {
  const anyName = `*:${port.port.port}`;
  return port.isDefault ? [...namesOf(host, 'own'), anyName] : [anyName];
}

function namesOf(host: HostIntent, caller: 'own' | 'other'): readonly string[] {
  const qualified = `${host.name}.${host.namespace}`;
  return [...(caller === 'own' ? [host.name] : []), qualified, `${qualified}.svc`, fullName(host.service)];
}
