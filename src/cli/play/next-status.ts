/** An object as it stands in a file: this is what is written back, so nothing is parsed away. */
export type JsonObject = { readonly [key: string]: unknown };

/** What the Argo controller would do next with a Rollout. */
export type Next =
  /** Write this status. `what` tells people what happened. */
  | { readonly kind: 'move'; readonly status: JsonObject; readonly what: string }
  /** There is nothing left to do. */
  | { readonly kind: 'done'; readonly why: string }
  /** It can not go on; `why` says what is missing. */
  | { readonly kind: 'stuck'; readonly why: string };

/** A Rollout's canary, as far as its steps need it. */
interface Canary {
  readonly steps: readonly JsonObject[];
  /** What the weights sum to. */
  readonly total: number;
  /** Whether Argo writes `status.canary.weights`: only with a provider. */
  readonly hasProvider: boolean;
  /** Whether two Services take turns in being the stable one. */
  readonly hasPingPong: boolean;
  readonly canaryService: string;
  readonly stableService: string;
  readonly status: JsonObject;
  /** Pod template hashes; empty where the status has none yet. */
  readonly current: string;
  readonly stable: string;
  /** Completed steps; `undefined` where the Rollout has no steps. */
  readonly index: number | undefined;
  readonly generation: number | undefined;
}

/**
 * The status after the one a Rollout has, as the Argo controller writes it when every pod is ready at once.
 *
 * Authority: Argo Rollouts v1.10.1, `rollout/trafficrouting.go`, `rollout/canary.go` and `rollout/sync.go`: a step is completed
 * in the patch that applies its weight; the full weight and the promotion come in one patch; the weight goes back to 0 in the
 * next one, when both hashes are the same. A first install has no weights before that either. A pause is over when this is
 * called again. Experiments have no weight here, and `dynamicStableScale` makes no difference, for every pod is ready.
 */
export function nextStatus(rollout: JsonObject): Next {
  const canary = read(rollout);
  if (canary === undefined) return { kind: 'stuck', why: 'it has no spec.strategy.canary: only canaries have steps' };
  if (canary.current === '') {
    return { kind: 'stuck', why: 'status.currentPodHash is not there; --to-hash HASH sets it' };
  }
  if (canary.stable === '') return move(canary, promoted(canary), `first install: ${canary.current} is stable`);
  if (canary.stable === canary.current) return afterPromotion(canary);
  if (canary.status['abort'] === true) return afterAbort(canary);
  if (isPromotedInFull(canary) && canary.index !== undefined && canary.index < canary.steps.length) {
    return passOver(canary);
  }
  if (canary.hasProvider && weightsHash(canary) !== canary.current) {
    const weight = weightAfter(canary, canary.index ?? 0);
    return move(canary, withWeights(canary, weight), `${canary.current} joins with weight ${weight}`);
  }
  return completeStep(canary);
}

/** The status with which an update to another version starts: no step is completed, the weights are still the old version's. */
export function updateTo(rollout: JsonObject, hash: string): Next {
  const canary = read(rollout);
  if (canary === undefined) return { kind: 'stuck', why: 'it has no spec.strategy.canary: only canaries have steps' };
  if (canary.current === hash) return { kind: 'stuck', why: `${hash} is its current version already` };
  const { length } = canary.steps;
  const isRollback = hash === canary.stable;
  const what = isRollback ? `rollback to ${hash}` : `update to ${hash} starts`;
  const index = length === 0 ? {} : { currentStepIndex: isRollback ? length : 0 };
  return move(canary, { currentPodHash: hash, ...index, phase: 'Progressing' }, what);
}

/** The status with so many steps completed, neither paused nor aborted. */
export function startFrom(rollout: JsonObject, index: number): Next {
  const canary = read(rollout);
  if (canary === undefined) return { kind: 'stuck', why: 'it has no spec.strategy.canary: only canaries have steps' };
  const { length } = canary.steps;
  if (index > length) return { kind: 'stuck', why: `it has ${length} steps, so it can not start from ${index}` };
  if (canary.current === '' || canary.current === canary.stable) {
    return { kind: 'stuck', why: 'no update is under way; --to-hash HASH starts one' };
  }
  const weight = weightAfter(canary, index);
  const status = { ...withWeights(canary, weight), currentStepIndex: index, phase: 'Progressing' };
  return move(canary, status, `starts again with ${index} of ${length} steps completed, weight ${weight}`);
}

/** The status of an abort: everything back to the stable version, no step completed. */
export function abortNow(rollout: JsonObject): Next {
  const canary = read(rollout);
  if (canary === undefined || canary.stable === '' || canary.current === canary.stable) {
    return { kind: 'stuck', why: 'no update is under way' };
  }
  return aborted(canary);
}

/** How many steps a Rollout has and how many of them are completed; `undefined` where it has none. */
export function stepsOf(rollout: JsonObject): { readonly count: number; readonly completed: number } | undefined {
  const canary = read(rollout);
  return canary?.index === undefined ? undefined : { count: canary.steps.length, completed: canary.index };
}

function completeStep(canary: Canary): Next {
  const { steps, index } = canary;
  const step = index === undefined ? undefined : steps[index];
  if (index === undefined || step === undefined) {
    return move(canary, promoted(canary), `promoted: ${canary.current} is stable`);
  }
  const done = index + 1;
  const weight = weightAfter(canary, done);
  const isPause = steps[done]?.['pause'] !== undefined;
  const status = { ...withWeights(canary, weight), currentStepIndex: done, phase: isPause ? 'Paused' : 'Progressing' };
  return move(canary, status, `step ${done} of ${steps.length}: ${printStep(step)}, weight ${weight}`);
}

/** After a promotion, a first install and a rollback to the stable version: both hashes are the same. */
function afterPromotion(canary: Canary): Next {
  if (canary.hasProvider && !isAtRest(canary)) {
    return move(
      canary,
      { ...withWeights(canary, 0), phase: 'Healthy' },
      `${canary.stable} has all traffic as the stable version`,
    );
  }
  return { kind: 'done', why: `${canary.stable} is stable and has all traffic` };
}

/** Somebody else has set `abort`: the weights and the index follow. */
function afterAbort(canary: Canary): Next {
  const isDone = (canary.index ?? 0) === 0 && (!canary.hasProvider || isAtRest(canary));
  return isDone ? { kind: 'done', why: 'the update is aborted' } : aborted(canary);
}

function aborted(canary: Canary): Next {
  const index = canary.index === undefined ? {} : { currentStepIndex: 0 };
  const status = { ...withWeights(canary, 0), ...index, abort: true, phase: 'Degraded' };
  return move(canary, status, 'aborted: all traffic on the stable version');
}

/** `promote --full`: the steps are passed over, the weight stays what it was until the promotion. */
function passOver(canary: Canary): Next {
  const status = { ...withWeights(canary, heldWeight(canary)), currentStepIndex: canary.steps.length };
  return move(
    canary,
    { ...status, promoteFull: true, phase: 'Progressing' },
    'promoted in full: no step is waited for',
  );
}

function isPromotedInFull(canary: Canary): boolean {
  return canary.status['promoteFull'] === true;
}

/** The recorded weight of the canary, and 0 where none is recorded. */
function heldWeight(canary: Canary): number {
  return Number(canaryWeight(canary.status) ?? 0);
}

/** First install and the end of an update look the same: the current version is the stable one, every step is completed. */
function promoted(canary: Canary): JsonObject {
  const { steps, current, stable, total, hasPingPong } = canary;
  const index = steps.length === 0 ? {} : { currentStepIndex: steps.length };
  const full = isPromotedInFull(canary) ? heldWeight(canary) : total;
  const weights = stable === '' ? {} : withWeights(canary, steps.length === 0 ? 0 : full);
  const before = object(canary.status['canary']);
  const stablePingPong = before['stablePingPong'] === 'ping' ? 'pong' : 'ping';
  const turned = hasPingPong ? { canary: { ...before, ...object(weights['canary']), stablePingPong } } : {};
  return { ...weights, ...turned, ...index, stableRS: current, phase: 'Healthy' };
}

/** The last `setWeight` among the first `count` steps; 0 where there is none. */
function weightAfter(canary: Canary, count: number): number {
  const last = canary.steps.slice(0, count).findLast((step) => typeof step['setWeight'] === 'number');
  return Number(last?.['setWeight'] ?? 0);
}

function withWeights(canary: Canary, weight: number): JsonObject {
  if (!canary.hasProvider) return {};
  const { current, total, canaryService, stableService } = canary;
  const stable = canary.stable === '' ? current : canary.stable;
  const weights = {
    canary: { podTemplateHash: current, serviceName: canaryService, weight },
    stable: { podTemplateHash: stable, serviceName: stableService, weight: total - weight },
  };
  return { canary: { ...object(canary.status['canary']), weights } };
}

/** What user verbs and pauses leave in a status; none of it outlives a step. */
const PASSING = ['abort', 'abortedAt', 'promoteFull', 'pauseConditions', 'controllerPause', 'message'] as const;

function move(canary: Canary, changes: JsonObject, what: string): Next {
  const kept = Object.entries(canary.status).filter(([key]) => !PASSING.some((passing) => passing === key));
  const observed = canary.generation === undefined ? {} : { observedGeneration: String(canary.generation) };
  return { kind: 'move', status: { ...Object.fromEntries(kept), ...observed, ...changes }, what };
}

function printStep(step: JsonObject): string {
  const [name = 'nothing', value] = Object.entries(step)[0] ?? [];
  if (typeof value === 'number') return `${name} ${value}`;
  const { name: route, match, duration } = object(value);
  if (typeof route === 'string') return `${name} ${route}${Array.isArray(match) && match.length > 0 ? '' : ' removed'}`;
  return duration === undefined ? name : `${name} ${text(duration)}`;
}

function read(rollout: JsonObject): Canary | undefined {
  const canary = object(object(rollout['spec'])['strategy'])['canary'];
  if (typeof canary !== 'object' || canary === null) return undefined;
  const { steps, trafficRouting, pingPong, canaryService, stableService } = object(canary);
  const routing = object(trafficRouting);
  const status = object(rollout['status']);
  const list = Array.isArray(steps) ? steps.map(object) : [];
  const index = status['currentStepIndex'];
  const generation = object(rollout['metadata'])['generation'];
  const total = routing['maxTrafficWeight'];
  return {
    steps: list,
    total: typeof total === 'number' ? total : 100,
    hasProvider: Object.entries(routing).some(([key, value]) => !NO_PROVIDERS.has(key) && value !== null),
    hasPingPong: typeof pingPong === 'object' && pingPong !== null,
    canaryService: text(canaryService),
    stableService: text(stableService),
    status,
    current: text(status['currentPodHash']),
    stable: text(status['stableRS']),
    index: list.length === 0 ? undefined : typeof index === 'number' ? index : 0,
    generation: typeof generation === 'number' ? generation : undefined,
  };
}

/** Keys of `trafficRouting` that are not a provider. */
const NO_PROVIDERS: ReadonlySet<string> = new Set(['managedRoutes', 'maxTrafficWeight']);

function weightsOf(status: JsonObject): JsonObject | undefined {
  const weights = object(status['canary'])['weights'];
  return typeof weights === 'object' && weights !== null ? object(weights) : undefined;
}

function canaryWeight(status: JsonObject): unknown {
  return object(weightsOf(status)?.['canary'])['weight'];
}

function weightsHash(canary: Canary): unknown {
  return object(weightsOf(canary.status)?.['canary'])['podTemplateHash'];
}

/** Whether the recorded weights give everything to the stable version, by the hashes of now. */
function isAtRest({ status, current, stable, total }: Canary): boolean {
  const weights = object(weightsOf(status));
  const is = (role: string, hash: string, weight: number): boolean => {
    const recorded = object(weights[role]);
    return recorded['podTemplateHash'] === hash && recorded['weight'] === weight;
  };
  return is('canary', current, 0) && is('stable', stable, total);
}

function object(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
