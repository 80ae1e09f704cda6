import type { AdminFacts, ProxyFacts, RolloutFacts } from '../admin/index.js';
import { keyParts, type ObjectKey, objectKey, type Problem } from '../base/index.js';
import type { RolloutIntent } from '../intent/index.js';
import type { Version } from '../model/index.js';
import type { Metrics } from '../observe/index.js';
import type { Pipeline } from '../pipeline/index.js';
import type { ProxyState, XdsServer } from '../xds/index.js';

/** The parts of a running server that the admin server asks. */
export interface Observed {
  readonly pipeline: Pipeline;
  readonly xds: Pick<XdsServer, 'proxies' | 'proxiesOf'>;
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
}

/** Answers of the admin server, made when they are asked for. */
export function adminFacts({ pipeline, xds, metrics, isReady }: Observed): AdminFacts {
  const rollouts = pipeline.derived.rollouts;
  const proxies = (): readonly ProxyFacts[] => xds.proxies().map(proxyFacts);
  return {
    isReady,
    rollouts() {
      const problems = problemsOfRollouts(pipeline);
      return [...rollouts.values()].map((intent) => rolloutFacts(intent, problems.get(intent.rollout) ?? []));
    },
    rollout(namespace, name) {
      const intent = rollouts.get(objectKey(namespace, name));
      if (intent === undefined) return undefined;
      return rolloutFacts(intent, problemsOfRollouts(pipeline).get(intent.rollout) ?? []);
    },
    proxies,
    proxy: (id) => xds.proxiesOf(id).map(proxyFacts)[0],
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
  };
}

/** All in one pass: thousands of Rollouts may have thousands of problems. */
function problemsOfRollouts(pipeline: Pipeline): ReadonlyMap<ObjectKey, readonly Problem[]> {
  const found = new Map<ObjectKey, Problem[]>();
  for (const problem of pipeline.problems()) {
    const { kind, namespace, name } = problem.object;
    if (kind !== 'Rollout') continue;
    const key = objectKey(namespace, name);
    const list = found.get(key);
    if (list === undefined) found.set(key, [problem]);
    else list.push(problem);
  }
  return found;
}

function rolloutFacts(intent: RolloutIntent, problems: readonly Problem[]): RolloutFacts {
  const { namespace, name } = keyParts(intent.rollout);
  return {
    namespace,
    name,
    stable: intent.stable ?? '',
    canary: intent.canary ?? '',
    total: intent.total,
    split: intent.split.map(({ version, weight }) => ({ version: versionText(version), weight })),
    managedRoutes: intent.managed.map(({ name: route, mirrors }) => ({
      name: route,
      kind: mirrors.length > 0 ? 'mirror' : 'header',
    })),
    problems,
  };
}

function versionText(version: Version): string {
  return version.kind === 'hash' ? version.hash : 'all';
}

function proxyFacts(state: ProxyState): ProxyFacts {
  return {
    ...state,
    connectedAt: new Date(state.connectedAt).toISOString(),
    types: state.types.map(({ rejections, ...type }) => ({
      ...type,
      rejections: rejections.map(({ message, resources, at }) => ({
        message,
        resources,
        at: new Date(at).toISOString(),
      })),
    })),
  };
}
