import { digits } from './markdown.js';
import type { Side } from './plot.js';
import type { Case, Results } from './results.js';

/** What the page says of one bench. */
export interface Section {
  readonly bench: string;
  readonly title: string;
  /** What was measured, and how. */
  readonly how: string;
  /** Tables, and words to them. */
  tables(results: Results): string;
  /** Pictures by file name, each with the words that stand for it. */
  plots(results: Results): readonly Picture[];
}

/** A picture beside the results. */
export interface Picture {
  readonly file: string;
  readonly alt: string;
  readonly svg: string;
}

/** A contender as a reader knows it. */
export interface Label {
  readonly name: string;
  readonly label: string;
  readonly side: Side;
}

/** `1.23 / 4.56`: median and 99th percentile. */
export function spread(one: Case, path: string): string {
  return `${digits(one.number(`${path}.p50`))} / ${digits(one.number(`${path}.p99`))}`;
}

/** Each different value of a field once, in order of appearance. */
export function distinct(cases: readonly Case[], path: string): readonly string[] {
  return [...new Set(cases.map((one) => one.text(path)))];
}
