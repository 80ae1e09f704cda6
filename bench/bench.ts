import type { GoPrograms } from './go-programs.js';

/** What every bench gets. */
export interface Context {
  readonly go: Extract<GoPrograms, { kind: 'found' }>;
  /** Path of a real Envoy; empty where there is none and the bench needs none. */
  readonly envoy: string;
  /** Sizes to measure, as the bench writes them. */
  readonly sizes: readonly string[];
  /** Contenders to measure; `undefined` for all. */
  readonly only: readonly string[] | undefined;
  /** Rounds of one case. */
  readonly rounds: number;
  /** Prints a line of progress. */
  readonly tell: (line: string) => void;
}

/** One of the measurements. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  /** Real things without which it can not run. */
  readonly needs: readonly ('go' | 'envoy')[];
  readonly sizes: { readonly full: readonly string[]; readonly quick: readonly string[] };
  /** Gives its results, one object a case. */
  run(context: Context): Promise<readonly object[]>;
}
