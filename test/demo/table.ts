import type { Result } from './measure.js';

const COLUMNS = ['Rollout stands at', 'desired', 'observed', 'x-tester', 'mirrored', 'failed'] as const;
const WIDTHS = [33, 9, 10, 14, 10, 8] as const;

/** Words above the table. */
export function heading(): string {
  return `${row(COLUMNS)}\n${'─'.repeat(WIDTHS.reduce((sum, width) => sum + width, 0))}`;
}

/** One stage, with the shares of the new version. */
export function resultRow({ stage, share, headerHits, mirrored, failures, faults }: Result): string {
  const cells = [
    stage.title,
    `${stage.desired} %`,
    `${(share * 100).toFixed(1)} %`,
    headerHits === undefined ? '-' : `${headerHits} on v2`,
    String(mirrored),
    String(failures),
  ];
  return `${row(cells)}${faults.length === 0 ? '  ok' : '  WRONG'}`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[index] ?? 0)))
    .join('');
}
