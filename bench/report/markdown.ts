/** A column of a table: its title, what it shows of a row, and whether that is a number. */
export interface Column<R> {
  readonly title: string;
  readonly is?: 'number';
  of(row: R): string;
}

/** A table in Markdown. */
export function table<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map((column) => (column.is === 'number' ? '--:' : '---'))),
    ...rows.map((row) => line(columns.map((column) => column.of(row)))),
  ].join('\n');
}

/** Three digits are what a measurement is worth: 0.123, 1.23, 12.3, 123, 1,230. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100) return grouped(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** With commas between thousands. */
export function grouped(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
