import { assertNever, DEFAULT_TOTAL, fullWeight } from '../base/index.js';
import type { ObjectKey, PodTemplateHash, TrafficTotal } from '../base/index.js';
import type { Claim, Rollout, Version, WorldView } from '../model/index.js';
import type { HostIntent, PortIntent, RoleHost, RolloutIntent, Route, TrafficPolicy } from './intent.js';

/** How a port is served: its routes, every version that has to be reachable, how requests are treated. */
type Shape = Pick<PortIntent, 'routes' | 'versions' | 'policy'>;

/** Where no Rollout says anything: all pods of the Service, nothing of ours on the way. */
const PLAIN: Shape = {
  routes: [wholly({ kind: 'all' }, DEFAULT_TOTAL)],
  versions: [{ kind: 'all' }],
  policy: {
    sticky: { kind: 'off' },
    timeout: { kind: 'default' },
    idleTimeout: { kind: 'default' },
    retries: { kind: 'default' },
    outlierDetection: { kind: 'off' },
  },
};

/**
 * What callers of a Service get, by port; `rollout` is the intent of the Rollout that has the claim on it. `undefined` where
 * there is nothing to serve: the Service is gone, has no HTTP port, or is an ExternalName.
 */
export function hostIntent(
  world: WorldView,
  service: ObjectKey,
  rollout: RolloutIntent | undefined,
): HostIntent | undefined {
  const found = world.service(service);
  if (found === undefined || found.type === 'external-name') return undefined;
  const ports = found.ports.filter(({ protocol }) => protocol !== 'tcp');
  const unnamed = ports.find(({ port }) => Number(port) === 80) ?? ports[0];
  if (unnamed === undefined) return undefined;
  const claim = world.claimOn(service);
  const good = claim === undefined ? undefined : world.rollout(claim.rollout)?.good;
  const shaped = claim === undefined || good === undefined ? PLAIN : shapeOf(world, claim, good, rollout);
  const wanted = good?.options.ports;
  return {
    service,
    namespace: found.namespace,
    name: found.name,
    ports: ports.map((port) => ({
      port,
      isDefault: port === unnamed,
      ...(wanted === undefined || wanted.includes(port.port) ? shaped : PLAIN),
    })),
  };
}

function shapeOf(world: WorldView, claim: Claim, good: Rollout, rollout: RolloutIntent | undefined): Shape {
  if (rollout === undefined || claim.role === 'pinned') return PLAIN;
  const routes = routesOf(world, claim, good, rollout);
  return routes.length === 0 ? PLAIN : { routes, versions: versionsOf(rollout, routes), policy: policyOf(good) };
}

/** Empty where nothing is known of the versions behind the host. */
function routesOf(world: WorldView, claim: Claim, good: Rollout, rollout: RolloutIntent): readonly Route[] {
  const role = roleHost(claim, good);
  // Callers use the root host where there is one; without one the stable Service's name is all they have.
  if (role === undefined || (role === 'stable' && !hasRoot(world, claim.rollout))) {
    if (rollout.split.length === 0) return [];
    return [...rollout.managed, { name: 'default', matches: [], backends: rollout.split, mirrors: [] }];
  }
  const version = rollout.roles.get(role);
  return version === undefined ? [] : [wholly(version, rollout.total)];
}

/** Which version's own host a Service is; `undefined` where several may meet. */
function roleHost({ role }: Claim, { status }: Rollout): RoleHost | undefined {
  switch (role) {
    case 'root':
    case 'pinned':
      return undefined;
    // Argo takes ping for the canary's until the status says that it is stable's.
    case 'ping':
      return status.stablePingPong === 'ping' ? 'stable' : 'canary';
    case 'pong':
      return status.stablePingPong === 'ping' ? 'canary' : 'stable';
    case 'stable':
    case 'canary':
    case 'active':
    case 'preview':
      return role;
    default:
      return assertNever(role);
  }
}

function hasRoot(world: WorldView, rollout: ObjectKey): boolean {
  return world.claims(rollout).some(({ role }) => role === 'root');
}

/** Stable and canary are always in it: a cluster that is there before its first request costs that request nothing. */
function versionsOf(rollout: RolloutIntent, routes: readonly Route[]): readonly Version[] {
  const versions = new Map<PodTemplateHash | undefined, Version>();
  const used = routes.flatMap(({ backends, mirrors }) => [...backends, ...mirrors]).map(({ version }) => version);
  for (const version of [...rollout.split.map((backend) => backend.version), ...rollout.roles.values(), ...used]) {
    versions.set(version.kind === 'hash' ? version.hash : undefined, version);
  }
  return [...versions.values()];
}

function wholly(version: Version, total: TrafficTotal): Route {
  return { name: 'default', matches: [], backends: [{ version, weight: fullWeight(total) }], mirrors: [] };
}

function policyOf({ options }: Rollout): TrafficPolicy {
  const { sticky, timeout, idleTimeout, retries, outlierDetection } = options;
  return { sticky, timeout, idleTimeout, retries, outlierDetection };
}
