import { percent, type Percent, type TrafficTotal, type TrafficWeight, trafficWeight } from '../base/index.js';
import type { Fields } from './fields.js';
import type { HeaderRouteStep, MirrorRouteStep, Step } from './objects.js';
import { parseHeaderMatch, parseMirrorMatch } from './parse-match.js';

/** What a step refers to. */
export interface StepContext {
  readonly routing: 'provider' | 'none';
  readonly total: TrafficTotal;
  readonly managedRoutes: readonly string[];
}

// The fields of Argo Rollouts' types.go (master of August 2026): CanaryStep.
const STEP_FIELDS = [
  'analysis',
  'experiment',
  'pause',
  'plugin',
  'setCanaryScale',
  'setHeaderRoute',
  'setMirrorRoute',
  'setWeight',
];

/** Reads one canary step. One that does not concern traffic gives an empty step: its place in the list counts all the same. */
export function parseStep(fields: Fields, context: StepContext): Step {
  fields.expectOnly(STEP_FIELDS);
  if (context.routing === 'none') checkNeeds(fields);
  const setWeight = parseSetWeight(fields, context.total);
  const headerRoute = fields.object('setHeaderRoute');
  const setHeaderRoute = headerRoute && parseHeaderRoute(headerRoute, context);
  const mirrorRoute = fields.object('setMirrorRoute');
  const setMirrorRoute = mirrorRoute && parseMirrorRoute(mirrorRoute, context);
  return {
    ...(setWeight !== undefined && { setWeight }),
    ...(setHeaderRoute !== undefined && { setHeaderRoute }),
    ...(setMirrorRoute !== undefined && { setMirrorRoute }),
  };
}

/** What Argo refuses in a step where it has no router to tell (validation.go). */
function checkNeeds(step: Fields): void {
  const needs = 'a router in trafficRouting: with {} Argo Rollouts refuses it; add plugins: {penstock/xds: {}}';
  for (const key of ['setHeaderRoute', 'setMirrorRoute']) {
    if (step.has(key)) step.report(key, 'TRAFFIC_ROUTING_NEEDS_PROVIDER', needs);
  }
  for (const template of step.object('experiment')?.objects('templates') ?? []) {
    if (template.has('weight')) template.report('weight', 'TRAFFIC_ROUTING_NEEDS_PROVIDER', needs);
  }
}

function parseSetWeight(step: Fields, total: TrafficTotal): TrafficWeight | undefined {
  const raw = step.number('setWeight');
  if (raw === undefined) return undefined;
  const expected = `a whole number from 0 to ${total} (maxTrafficWeight)`;
  return trafficWeight(raw, total) ?? step.report('setWeight', 'WEIGHT_OUT_OF_RANGE', expected);
}

function parseHeaderRoute(fields: Fields, context: StepContext): HeaderRouteStep | undefined {
  fields.expectOnly(['match', 'name']);
  const name = parseName(fields, context);
  const match = fields.objects('match').flatMap((item) => parseHeaderMatch(item) ?? []);
  return name === undefined ? undefined : { name, match };
}

function parseMirrorRoute(fields: Fields, context: StepContext): MirrorRouteStep | undefined {
  fields.expectOnly(['match', 'name', 'percentage']);
  const name = parseName(fields, context);
  const match = fields.objects('match').flatMap((item) => parseMirrorMatch(item) ?? []);
  const percentage = parsePercentage(fields);
  return name === undefined || percentage === undefined ? undefined : { name, match, percentage };
}

function parseName(fields: Fields, { managedRoutes }: StepContext): string | undefined {
  const name = fields.requiredText('name');
  if (name === undefined || managedRoutes.includes(name)) return name;
  const known = managedRoutes.length === 0 ? 'none yet' : managedRoutes.join(', ');
  return fields.report('name', 'MANAGED_ROUTE_UNKNOWN', `a name in trafficRouting.managedRoutes (${known})`);
}

/** All that matches, unless it says otherwise (Argo's Istio router does so too). */
function parsePercentage(fields: Fields): Percent | undefined {
  return (
    percent(fields.number('percentage') ?? 100) ??
    fields.report('percentage', 'MIRROR_PERCENTAGE_INVALID', 'a number from 0 to 100')
  );
}
