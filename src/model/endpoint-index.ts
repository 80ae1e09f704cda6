import { byText, type ObjectKey, type PodTemplateHash, sameContent } from '../base/index.js';
import { MultiMap } from './multi-map.js';
import type { EndpointSlice, Pod, ServicePort, SliceEndpoint } from './objects.js';
import type { Endpoint, Version } from './world-view.js';

/** A port of a Service whose slices are asked. */
export interface PortOfService {
  readonly service: ObjectKey;
  readonly port: ServicePort;
}

/** Endpoints of Services, and which version each of them is. */
export class EndpointIndex {
  readonly #slices = new Map<ObjectKey, EndpointSlice>();
  readonly #slicesOf = new MultiMap<ObjectKey, EndpointSlice>();
  readonly #slicesWith = new MultiMap<ObjectKey, EndpointSlice>();
  /** Hash of every pod that was seen; a pod that was not is not in it. */
  readonly #hashes = new Map<ObjectKey, PodTemplateHash | undefined>();

  /** Takes over a slice, `undefined` when it is gone; gives the Services whose endpoints it changes. */
  setSlice(key: ObjectKey, slice: EndpointSlice | undefined): readonly ObjectKey[] {
    const before = this.#slices.get(key);
    if (before !== undefined) this.#unfile(before);
    if (slice !== undefined) this.#file(slice);
    return sameContent(content(before), content(slice)) ? [] : [before, slice].flatMap((one) => one?.service ?? []);
  }

  /** Takes over a pod, `undefined` when it is gone; gives the Services that have an endpoint whose version it changes. */
  setPod(key: ObjectKey, pod: Pod | undefined): readonly ObjectKey[] {
    const isSame = this.#hashes.has(key) === (pod !== undefined) && this.#hashes.get(key) === pod?.hash;
    if (pod === undefined) this.#hashes.delete(key);
    else this.#hashes.set(key, pod.hash);
    return isSame ? [] : [...this.#slicesWith.get(key)].map((slice) => slice.service);
  }

  /** Ready pods behind any of some Services, by version; one behind two of them counts once. */
  readyPods(
    services: readonly ObjectKey[],
    adopting: PodTemplateHash | undefined,
  ): ReadonlyMap<PodTemplateHash, number> {
    const counted = new Set<string>();
    const counts = new Map<PodTemplateHash, number>();
    for (const endpoint of this.#endpointsOf(services)) {
      if (endpoint.leaving) continue;
      const hash = this.#hashOf(endpoint, adopting);
      const pod = endpoint.pod ?? endpoint.address;
      if (hash === undefined || counted.has(pod)) continue;
      counted.add(pod);
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    return counts;
  }

  /**
   * Where the pods of one version listen behind some ports, IPv4 first, in address order. The ready ones; where none is ready, those that
   * are terminating and still serve, as kube-proxy has it (KEP-1669).
   */
  endpoints(ports: readonly PortOfService[], version: Version): readonly Endpoint[] {
    const ready = this.#behind(ports, version, false);
    const found = ready.size > 0 ? ready : this.#behind(ports, version, true);
    return [...found.values()].sort(compare);
  }

  /**
   * One endpoint a pod, whatever number of slices and Services it is in, else it would get more than its share. The first of
   * `ports` that has the pod decides.
   */
  #behind(ports: readonly PortOfService[], version: Version, leaving: boolean): ReadonlyMap<string, Endpoint> {
    const found = new Map<string, Endpoint>();
    for (const one of ports) {
      const here = this.#behindPort(one, (endpoint) => endpoint.leaving === leaving && this.#isOf(endpoint, version));
      for (const [pod, endpoint] of here) if (!found.has(pod)) found.set(pod, endpoint);
    }
    return found;
  }

  #behindPort(
    { service, port }: PortOfService,
    isWanted: (endpoint: SliceEndpoint) => boolean,
  ): ReadonlyMap<string, Endpoint> {
    const found = new Map<string, Endpoint>();
    for (const slice of this.#slicesOf.get(service)) {
      const number = slice.ports.find(({ name }) => name === port.name)?.port;
      if (number === undefined) continue;
      for (const endpoint of slice.endpoints.filter(isWanted)) {
        const { address, pod = `${address} ${number}` } = endpoint;
        const here = { address, port: number };
        const former = found.get(pod);
        if (former === undefined || compare(here, former) < 0) found.set(pod, here);
      }
    }
    return found;
  }

  *#endpointsOf(services: readonly ObjectKey[]): Generator<SliceEndpoint> {
    for (const service of services) for (const slice of this.#slicesOf.get(service)) yield* slice.endpoints;
  }

  #isOf(endpoint: SliceEndpoint, version: Version): boolean {
    if (version.kind === 'all') return true;
    return this.#hashOf(endpoint, version.adopts ? version.hash : undefined) === version.hash;
  }

  /** A pod that was not seen yet has no version at all: it may be of any. */
  #hashOf({ pod }: SliceEndpoint, adopting: PodTemplateHash | undefined): PodTemplateHash | undefined {
    if (pod !== undefined && !this.#hashes.has(pod)) return undefined;
    return (pod === undefined ? undefined : this.#hashes.get(pod)) ?? adopting;
  }

  #file(slice: EndpointSlice): void {
    this.#slices.set(slice.key, slice);
    this.#slicesOf.add(slice.service, slice);
    for (const { pod } of slice.endpoints) if (pod !== undefined) this.#slicesWith.add(pod, slice);
  }

  #unfile(slice: EndpointSlice): void {
    this.#slices.delete(slice.key);
    this.#slicesOf.delete(slice.service, slice);
    for (const { pod } of slice.endpoints) if (pod !== undefined) this.#slicesWith.delete(pod, slice);
  }
}

/** IPv4 first: a pod of a dual-stack Service is in a slice of each family, and the first of its addresses is used. */
function compare(a: Endpoint, b: Endpoint): number {
  const isV6 = ({ address }: Endpoint): number => Number(address.includes(':'));
  return isV6(a) - isV6(b) || byText(a.address, b.address) || a.port - b.port;
}

function content(slice: EndpointSlice | undefined): unknown {
  return slice && [slice.service, slice.ports, slice.endpoints];
}
