declare const brand: unique symbol;

/** A plain value that carries its meaning in the type: a weight can not be passed where a port is expected. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Share of traffic in parts of a `TrafficTotal`: a whole number from 0 to that total. Not a percent unless the total is 100. */
export type TrafficWeight = Branded<number, 'TrafficWeight'>;

/** What all weights of one split sum to: a whole number from 1 to 4,294,967,295 (Envoy's limit for weighted clusters). */
export type TrafficTotal = Branded<number, 'TrafficTotal'>;

/** A span of time in milliseconds: finite, 0 or more. */
export type DurationMs = Branded<number, 'DurationMs'>;

/** A TCP port: a whole number from 1 to 65535. */
export type PortNumber = Branded<number, 'PortNumber'>;

/** Share in percent, from 0 to 100, fractions down to 0.0001 (Envoy's finest denominator is a million). */
export type Percent = Branded<number, 'Percent'>;

/** Value of the label `rollouts-pod-template-hash`: which version of a Rollout a pod belongs to. */
export type PodTemplateHash = Branded<string, 'PodTemplateHash'>;

/** `NAMESPACE/NAME` of one object; which kind it is, its place tells. */
export type ObjectKey = Branded<string, 'ObjectKey'>;

/** Name of an Envoy cluster: `NS/SERVICE:PORT` or `NS/SERVICE:PORT@HASH`. It appears in Envoy's statistics. */
export type ClusterName = Branded<string, 'ClusterName'>;

const MAX_TOTAL = 4_294_967_295;

/** The weight, or `undefined` where `raw` is not a whole number from 0 to `total`. */
export function trafficWeight(raw: number, total: TrafficTotal): TrafficWeight | undefined {
  return Number.isInteger(raw) && raw >= 0 && raw <= total ? (raw as TrafficWeight) : undefined;
}

/** The weight nearest to `raw` that `total` allows: for values that Argo itself is known to let run over (argo-rollouts #4424). */
export function clampWeight(raw: number, total: TrafficTotal): TrafficWeight {
  return Math.min(Math.max(Math.floor(Number.isFinite(raw) ? raw : 0), 0), total) as TrafficWeight;
}

/** What is left of `total` after `taken`: never below 0. */
export function remainder(total: TrafficTotal, taken: TrafficWeight): TrafficWeight {
  return Math.max(total - taken, 0) as TrafficWeight;
}

/** Everything: the weight that equals `total`. */
export function fullWeight(total: TrafficTotal): TrafficWeight {
  return total as number as TrafficWeight;
}

/** No traffic at all. */
export const NO_WEIGHT: TrafficWeight = 0 as TrafficWeight;

/** The total that a Rollout has unless `maxTrafficWeight` says otherwise. */
export const DEFAULT_TOTAL: TrafficTotal = 100 as TrafficTotal;

/** The total, or `undefined` where `raw` is not a whole number from 1 to 4,294,967,295. */
export function trafficTotal(raw: number): TrafficTotal | undefined {
  return Number.isInteger(raw) && raw >= 1 && raw <= MAX_TOTAL ? (raw as TrafficTotal) : undefined;
}

/** The duration, or `undefined` where `raw` is negative or not finite. */
export function durationMs(raw: number): DurationMs | undefined {
  return Number.isFinite(raw) && raw >= 0 ? (raw as DurationMs) : undefined;
}

/** The port, or `undefined` where `raw` is not a whole number from 1 to 65535. */
export function portNumber(raw: number): PortNumber | undefined {
  return Number.isInteger(raw) && raw >= 1 && raw <= 65_535 ? (raw as PortNumber) : undefined;
}

/** The percentage, or `undefined` where `raw` is not from 0 to 100. */
export function percent(raw: number): Percent | undefined {
  return Number.isFinite(raw) && raw >= 0 && raw <= 100 ? (raw as Percent) : undefined;
}

/** The hash, or `undefined` where `raw` is empty. */
export function podTemplateHash(raw: string): PodTemplateHash | undefined {
  return raw === '' ? undefined : (raw as PodTemplateHash);
}

/** Key of an object. Kubernetes names hold no slash, so the key splits back without doubt. */
export function objectKey(namespace: string, name: string): ObjectKey {
  return `${namespace}/${name}` as ObjectKey;
}

/** The namespace and name that a key was made of. */
export function keyParts(key: ObjectKey): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Name of the cluster of one port of a Service: all its endpoints, or those of one version. */
export function clusterName(service: ObjectKey, port: PortNumber, hash?: PodTemplateHash): ClusterName {
  return (hash === undefined ? `${service}:${port}` : `${service}:${port}@${hash}`) as ClusterName;
}
