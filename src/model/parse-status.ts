import type { Fields } from './fields.js';
import type { CanaryWeights, Rollout, RolloutStatus, WeightDestination } from './objects.js';

const NO_STATUS: RolloutStatus = {
  currentPodHash: undefined,
  stableHash: undefined,
  stepIndex: undefined,
  aborted: false,
  promoteFull: false,
  weights: undefined,
  stablePingPong: undefined,
  activeHash: undefined,
  previewHash: undefined,
};

/** Reads `status`; what is not there means that Argo has not come so far. */
export function parseStatus(status: Fields | undefined): RolloutStatus {
  if (status === undefined) return NO_STATUS;
  const canary = status.object('canary');
  const blueGreen = status.object('blueGreen');
  return {
    currentPodHash: status.hash('currentPodHash'),
    stableHash: status.hash('stableRS'),
    stepIndex: status.count('currentStepIndex'),
    aborted: status.flag('abort'),
    promoteFull: status.flag('promoteFull'),
    weights: parseWeights(canary?.object('weights')),
    stablePingPong: parsePingPong(canary),
    activeHash: blueGreen?.hash('activeSelector'),
    previewHash: blueGreen?.hash('previewSelector'),
  };
}

function parsePingPong(canary: Fields | undefined): RolloutStatus['stablePingPong'] {
  const word = canary?.filledText('stablePingPong');
  if (word === undefined || word === 'ping' || word === 'pong') return word;
  return canary?.report('stablePingPong', 'FIELD_VALUE', 'ping or pong');
}

function parseWeights(weights: Fields | undefined): CanaryWeights | undefined {
  const canary = weights?.object('canary');
  const stable = weights?.object('stable');
  if (weights === undefined || canary === undefined || stable === undefined) return undefined;
  return {
    canary: parseDestination(canary),
    stable: parseDestination(stable),
    additional: weights.objects('additional').map(parseDestination),
  };
}

function parseDestination(fields: Fields): WeightDestination {
  return { hash: fields.hash('podTemplateHash'), weight: fields.number('weight') ?? 0 };
}

/**
 * Whether status and spec belong together. Argo writes `observedGeneration` as a text; objects in files often have neither
 * it nor `metadata.generation`, and then nothing speaks against them.
 */
export function parseStanding(root: Fields, status: Fields | undefined): Rollout['standing'] {
  if (status === undefined) return 'settled';
  const observed = Number.parseInt(observedGeneration(status), 10);
  const generation = root.object('metadata')?.number('generation');
  if (generation !== undefined && observed < generation) {
    const expected = `${generation}, the generation of this spec; until Argo Rollouts has seen it the last routing stays`;
    status.report('observedGeneration', 'STATUS_STALE', expected, 'warning');
    return 'stale';
  }
  return isRefused(status) ? 'refused' : 'settled';
}

function observedGeneration(status: Fields): string {
  const raw = status.raw('observedGeneration');
  return typeof raw === 'number' ? String(raw) : (status.text('observedGeneration') ?? '');
}

function isRefused(status: Fields): boolean {
  const condition = status.objects('conditions').find((one) => one.text('type') === 'InvalidSpec');
  if (condition?.text('status') !== 'True') return false;
  const expected = 'a spec that Argo Rollouts takes; until then the last routing stays';
  const path = `${condition.path}.message`;
  condition.findings.add({
    code: 'SPEC_REJECTED_BY_ARGO',
    path,
    value: condition.text('message'),
    expected,
    severity: 'warning',
  });
  return true;
}
