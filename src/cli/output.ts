import { stringify } from 'yaml';

/** Prints to standard output: what the command was asked for. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Prints to standard error: what people should know beside it. */
export function tell(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

/**
 * A value as JSON or YAML. YAML has neither anchors nor folded lines, so that two outputs compare line by line, and is quoted for
 * YAML 1.1, which Envoy reads: there a header value `yes` is a truth value unless it stands in quotes.
 */
export function structured(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json'
    ? `${JSON.stringify(value, undefined, 2)}\n`
    : stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** Rows under headings, each column as wide as its widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('   ');
  return `${all.map((row) => line(row).trimEnd()).join('\n')}\n`;
}

/** `1 problem`, `2 problems`. */
export function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`;
}
