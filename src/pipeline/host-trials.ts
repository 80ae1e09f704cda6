import type { ObjectKey } from '../base/index.js';
import type { HostIntent } from '../intent/index.js';
import { TableTrials } from './table-trials.js';
import { acquit, type HostRoutes, isHeld, type Judgement, type Means, NOTHING, type Trial } from './trial.js';

/**
 * Whether proxies take the routes of each host (ADR 13). Routes are on trial until some proxy has taken them; hosts without a
 * trial are good.
 */
export class HostTrials {
  readonly #trials = new Map<ObjectKey, Trial>();
  /** What proxies say that have one table of all hosts. */
  readonly table: TableTrials = new TableTrials(this.#trials);

  /** What to serve of a host that now means `wanted` and is served as `served`; `undefined`: nothing, for it never was good. */
  choose(key: ObjectKey, served: Means | undefined, wanted: Means): HostIntent | undefined {
    const trial = this.#trials.get(key);
    const { host, routes } = wanted;
    if (trial?.routes === routes) {
      if (isHeld(trial)) return trial.before?.host;
      if (trial.state === 'good') this.#trials.delete(key);
      return host;
    }
    const before = trial === undefined || trial.state === 'good' ? served : trial.before;
    const untaken = newLines(routes, [before?.routes ?? '', ...takenLines(trial)]);
    if (untaken.length === 0) this.#trials.delete(key);
    else this.#trials.set(key, { state: 'open', before, routes, untaken, dates: this.table.opened(trial) });
    return host;
  }

  /** Whether nothing is open about a host. */
  isGood(key: ObjectKey): boolean {
    return !this.#trials.has(key);
  }

  /** The host is gone. */
  forget(key: ObjectKey): void {
    this.#trials.delete(key);
  }

  /** Some proxy took these routes of single hosts. */
  taken(routes: readonly HostRoutes[]): Judgement {
    const again = new Set<ObjectKey>();
    const proven: ObjectKey[] = [];
    for (const { host, version } of routes) {
      const trial = this.#trials.get(host);
      const untaken = trial?.untaken.filter((line) => !holds(line, version)) ?? [];
      if (trial === undefined || untaken.length === trial.untaken.length) continue;
      if (untaken.length > 0) {
        this.#trials.set(host, { ...trial, untaken });
        continue;
      }
      proven.push(host);
      if (acquit(this.#trials, host, trial)) again.add(host);
    }
    return { again, proven, guilty: undefined };
  }

  /** Some proxy refused these routes of one host, and nobody took them. */
  refused({ host, version }: HostRoutes): Judgement {
    const trial = this.#trials.get(host);
    if (trial === undefined || trial.state === 'guilty' || !trial.untaken.some((line) => holds(line, version))) {
      return NOTHING;
    }
    // Nothing is known to be better: others may take it, and who has something older keeps that.
    if (trial.before === undefined) return { ...NOTHING, guilty: host };
    const wasHeld = isHeld(trial);
    this.#trials.set(host, { ...trial, state: 'guilty', dates: wasHeld ? trial.dates : this.table.held(trial) });
    return { again: new Set(wasHeld ? [] : [host]), proven: [], guilty: host };
  }
}

/** Those lines of the routes on trial that somebody has taken. */
function takenLines(trial: Trial | undefined): readonly string[] {
  return trial?.routes.split('\n').filter((line) => !trial.untaken.includes(line)) ?? [];
}

/** Lines that are about other routes than each of the `known` ones: what shares a version is the same. */
function newLines(routes: string, known: readonly string[]): readonly string[] {
  const versions = new Set(['', ...known.flatMap((lines) => lines.split(/\s/))]);
  return routes.split('\n').filter((line) => !line.split(' ').some((version) => versions.has(version)));
}

function holds(line: string, version: string): boolean {
  return line.split(' ').includes(version);
}
