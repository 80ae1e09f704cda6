import type { Result } from './measure.js';
import type { Stage } from './stages.js';

const COLUMNS = ['Rollout stands at', 'desired', 'observed', 'x-tester', 'mirrored', 'failed'] as const;
const WIDTHS = [32, 8, 9, 11, 9, 7] as const;

/** Words above the table. */
export function heading(): string {
  return `${row(COLUMNS)}\n${'─'.repeat(WIDTHS.reduce((sum, width) => sum + width, 0))}`;
}

/** A stage whose requests are under way. */
export function liveRow({ title, desired }: Stage, share: number, sent: number): string {
  const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░');
  return `${row([title, `${desired} %`, percent(share)])}  ${bar} ${sent} sent`;
}

const BAR = 16;

/** One stage, with the shares of the new version. */
export function resultRow({ stage, share, headerHits, mirrored, failures, faults }: Result): string {
  const cells = [
    stage.title,
    `${stage.desired} %`,
    percent(share),
    headerHits === undefined ? '-' : `${headerHits} on v2`,
    String(mirrored),
    String(failures),
  ];
  return `${row(cells)}${faults.length === 0 ? '  ok' : '  WRONG'}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[index] ?? 0)))
    .join('');
}
