import { type Group, TYPE_URL, type Want } from './sidecars.js';
import { hostName, NAMESPACE } from './world.js';

// What a sidecar subscribes to, in the order in which Envoy 1.40 does.

/** A lazy sidecar that calls these services. */
export function lazyWants(services: readonly number[]): readonly Want[] {
  return [
    ...CLUSTERS,
    { type: TYPE_URL.listener },
    { type: TYPE_URL.route, names: ['outbound'] },
    { type: TYPE_URL.host, names: ['outbound/_', ...services.map(virtualHostName)] },
  ];
}

/** A sidecar that is served everything, with routes by scope. */
export function fullWants(): readonly Want[] {
  return [
    ...CLUSTERS,
    { type: TYPE_URL.listener },
    { type: TYPE_URL.scope },
    { type: TYPE_URL.route, learn: TYPE_URL.scope },
  ];
}

const CLUSTERS: readonly Want[] = [{ type: TYPE_URL.cluster }, { type: TYPE_URL.endpoint, learn: TYPE_URL.cluster }];

/** The virtual host of a service, as a sidecar asks for it and as penstock names it. */
export function virtualHostName(service: number): string {
  return `outbound/${hostName(service)}`;
}

/** Lazy sidecars: `workloads` of them with `each` sidecars, and the services that each workload calls. */
export function lazyGroups(
  workloads: number,
  each: number,
  called: (workload: number) => readonly number[],
): readonly Group[] {
  return Array.from({ length: workloads }, (_, workload) => ({
    count: each,
    namespace: NAMESPACE,
    workload: `caller-${workload}`,
    wants: lazyWants(called(workload)),
  }));
}
