import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A mesh of any size: every service is a Rollout with two versions of one pod each, whose canary gets some percent.

/** Namespace of all services. */
export const NAMESPACE = 'mesh';
const STABLE = '5c7b9dd8f9';
/** Hash of the canary's pods. */
export const CANARY = '7d4f6c5b8c';
const APP_PORT = 8080;

/** What the canaries get at the start: with 0 a service would have one cluster only, and its first change would add another. */
export const FIRST_WEIGHT = 50;

/** A Kubernetes object. */
export type KubernetesObject = Readonly<Record<string, unknown>>;

/** Where the pods of a version listen; by default at an address of its own, where nobody is. */
export interface Pods {
  readonly stablePort?: number;
  readonly canaryPort?: number;
}

/** `s00042`. */
export function serviceName(index: number): string {
  return `s${String(index).padStart(5, '0')}`;
}

/** The host that callers use. */
export function hostName(index: number): string {
  return `${serviceName(index)}.${NAMESPACE}.svc.cluster.local`;
}

/** The Rollout of a service with `weight` percent for its canary, as Argo Rollouts writes its status. */
export function rolloutOf(index: number, weight: number): KubernetesObject {
  const app = serviceName(index);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: {
      name: app,
      namespace: NAMESPACE,
      generation: 2,
      annotations: { 'rollout.argoproj.io/revision': '2' },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } } },
      strategy: { canary: { trafficRouting: { plugins: { 'penstock/xds': {} } }, steps: [{ setWeight: 50 }] } },
    },
    status: {
      observedGeneration: '2',
      phase: 'Paused',
      currentPodHash: CANARY,
      stableRS: STABLE,
      currentStepIndex: 0,
      canary: {
        weights: {
          canary: { podTemplateHash: CANARY, weight },
          stable: { podTemplateHash: STABLE, weight: 100 - weight },
        },
      },
    },
  };
}

/** Everything of a service but its Rollout. */
export function partsOf(index: number, { stablePort, canaryPort }: Pods = {}): readonly KubernetesObject[] {
  const app = serviceName(index);
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: app, namespace: NAMESPACE },
      spec: { selector: { app }, ports: [{ name: 'http', port: 80, targetPort: APP_PORT }] },
    },
    ...versionOf(app, { hash: STABLE, address: address(index, 1), port: stablePort }),
    ...versionOf(app, { hash: CANARY, address: address(index, 2), port: canaryPort }),
  ];
}

function versionOf(
  app: string,
  { hash, address, port }: { hash: string; address: string; port: number | undefined },
): readonly KubernetesObject[] {
  const name = `${app}-${hash}-x`;
  const labels = { app, 'rollouts-pod-template-hash': hash };
  return [
    { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: NAMESPACE, labels } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${app}-${hash}`,
        namespace: NAMESPACE,
        labels: { 'kubernetes.io/service-name': app },
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: port ?? APP_PORT }],
      endpoints: [
        {
          addresses: [port === undefined ? address : '127.0.0.1'],
          conditions: { ready: true },
          targetRef: { kind: 'Pod', namespace: NAMESPACE, name },
        },
      ],
    },
  ];
}

function address(index: number, version: number): string {
  return `10.${40 + version}.${index >> 8}.${index & 255}`;
}

/** Writes a mesh for the directory source: a file for the Rollout of a service, and one for the rest of it. */
export function writeMesh(folder: string, services: number, pods: Pods = {}): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < services; index += 1) {
    const items = partsOf(index, pods);
    writeFileSync(
      join(folder, `${serviceName(index)}.json`),
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    );
    writeFileSync(rolloutFile(folder, index), JSON.stringify(rolloutOf(index, FIRST_WEIGHT)));
  }
}

/** Replaces the Rollout of a service in one step; `moment` is called right before the step. */
export function rewriteRollout(folder: string, index: number, weight: number, moment: () => void): void {
  const path = rolloutFile(folder, index);
  writeFileSync(`${path}.part`, JSON.stringify(rolloutOf(index, weight)));
  moment();
  renameSync(`${path}.part`, path);
}

function rolloutFile(folder: string, index: number): string {
  return join(folder, `${serviceName(index)}-rollout.json`);
}
