import type { PodTemplateHash } from '../base/index.js';
import type { Rollout, Version } from '../model/index.js';
import type { RoleHost } from './intent.js';
import { versionOf } from './situation.js';
import type { Ready, Situation } from './situation.js';

/**
 * Which version the own hosts of a canary's versions lead to. An empty version never takes traffic, so each steps in for the
 * other; an abort leads the canary's host back to stable, as Argo does with its Service.
 */
export function canaryRoles(s: Situation): ReadonlyMap<RoleHost, Version> {
  const canary = s.canary !== undefined && s.ready(s.canary) > 0 ? s.canary : undefined;
  const stable = s.ready(s.stable) > 0 ? s.stable : (canary ?? s.stable);
  return new Map<RoleHost, Version>([
    ['stable', versionOf(s.rollout, stable)],
    ['canary', versionOf(s.rollout, s.aborted ? stable : (canary ?? stable))],
  ]);
}

/**
 * Which version the hosts of a blue-green Rollout lead to: what Argo has selected. The active host moves to stable where the
 * selected version has no ready pod, and on an abort as soon as stable has all of its pods: the status follows a little later.
 * The preview host never moves: whoever tests a preview must not get another version's answers.
 */
export function blueGreenRoles(rollout: Rollout, aborted: boolean, ready: Ready): ReadonlyMap<RoleHost, Version> {
  const { activeHash, previewHash, stableHash } = rollout.status;
  const isBack = aborted && stableHash !== undefined && ready(stableHash) >= Math.max(rollout.replicas, 1);
  const active = isBack ? stableHash : activeHash;
  const roles = new Map<RoleHost, Version>();
  const set = (role: RoleHost, hash: PodTemplateHash | undefined): void => {
    if (hash !== undefined) roles.set(role, versionOf(rollout, hash));
  };
  set(
    'active',
    active !== undefined && stableHash !== undefined && ready(active) === 0 && ready(stableHash) > 0
      ? stableHash
      : active,
  );
  set('preview', previewHash);
  return roles;
}
