import { type PodTemplateHash, sameContent } from '../base/index.js';
import type { Backend, HostIntent, PortIntent, Route, RolloutIntent } from '../intent/index.js';

/**
 * What changed in what a Rollout means, in a few words each, as a log line tells it: `weight 20 → 50`,
 * `header route canary-by-header added`. Empty where both mean the same.
 */
export function describeRollout(
  before: RolloutIntent | undefined,
  after: RolloutIntent | undefined,
): readonly string[] {
  if (after === undefined) return before === undefined ? [] : ['shapes nothing any more'];
  return [...describeVersions(before, after), ...describeManaged(before?.managed ?? [], after.managed)];
}

function describeVersions(before: RolloutIntent | undefined, after: RolloutIntent): readonly string[] {
  // A promotion gives the canary's traffic another name; told as changes of weight it would read as an outage.
  if (before?.canary !== undefined && after.stable === before.canary && after.canary === undefined) {
    return [`version ${before.canary} promoted`];
  }
  const version = (hash: PodTemplateHash | undefined): string => hash ?? 'none';
  const texts: string[] = [];
  if (before === undefined) texts.push('now shapes traffic');
  if (before?.stable !== after.stable)
    texts.push(`stable ${arrow(before, version(before?.stable), version(after.stable))}`);
  if (before?.canary !== after.canary)
    texts.push(`canary ${arrow(before, version(before?.canary), version(after.canary))}`);
  return [...texts, ...describeSplit(before, after)];
}

function arrow(before: unknown, from: number | string, to: number | string): string {
  return before === undefined ? `${to}` : `${from} → ${to}`;
}

/** Weights of everything but the stable version, which has what is left. */
function describeSplit(before: RolloutIntent | undefined, after: RolloutIntent): readonly string[] {
  const unit = after.total === 100 ? '' : ` of ${after.total}`;
  const texts: string[] = [];
  const from = before === undefined ? undefined : weightOf(before.split, before.canary);
  const to = weightOf(after.split, after.canary);
  if (from !== to) texts.push(`weight ${arrow(before, from ?? 'none', to ?? 'none')}${unit}`);
  const others = new Set([...extras(before), ...extras(after)]);
  for (const hash of others) {
    const had = weightOf(before?.split ?? [], hash) ?? 0;
    const has = weightOf(after.split, hash) ?? 0;
    if (had !== has) texts.push(`weight of ${hash} ${had} → ${has}${unit}`);
  }
  return texts;
}

function extras(intent: RolloutIntent | undefined): readonly PodTemplateHash[] {
  return (intent?.split ?? []).flatMap(({ version }) =>
    version.kind === 'hash' && version.hash !== intent?.stable && version.hash !== intent?.canary ? [version.hash] : [],
  );
}

/** The weight of a version in a split; 0 where the split has others only, `undefined` where there is no split or no version. */
function weightOf(split: readonly Backend[], hash: PodTemplateHash | undefined): number | undefined {
  if (split.length === 0 || hash === undefined) return undefined;
  return split.find(({ version }) => version.kind === 'hash' && version.hash === hash)?.weight ?? 0;
}

function describeManaged(before: readonly Route[], after: readonly Route[]): readonly string[] {
  const had = new Map(before.map((route) => [route.name, route]));
  const has = new Set(after.map((route) => route.name));
  const gone = before.filter((route) => !has.has(route.name)).map((route) => `${kindOf(route)} ${route.name} removed`);
  const come = after.flatMap((route) => {
    const old = had.get(route.name);
    if (old === undefined) return [`${kindOf(route)} ${route.name} added`];
    return sameContent(conditions(old), conditions(route)) ? [] : [`${kindOf(route)} ${route.name} changed`];
  });
  return [...gone, ...come];
}

function kindOf(route: Route): string {
  return route.mirrors.length > 0 ? 'mirror route' : 'header route';
}

/** What a managed route says of its own; the split under a mirror route moves with the weight and is told there. */
function conditions(route: Route): unknown {
  return [route.matches, route.mirrors];
}

/** What changed in a host apart from the Rollout that shapes it: it came, went, or its ports did. */
export function describeHost(before: HostIntent | undefined, after: HostIntent | undefined): readonly string[] {
  if (after === undefined) return before === undefined ? [] : ['no longer served'];
  if (before === undefined) return [`served on ${after.ports.map(({ port }) => port.port).join(', ')}`];
  const had = new Map(before.ports.map((port) => [port.port.port, port]));
  const has = new Set(after.ports.map(({ port }) => port.port));
  const gone = before.ports.filter(({ port }) => !has.has(port.port)).map(({ port }) => `port ${port.port} removed`);
  const come = after.ports.flatMap((port) => {
    const old = had.get(port.port.port);
    return old === undefined ? [`port ${port.port.port} added`] : describePort(old, port);
  });
  return [...gone, ...come];
}

function describePort(before: PortIntent, after: PortIntent): readonly string[] {
  const texts: string[] = [];
  if (!sameContent(before.policy, after.policy)) texts.push(`options of port ${after.port.port} changed`);
  if (!sameContent(before.port, after.port)) texts.push(`port ${after.port.port} changed`);
  return texts;
}

/** Endpoints of the clusters of one host, by cluster name; one object for as long as they are the same. */
export type EndpointSets = ReadonlyMap<string, { readonly endpoints: readonly unknown[] }>;

/** Where endpoints came or went: `endpoints of shop/web:80@abc 3 → 2`, or `3 others` where only the addresses are new. */
export function describeEndpoints(before: EndpointSets, after: EndpointSets): readonly string[] {
  const texts: string[] = [];
  for (const [cluster, set] of after) {
    const had = before.get(cluster);
    const [from, to] = [had?.endpoints.length ?? 0, set.endpoints.length];
    if (from !== to) texts.push(`endpoints of ${cluster} ${from} → ${to}`);
    else if (had !== undefined && had !== set) texts.push(`endpoints of ${cluster} ${to} others`);
  }
  return texts;
}
