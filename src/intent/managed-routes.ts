import { RE2JS } from 're2js';
import { assertNever, fullWeight } from '../base/index.js';
import type { PodTemplateHash } from '../base/index.js';
import type { HeaderRouteStep, MirrorMatch, MirrorRouteStep, StringMatch } from '../model/index.js';
import type { Backend, RequestMatch, Route } from './intent.js';
import { versionOf } from './situation.js';
import type { Situation } from './situation.js';

/**
 * The managed routes in force, in the order of `managedRoutes`: what the steps up to the current one have set and not
 * taken away again. None unless a canary is under way and has a ready pod.
 *
 * Argo keeps no record of them: it sets them once, drops them when the canary has no pod for a moment, and never sets them
 * again (argo-rollouts #4486, #4716). Reading them from the steps each time has no such memory to lose.
 */
export function managedRoutes(s: Situation, split: readonly Backend[]): readonly Route[] {
  if (s.canary === undefined || s.aborted || s.rollout.status.promoteFull || s.ready(s.canary) === 0) return [];
  const canary = s.canary;
  const routes = new Map<string, Route>();
  for (const { setHeaderRoute: header, setMirrorRoute: mirror } of reachedSteps(s)) {
    // Argo sets the header route first when one step has both.
    if (header !== undefined) put(routes, headerRoute(s, canary, header));
    if (mirror !== undefined) put(routes, mirrorRoute(s, canary, mirror, split));
  }
  return [...new Set(s.strategy.managedRoutes)].flatMap((name) => routes.get(name) ?? []);
}

/** The current step counts: Argo sets its route in the pass in which it becomes current. */
function reachedSteps(s: Situation): Situation['strategy']['steps'] {
  const { steps } = s.strategy;
  const { stepIndex } = s.rollout.status;
  if (stepIndex === undefined || stepIndex < 0) return [];
  // A rollback within the rollback window starts at the end: it has walked none of the steps.
  if (stepIndex >= steps.length && s.isCanaryOlder) return [];
  return steps.slice(0, stepIndex + 1);
}

/** A route without matches takes no request: Argo's word for removing it. */
function put(routes: Map<string, Route>, route: Route): void {
  if (route.matches.length === 0) routes.delete(route.name);
  else routes.set(route.name, route);
}

function headerRoute(s: Situation, canary: PodTemplateHash, step: HeaderRouteStep): Route {
  return {
    name: step.name,
    matches: step.match.map((match) => ({ method: undefined, path: undefined, headers: [match] })),
    backends: [{ version: versionOf(s.rollout, canary), weight: fullWeight(s.strategy.total) }],
    mirrors: [],
  };
}

function mirrorRoute(s: Situation, canary: PodTemplateHash, step: MirrorRouteStep, split: readonly Backend[]): Route {
  const { mirrorMethods } = s.rollout.options;
  return {
    name: step.name,
    matches: mirrorMethods === undefined ? step.match : step.match.flatMap((match) => within(match, mirrorMethods)),
    backends: split,
    mirrors: [{ version: versionOf(s.rollout, canary), percentage: step.percentage }],
  };
}

/** The same match, once for each of `methods` that it takes. */
function within(match: MirrorMatch, methods: readonly string[]): readonly RequestMatch[] {
  return methods
    .filter((method) => match.method === undefined || takes(match.method, method))
    .map((method) => ({ ...match, method: { kind: 'exact', value: method } }));
}

function takes(match: StringMatch, text: string): boolean {
  switch (match.kind) {
    case 'exact':
      return text === match.value;
    case 'prefix':
      return text.startsWith(match.value);
    case 'regex':
      return RE2JS.matches(match.value, text);
    default:
      return assertNever(match.kind);
  }
}
