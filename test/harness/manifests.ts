import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A Kubernetes object as a user would write it. */
export type Manifest = Readonly<Record<string, unknown>>;

/** One version of a service: its hash and the ports on loopback where its pods listen. */
export interface VersionPods {
  readonly hash: string;
  readonly ports: readonly number[];
  /** True unless given. */
  readonly ready?: boolean;
}

/** A Service with one port. */
export function service(name: string, selector: Readonly<Record<string, string>>, namespace = 'shop'): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

/** The pods of one version behind a Service: the Pods and a slice for each, for every pod on loopback needs a port of its own. */
export function pods(owner: string, versions: readonly VersionPods[], namespace = 'shop'): readonly Manifest[] {
  return versions.flatMap(({ hash, ports, ready = true }) =>
    ports.flatMap((port, index) => {
      const name = `${owner}-${hash}-${index}`;
      const labels = { app: owner, 'rollouts-pod-template-hash': hash };
      return [
        { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels } },
        slice(owner, { name, port, pod: name, ready }, namespace),
      ];
    }),
  );
}

/** A slice with one endpoint on loopback; without `pod` it is nobody's. */
export function slice(
  serviceName: string,
  endpoint: { readonly name: string; readonly port: number; readonly pod?: string; readonly ready?: boolean },
  namespace = 'shop',
): Manifest {
  const { name, port, pod, ready = true } = endpoint;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${serviceName}-${name}`, namespace, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port }],
    endpoints: [
      {
        addresses: ['127.0.0.1'],
        conditions: { ready },
        ...(pod === undefined ? {} : { targetRef: { kind: 'Pod', name: pod, namespace } }),
      },
    ],
  };
}

/** A canary Rollout of four replicas. `trafficRouting` and `status` are given as they stand in its manifest. */
export function rollout(
  name: string,
  canary: { readonly steps: readonly Manifest[]; readonly trafficRouting?: Manifest; readonly [key: string]: unknown },
  status: Manifest,
  namespace = 'shop',
): Manifest {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } } },
      strategy: { canary: { trafficRouting: {}, ...canary } },
    },
    status,
  };
}

/** Puts objects into a file of a folder in one step, so that no reader sees half of them. */
export async function put(folder: string, file: string, objects: readonly Manifest[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, file);
  await writeFile(`${path}.part`, objects.map((object) => stringify(object)).join('---\n'));
  await rename(`${path}.part`, path);
}
