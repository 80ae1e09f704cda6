import { byText, objectKey, type ObjectKey, sameContent } from '../base/index.js';
import { HASH_LABEL } from './meta.js';
import { MultiMap } from './multi-map.js';
import type { Rollout, Service } from './objects.js';
import { SelectorIndex, selects } from './selector-index.js';
import type { Claim, Role } from './world-view.js';

/** Where claims, won or lost, are others than before. */
export interface ClaimChange {
  readonly services: Set<ObjectKey>;
  readonly rollouts: Set<ObjectKey>;
}

/** What of a Rollout decides which Services it wants. */
interface Wish {
  readonly namespace: string;
  readonly createdAt: string;
  readonly labels: ReadonlyMap<string, string>;
  /** By name, in the order of their precedence. */
  readonly named: ReadonlyMap<ObjectKey, Role>;
  /** Roots by the option `hosts`; `undefined`: by selector. */
  readonly hosts: ReadonlySet<ObjectKey> | undefined;
}

/**
 * Which Rollout shapes which Service: every Rollout says which ones it wants, and the oldest gets it.
 *
 * A change of one Rollout or one Service looks only at those that have to do with it.
 */
export class Claims {
  readonly #wishes = new Map<ObjectKey, Wish>();
  readonly #services = new Map<ObjectKey, Service>();
  readonly #mentions = new MultiMap<ObjectKey, ObjectKey>();
  readonly #selectors = new SelectorIndex();
  readonly #candidates = new Map<ObjectKey, Map<ObjectKey, Role>>();
  readonly #wanted = new MultiMap<ObjectKey, ObjectKey>();
  readonly #won = new Map<ObjectKey, Claim>();

  /** Takes over the version of a Rollout that is in force; `undefined` when it has none any more. */
  setRollout(key: ObjectKey, rollout: Rollout | undefined, change: ClaimChange): void {
    const before = this.#wishes.get(key);
    const after = rollout === undefined ? undefined : wishOf(rollout);
    if (sameContent(before, after)) return;
    const services = new Set(this.#wanted.get(key));
    if (before !== undefined) this.#forget(key, before);
    if (after !== undefined) for (const service of this.#remember(key, after)) services.add(service);
    for (const service of services) {
      this.#consider(service, key, change);
      this.#elect(service, change);
    }
  }

  /** Takes over a Service; `undefined` when it is gone. */
  setService(key: ObjectKey, service: Service | undefined, change: ClaimChange): void {
    const rollouts = new Set([...(this.#candidates.get(key)?.keys() ?? []), ...this.#mentions.get(key)]);
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, service);
    this.#selectors.setService(key, service);
    if (service !== undefined) for (const rollout of this.#selectors.rolloutsFor(service)) rollouts.add(rollout);
    for (const rollout of rollouts) this.#consider(key, rollout, change);
    this.#elect(key, change);
  }

  /** Rollouts that name a Service, whether it exists or not. */
  mentioning(service: ObjectKey): ReadonlySet<ObjectKey> {
    return this.#mentions.get(service);
  }

  /** The claim on a Service, if any. */
  on(service: ObjectKey): Claim | undefined {
    return this.#won.get(service);
  }

  /** Claims of a Rollout, in key order. */
  of(rollout: ObjectKey): readonly Claim[] {
    return this.#wantedBy(rollout).flatMap((service) => {
      const claim = this.#won.get(service);
      return claim?.rollout === rollout ? [claim] : [];
    });
  }

  /** What a Rollout would have if no older one had it already, with who has it; in key order. */
  lost(rollout: ObjectKey): readonly { readonly claim: Claim; readonly holder: ObjectKey }[] {
    return this.#wantedBy(rollout).flatMap((service) => {
      const holder = this.#won.get(service)?.rollout;
      const role = this.#candidates.get(service)?.get(rollout);
      return holder === undefined || holder === rollout || role === undefined
        ? []
        : [{ claim: { rollout, service, role }, holder }];
    });
  }

  #wantedBy(rollout: ObjectKey): readonly ObjectKey[] {
    return [...this.#wanted.get(rollout)].sort(byText);
  }

  #forget(key: ObjectKey, wish: Wish): void {
    this.#wishes.delete(key);
    this.#selectors.removeRollout(key, wish);
    for (const service of mentionsOf(wish)) this.#mentions.delete(service, key);
  }

  /** Files a wish; gives the Services that may fulfil it. */
  #remember(key: ObjectKey, wish: Wish): readonly ObjectKey[] {
    this.#wishes.set(key, wish);
    this.#selectors.addRollout(key, wish);
    const mentions = mentionsOf(wish);
    for (const service of mentions) this.#mentions.add(service, key);
    return wish.hosts === undefined ? [...mentions, ...this.#selectors.servicesFor(wish)] : mentions;
  }

  /** Writes down whether a Rollout wants a Service, and as what. */
  #consider(key: ObjectKey, rollout: ObjectKey, change: ClaimChange): void {
    const service = this.#services.get(key);
    const wish = this.#wishes.get(rollout);
    const role = service === undefined || wish === undefined ? undefined : roleOf(service, wish);
    const candidates = this.#candidates.get(key) ?? new Map<ObjectKey, Role>();
    if (candidates.get(rollout) === role) return;
    change.rollouts.add(rollout);
    if (role === undefined) {
      candidates.delete(rollout);
      this.#wanted.delete(rollout, key);
    } else {
      candidates.set(rollout, role);
      this.#wanted.add(rollout, key);
    }
    if (candidates.size === 0) this.#candidates.delete(key);
    else this.#candidates.set(key, candidates);
  }

  /** The oldest Rollout gets the Service, of equally old ones the one whose name sorts first. */
  #elect(service: ObjectKey, change: ClaimChange): void {
    const before = this.#won.get(service);
    const candidates = this.#candidates.get(service) ?? new Map<ObjectKey, Role>();
    const [first] = [...candidates].sort(([a], [b]) => byText(this.#age(a), this.#age(b)) || byText(a, b));
    if (before?.rollout === first?.[0] && before?.role === first?.[1]) return;
    if (first === undefined) this.#won.delete(service);
    else this.#won.set(service, { rollout: first[0], service, role: first[1] });
    change.services.add(service);
    if (before !== undefined) change.rollouts.add(before.rollout);
    for (const rollout of candidates.keys()) change.rollouts.add(rollout);
  }

  #age(rollout: ObjectKey): string {
    return this.#wishes.get(rollout)?.createdAt ?? '';
  }
}

/** Names come first: a Service that a Rollout names is what it is named for, whatever its selector says. */
function roleOf(service: Service, wish: Wish): Role | undefined {
  // Its endpoints are somewhere else, and whoever writes its name could send our users' traffic there.
  if (service.type === 'external-name') return undefined;
  const named = wish.named.get(service.key);
  if (named !== undefined) return named;
  if (wish.hosts !== undefined) return wish.hosts.has(service.key) ? 'root' : undefined;
  if (service.namespace !== wish.namespace || !selects(service, wish.labels)) return undefined;
  return service.selector.has(HASH_LABEL) ? 'pinned' : 'root';
}

function mentionsOf(wish: Wish): readonly ObjectKey[] {
  return [...wish.named.keys(), ...(wish.hosts ?? [])];
}

function wishOf({ namespace, createdAt, templateLabels, strategy, options }: Rollout): Wish | undefined {
  if (strategy.kind === 'none') return undefined;
  const names: readonly (readonly [Role, string | undefined])[] =
    strategy.kind === 'blue-green'
      ? [
          ['active', strategy.activeService],
          ['preview', strategy.previewService],
        ]
      : [
          ['stable', strategy.stableService],
          ['canary', strategy.canaryService],
          ['ping', strategy.pingPong?.ping],
          ['pong', strategy.pingPong?.pong],
        ];
  const named = new Map<ObjectKey, Role>();
  for (const [role, name] of names) {
    if (name === undefined || named.has(objectKey(namespace, name))) continue;
    named.set(objectKey(namespace, name), role);
  }
  const labels = new Map([...templateLabels].filter(([label]) => label !== HASH_LABEL));
  return {
    namespace,
    createdAt,
    labels,
    named,
    hosts: options.hosts && new Set(options.hosts.map((name) => objectKey(namespace, name))),
  };
}
