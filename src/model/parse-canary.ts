import { DEFAULT_TOTAL, type TrafficTotal, trafficTotal } from '../base/index.js';
import type { Fields } from './fields.js';
import type { CanaryStrategy, Strategy } from './objects.js';
import { parseStep, type StepContext } from './parse-step.js';

// The fields of Argo Rollouts' types.go (master of August 2026): CanaryStrategy, RolloutTrafficRouting.
const CANARY_FIELDS = [
  'abortScaleDownDelaySeconds',
  'analysis',
  'antiAffinity',
  'canaryMetadata',
  'canaryService',
  'dynamicStableScale',
  'maxSurge',
  'maxUnavailable',
  'minPodsPerReplicaSet',
  'pingPong',
  'replicaProgressThreshold',
  'scaleDownDelayRevisionLimit',
  'scaleDownDelaySeconds',
  'stableMetadata',
  'stableService',
  'steps',
  'trafficRouting',
];
const ROUTERS = ['alb', 'ambassador', 'apisix', 'appMesh', 'istio', 'nginx', 'smi', 'traefik'];
const ROUTING_FIELDS = [...ROUTERS, 'managedRoutes', 'maxTrafficWeight', 'plugins'];

/** Reads `spec.strategy.canary`. Without `trafficRouting` it is a split by replica count, which needs nothing of us. */
export function parseCanary(canary: Fields): Strategy {
  canary.expectOnly(CANARY_FIELDS);
  // A key without a value is null in YAML, and Argo takes null for a key that is not there.
  if (canary.raw('trafficRouting') === null) {
    canary.report('trafficRouting', 'TRAFFIC_ROUTING_NULL', '{} to have traffic split, or no such key', 'warning');
  }
  const routing = canary.object('trafficRouting');
  if (routing === undefined) return { kind: 'none' };
  routing.expectOnly(ROUTING_FIELDS);
  const context = parseContext(routing);
  if (context.routing === 'none') checkNeeds(canary, routing);
  return {
    kind: 'canary',
    routing: context.routing,
    ...parseServices(canary),
    total: context.total,
    managedRoutes: context.managedRoutes,
    steps: canary.objects('steps').map((fields) => parseStep(fields, context)),
    dynamicStableScale: canary.flag('dynamicStableScale'),
  };
}

function parseContext(routing: Fields): StepContext {
  // A plugin without any settings is null in YAML, and there all the same.
  const hasPlugins = (routing.object('plugins')?.names() ?? []).length > 0;
  const hasRouter = ROUTERS.some((router) => routing.has(router));
  return {
    routing: hasPlugins || hasRouter ? 'provider' : 'none',
    total: parseTotal(routing),
    managedRoutes: parseManagedRoutes(routing),
  };
}

function parseTotal(routing: Fields): TrafficTotal {
  const raw = routing.number('maxTrafficWeight');
  if (raw === undefined) return DEFAULT_TOTAL;
  const total = trafficTotal(raw);
  if (total === undefined)
    routing.report('maxTrafficWeight', 'MAX_TRAFFIC_WEIGHT_INVALID', 'a whole number, 1 or more');
  return total ?? DEFAULT_TOTAL;
}

function parseManagedRoutes(routing: Fields): readonly string[] {
  const names = new Set<string>();
  for (const route of routing.objects('managedRoutes')) {
    route.expectOnly(['name']);
    const name = route.requiredText('name');
    if (name !== undefined && names.has(name)) {
      route.report('name', 'FIELD_VALUE', 'a name that is not yet in the list; the first one counts', 'warning');
    }
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

/** What Argo Rollouts refuses, or can not do safely, where it has no router to tell (its validation.go and trafficrouting.go). */
function checkNeeds(canary: Fields, routing: Fields): void {
  const needs = 'a router beside it: with trafficRouting {} Argo Rollouts refuses it; add plugins: {penstock/xds: {}}';
  if (routing.has('maxTrafficWeight')) routing.report('maxTrafficWeight', 'TRAFFIC_ROUTING_NEEDS_PROVIDER', needs);
  if (canary.has('pingPong')) canary.report('pingPong', 'TRAFFIC_ROUTING_NEEDS_PROVIDER', needs);
  if (canary.flag('dynamicStableScale')) {
    const risk =
      'false, or a router beside it: with trafficRouting {} the stable version shrinks before traffic has moved';
    canary.report('dynamicStableScale', 'DYNAMIC_STABLE_SCALE_NEEDS_PROVIDER', risk, 'warning');
  }
}

function parseServices(canary: Fields): Pick<CanaryStrategy, 'canaryService' | 'stableService' | 'pingPong'> {
  const canaryService = canary.filledText('canaryService');
  const stableService = canary.filledText('stableService');
  if (canaryService !== undefined && canaryService === stableService) {
    canary.report('stableService', 'FIELD_VALUE', 'another Service than canaryService');
  }
  return { canaryService, stableService, pingPong: parsePingPong(canary.object('pingPong')) };
}

function parsePingPong(fields: Fields | undefined): CanaryStrategy['pingPong'] {
  if (fields === undefined) return undefined;
  const ping = fields.requiredText('pingService');
  const pong = fields.requiredText('pongService');
  if (ping === undefined || pong === undefined) return undefined;
  if (ping !== pong) return { ping, pong };
  return fields.report('pongService', 'FIELD_VALUE', 'another Service than pingService');
}
