import { byText, type ObjectKey, type PodTemplateHash } from '../base/index.js';
import { fingerprint } from './fingerprint.js';
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
    return content(before) === content(slice) ? [] : [before, slice].flatMap((one) => one?.service ?? []);
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
    for (const endpoint of this.#readyOf(services)) {
      const hash = this.#hashOf(endpoint, adopting);
      const pod = endpoint.pod ?? endpoint.address;
      if (hash === undefined || counted.has(pod)) continue;
      counted.add(pod);
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    return counts;
  }

  /** Ready endpoints of one version behind some ports, in address order, without doubles. */
  endpoints(ports: readonly PortOfService[], version: Version): readonly Endpoint[] {
    const found = new Map<string, Endpoint>();
    for (const { service, port } of ports) {
      for (const slice of this.#slicesOf.get(service)) {
        const number = slice.ports.find(({ name }) => name === port.name)?.port;
        if (number === undefined) continue;
        for (const endpoint of slice.endpoints) {
          if (!endpoint.ready || !this.#isOf(endpoint, version)) continue;
          found.set(`${endpoint.address} ${number}`, { address: endpoint.address, port: number });
        }
      }
    }
    return [...found.values()].sort((a, b) => byText(a.address, b.address) || a.port - b.port);
  }

  *#readyOf(services: readonly ObjectKey[]): Generator<SliceEndpoint> {
    for (const service of services) {
      for (const slice of this.#slicesOf.get(service)) {
        for (const endpoint of slice.endpoints) if (endpoint.ready) yield endpoint;
      }
    }
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

function content(slice: EndpointSlice | undefined): string {
  return slice === undefined ? '' : fingerprint([slice.service, slice.ports, slice.endpoints]);
}
