/** One stop of the demonstration: what should be true while the Rollout stands there. */
export interface Stage {
  readonly title: string;
  /** Completed steps at which it stands; `end`: promoted. */
  readonly until: number | 'start' | 'end';
  /** What the log of `penstock serve` says when every proxy has acknowledged the stage. */
  readonly logged: RegExp | undefined;
  /** Percent of the requests that the new version should get. */
  readonly desired: number;
  readonly hasHeaderRoute: boolean;
  readonly hasMirror: boolean;
}

const base = { hasHeaderRoute: false, hasMirror: false };

/** The demonstration, in order. A header route is in force while its step is the current one, so before the step completes. */
export const STAGES: readonly Stage[] = [
  { ...base, title: 'before the update', until: 'start', logged: undefined, desired: 0 },
  {
    title: 'setWeight 20, testers by header',
    until: 1,
    logged: /weight 0 → 20/,
    desired: 20,
    hasHeaderRoute: true,
    hasMirror: false,
  },
  {
    title: 'setWeight 50, mirror',
    until: 3,
    logged: /weight 20 → 50/,
    desired: 50,
    hasHeaderRoute: true,
    hasMirror: true,
  },
  { title: 'mirror removed', until: 4, logged: /shadow removed/, desired: 50, hasHeaderRoute: true, hasMirror: false },
  { ...base, title: 'header route removed', until: 5, logged: /testers removed/, desired: 50 },
  { ...base, title: 'setWeight 100', until: 7, logged: /weight 50 → 100/, desired: 100 },
  { ...base, title: 'promoted', until: 'end', logged: /promoted/, desired: 100 },
];
