import type { ObjectKey } from '../base/index.js';
import type { HostIntent } from '../intent/index.js';

/** What a host means. */
export interface Means {
  readonly host: HostIntent;
  /** What this gives to proxies, a line a port: the versions of all resources that hold the routes of the port. */
  readonly routes: string;
}

/** Routes of one host, as a proxy takes or refuses them. */
export interface HostRoutes {
  readonly host: ObjectKey;
  /** Version of a resource that holds them: the host's own route configuration, or one of its virtual hosts. */
  readonly version: string;
}

/** Routes of a host that no proxy has taken yet. */
export interface Trial {
  /** `open`: served. `suspected` and `guilty`: the last good ones are served instead. `good`: to be served for sure. */
  readonly state: 'open' | 'suspected' | 'guilty' | 'good';
  /** What the host meant when its routes were last good; `undefined` where they never were. */
  readonly before: Means | undefined;
  /** The routes on trial; `untaken` are those lines of them that nobody has taken. */
  readonly routes: string;
  readonly untaken: readonly string[];
  readonly dates: Dates;
}

/** When things happened to a host, in numbers of publications, which count from 1. */
export interface Dates {
  /** Since when no table with this host's routes was acknowledged, whether they were these or earlier ones. */
  readonly first: number;
  /** When the routes came, and when they were held back. */
  readonly since: number;
  readonly heldAt: number;
}

/** What an answer of a proxy leads to. */
export interface Judgement {
  /** Hosts that are to be derived again. */
  readonly again: ReadonlySet<ObjectKey>;
  /** Hosts whose routes are good. */
  readonly proven: readonly ObjectKey[];
  /** The host whose routes made a proxy refuse them, where it is known. */
  readonly guilty: ObjectKey | undefined;
}

/** Nothing follows. */
export const NOTHING: Judgement = { again: new Set(), proven: [], guilty: undefined };

/** Whether other routes are served instead. */
export function isHeld({ state }: Trial): boolean {
  return state === 'suspected' || state === 'guilty';
}

/** The routes on trial are good; true where others are served instead, and they have to come back. */
export function acquit(trials: Map<ObjectKey, Trial>, key: ObjectKey, trial: Trial): boolean {
  if (isHeld(trial)) trials.set(key, { ...trial, state: 'good', untaken: [] });
  else trials.delete(key);
  return isHeld(trial);
}
