import { objectKey, showValue } from '../base/index.js';
import type { ObjectKey, Problem, ProblemCode } from '../base/index.js';
import type { Claim, Rollout, WorldView } from '../model/index.js';

/** A Service that a Rollout names, and where it does. */
interface Named {
  readonly name: string;
  readonly path: string;
}

/**
 * What is wrong with a Rollout among the other objects. Warnings all: the Rollout is used, as far as it goes, and what is
 * missing may only be late.
 */
export function rolloutProblems(world: WorldView, rollout: Rollout): readonly Problem[] {
  const named = namedServices(rollout);
  const services = [
    ...named.flatMap((one) => namedProblem(world, rollout, one) ?? []),
    ...world.lostClaims(rollout.key).map(({ claim, holder }) => claimedProblem(rollout, named, claim, holder)),
  ];
  const isAlone = services.length === 0 && world.claims(rollout.key).length === 0;
  return [...services, ...(isAlone ? [aloneProblem(rollout)] : []), ...portProblems(world, rollout)];
}

/** What is wrong with a Service by itself. */
export function serviceProblems(world: WorldView, service: ObjectKey): readonly Problem[] {
  const found = world.service(service);
  if (found?.type !== 'external-name') return [];
  return [
    {
      code: 'SERVICE_EXTERNAL_NAME',
      severity: 'warning',
      object: { kind: 'Service', namespace: found.namespace, name: found.name },
      path: 'spec.type',
      value: showValue('ExternalName'),
      expected: 'a Service with endpoints of its own: this one is not served, and no Rollout can shape it',
    },
  ];
}

/** A warning about a Rollout. */
export function rolloutProblem(
  { namespace, name }: Rollout,
  code: ProblemCode,
  what: { readonly path: string; readonly value: string; readonly expected: string },
): Problem {
  return { code, severity: 'warning', object: { kind: 'Rollout', namespace, name }, ...what };
}

function namedServices(rollout: Rollout): readonly Named[] {
  const hosts = rollout.options.hosts ?? [];
  return [
    ...strategyServices(rollout),
    ...hosts.map((name, index) => ({ name, path: `${optionsPath(rollout)}.hosts[${index}]` })),
  ];
}

function strategyServices({ strategy }: Rollout): readonly Named[] {
  const named: Named[] = [];
  const add = (name: string | undefined, path: string): void => {
    if (name !== undefined) named.push({ name, path: `spec.strategy.${path}` });
  };
  if (strategy.kind === 'canary') {
    add(strategy.canaryService, 'canary.canaryService');
    add(strategy.stableService, 'canary.stableService');
    add(strategy.pingPong?.ping, 'canary.pingPong.pingService');
    add(strategy.pingPong?.pong, 'canary.pingPong.pongService');
  } else if (strategy.kind === 'blue-green') {
    add(strategy.activeService, 'blueGreen.activeService');
    add(strategy.previewService, 'blueGreen.previewService');
  }
  return named;
}

function namedProblem(world: WorldView, rollout: Rollout, { name, path }: Named): Problem | undefined {
  const value = showValue(name);
  const found = world.service(objectKey(rollout.namespace, name));
  if (found === undefined) {
    const expected = `the name of a Service in namespace ${rollout.namespace}; there is none of that name`;
    return rolloutProblem(rollout, 'SERVICE_UNKNOWN', { path, value, expected });
  }
  if (found.type !== 'external-name') return undefined;
  const expected = 'a Service with endpoints of its own: an ExternalName has none and can not be split';
  return rolloutProblem(rollout, 'SERVICE_EXTERNAL_NAME', { path, value, expected });
}

function claimedProblem(rollout: Rollout, named: readonly Named[], { service }: Claim, holder: ObjectKey): Problem {
  const name = service.slice(rollout.namespace.length + 1);
  return rolloutProblem(rollout, 'SERVICE_CLAIMED', {
    path: named.find((one) => one.name === name)?.path ?? '',
    value: showValue(name),
    expected: `a Service that no other Rollout shapes: Rollout ${holder} came first and keeps it`,
  });
}

function aloneProblem(rollout: Rollout): Problem {
  const labels = [...rollout.templateLabels].map(([key, value]) => `${key}=${value}`).join(',');
  return rolloutProblem(rollout, 'ROLLOUT_WITHOUT_SERVICE', {
    path: '',
    value: '',
    expected: `a Service in namespace ${rollout.namespace} that selects its pods${labels === '' ? '' : ` (${labels})`}, or one that it names: so far it shapes nothing`,
  });
}

function portProblems(world: WorldView, rollout: Rollout): readonly Problem[] {
  const { ports } = rollout.options;
  const claims = world.claims(rollout.key);
  if (ports === undefined || claims.length === 0) return [];
  const served = claims
    .flatMap(({ service }) => world.service(service)?.ports ?? [])
    .filter(({ protocol }) => protocol !== 'tcp');
  const known = [...new Set(served.map(({ port }) => Number(port)))].toSorted((a, b) => a - b);
  return ports.flatMap((port, index) => {
    if (known.includes(port)) return [];
    const path = `${optionsPath(rollout)}.ports[${index}]`;
    const expected = `an HTTP port of a Service that the Rollout shapes (${known.length === 0 ? 'they have none' : known.join(', ')})`;
    return [rolloutProblem(rollout, 'SERVICE_PORT_UNKNOWN', { path, value: showValue(port), expected })];
  });
}

/** Where the options stand: in the annotation if there is one, or else in the plugin block. */
function optionsPath({ annotations }: Rollout): string {
  return annotations.has('penstock.dev/options')
    ? 'metadata.annotations["penstock.dev/options"]'
    : 'spec.strategy.canary.trafficRouting.plugins["penstock/xds"]';
}
