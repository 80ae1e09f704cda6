import { put, pods, rollout, service, type VersionPods } from '../harness/manifests.js';

/** Pod template hashes of the two versions of the demonstration. */
export const OLD = '6c54544bf9';
export const NEW = '7d9fbc8c5d';

/** Who is sent to the new version by a header before anybody else is. */
export const TESTER: Readonly<Record<string, string>> = { 'x-tester': 'yes' };

/** Percent of the requests below `/api` that the mirror route copies. */
export const MIRRORED_PERCENT = 50;

const match = (value: string): object => [{ headerName: 'x-tester', headerValue: { exact: value } }];

/** The steps of the update: a header route and a mirror route come and go between three weights. */
const STEPS = [
  { setWeight: 20 },
  { setHeaderRoute: { name: 'testers', match: match('yes') } },
  { setWeight: 50 },
  { setMirrorRoute: { name: 'shadow', match: [{ path: { prefix: '/api' } }], percentage: MIRRORED_PERCENT } },
  { setMirrorRoute: { name: 'shadow' } },
  { setHeaderRoute: { name: 'testers' } },
  { setWeight: 100 },
];

/** Writes Service, pods and Rollout, with an update to `NEW` about to start. */
export async function writeShop(folder: string, versions: readonly VersionPods[]): Promise<void> {
  await put(folder, 'service.yaml', [service('web', { app: 'web' })]);
  await writePods(folder, versions);
  const managedRoutes = [{ name: 'testers' }, { name: 'shadow' }];
  const weights = {
    canary: { podTemplateHash: NEW, weight: 0 },
    stable: { podTemplateHash: OLD, weight: 100 },
  };
  await put(folder, 'rollout.yaml', [
    rollout(
      'web',
      { steps: STEPS, trafficRouting: { plugins: { 'penstock/xds': {} }, managedRoutes } },
      { currentPodHash: NEW, stableRS: OLD, currentStepIndex: 0, canary: { weights } },
    ),
  ]);
}

/** Writes the pods alone. */
export function writePods(folder: string, versions: readonly VersionPods[]): Promise<void> {
  return put(folder, 'pods.yaml', pods('web', versions));
}
