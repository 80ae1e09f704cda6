import { digits } from './markdown.js';

/** Whose a row is: that decides its colour. */
export type Side = 'ours' | 'peer' | 'floor';

/** A row of a range plot: from one value to a larger one. A row without values is a heading. */
export interface Row {
  readonly label: string;
  readonly side?: Side;
  readonly from?: number;
  readonly to?: number;
}

/** What a range plot shows. */
export interface RangePlot {
  readonly title: string;
  /** What the two ends of a row are. */
  readonly ends: readonly [string, string];
  readonly unit: string;
  readonly scale: 'log' | 'linear';
  readonly rows: readonly Row[];
  /** What the colours stand for, of those that occur. */
  readonly sides: Readonly<Partial<Record<Side, string>>>;
}

const WIDTH = 880;
const LABELS = 330;
const VALUES = 150;
const LEFT = LABELS + 10;
const RIGHT = WIDTH - VALUES;
const TOP = 74;
const ROW = 26;

/** One line a row: a filled dot, a ring, and the line between them; the values stand beside it. */
export function rangePlot(plot: RangePlot): string {
  const { rows, scale } = plot;
  const values = rows.flatMap(({ from, to }) => [from, to]).filter((value) => value !== undefined);
  const axis = axisOf(scale, values);
  const bottom = TOP + rows.length * ROW;
  return svg(bottom + 34, plot.title, [
    text(16, 28, plot.title, 'title'),
    legend(plot),
    ...axis.ticks.flatMap((tick) => [
      `<line class="grid" x1="${axis.x(tick)}" y1="${TOP - 6}" x2="${axis.x(tick)}" y2="${bottom}"/>`,
      text(axis.x(tick), bottom + 18, `${short(tick)} ${plot.unit}`, 'tick middle'),
    ]),
    ...rows.flatMap((row, index) => rangeRow(row, TOP + index * ROW + ROW / 2, axis, plot.unit)),
  ]);
}

function rangeRow({ label, side = 'ours', from, to }: Row, y: number, axis: Axis, unit: string): readonly string[] {
  if (from === undefined || to === undefined) return [text(16, y + 4, label, 'heading')];
  return [
    text(LABELS, y + 4, label, 'label end'),
    `<line class="${side} range" x1="${axis.x(from)}" y1="${y}" x2="${axis.x(to)}" y2="${y}"/>`,
    `<circle class="${side} ring" cx="${axis.x(to)}" cy="${y}" r="4.5"/>`,
    `<circle class="${side} dot" cx="${axis.x(from)}" cy="${y}" r="5.5"/>`,
    text(RIGHT + 20, y + 4, `${digits(from)} / ${digits(to)} ${unit}`, 'value'),
  ];
}

function legend({ ends, sides }: RangePlot): string {
  let x = 16;
  const parts: string[] = [];
  const put = (mark: string, words: string): void => {
    parts.push(mark, text(x + 14, 52, words, 'tick'));
    x += 14 + words.length * 6.4 + 22;
  };
  for (const [side, words] of Object.entries(sides)) {
    put(`<rect class="${side} dot" x="${x - 1}" y="43" width="10" height="10" rx="2"/>`, words);
  }
  put(`<circle class="plain dot" cx="${x + 4}" cy="48" r="5"/>`, ends[0]);
  put(`<circle class="plain ring" cx="${x + 4}" cy="48" r="4.5"/>`, ends[1]);
  return parts.join('\n');
}

interface Axis {
  readonly ticks: readonly number[];
  x(value: number): number;
}

function axisOf(scale: RangePlot['scale'], values: readonly number[]): Axis {
  const most = Math.max(...values);
  const place = (share: number): number => Math.round((LEFT + share * (RIGHT - LEFT)) * 10) / 10;
  if (scale === 'linear') {
    const ticks = niceTicks(most);
    const end = ticks.at(-1) ?? most;
    return { ticks, x: (value) => place(value / end) };
  }
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(most)));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
  return { ticks, x: (value) => place((Math.log10(value) - first) / (last - first)) };
}

function niceTicks(most: number): readonly number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

/** A line a series over the same places. */
export interface LinePlot {
  readonly title: string;
  readonly places: readonly string[];
  readonly placesAre: string;
  readonly unit: string;
  readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
}

const HEIGHT = 260;
/** Labels of two series that end close to each other keep so far apart. */
const APART = 18;

/** Lines from zero on, each labelled at its end. */
export function linePlot({ title, places, placesAre, unit, series }: LinePlot): string {
  const ticks = niceTicks(Math.max(...series.flatMap(({ values }) => values)));
  const most = ticks.at(-1) ?? 1;
  const [left, right] = [80, WIDTH - 260];
  const bottom = TOP + HEIGHT;
  const x = (index: number): number => left + (index * (right - left)) / Math.max(1, places.length - 1);
  const y = (value: number): number => Math.round((bottom - (value / most) * HEIGHT) * 10) / 10;
  const ends = series.map(({ values }) => y(values.at(-1) ?? 0));
  const labels = spreadOut(ends);
  return svg(bottom + 52, title, [
    text(16, 28, title, 'title'),
    ...ticks.flatMap((tick) => [
      `<line class="grid" x1="${left}" y1="${y(tick)}" x2="${right}" y2="${y(tick)}"/>`,
      text(left - 8, y(tick) + 4, `${short(tick)} ${unit}`, 'tick end'),
    ]),
    ...places.map((place, index) => text(x(index), bottom + 18, place, 'tick middle')),
    text((left + right) / 2, bottom + 40, placesAre, 'tick middle'),
    ...series.flatMap(({ label, values }, index) => [
      `<polyline class="s${index} line" points="${values.map((value, at) => `${x(at)},${y(value)}`).join(' ')}"/>`,
      ...values.map((value, at) => `<circle class="s${index} dot" cx="${x(at)}" cy="${y(value)}" r="4"/>`),
      text(right + 14, (labels[index] ?? 0) + 4, `${label}: ${digits(values.at(-1) ?? 0)} ${unit}`, 'value'),
    ]),
  ]);
}

function spreadOut(places: readonly number[]): readonly number[] {
  const result = [...places];
  let last = Number.NEGATIVE_INFINITY;
  for (const index of places.map((_, at) => at).toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0))) {
    last = Math.max(places[index] ?? 0, last + APART);
    result[index] = last;
  }
  return result;
}

function short(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(6)));
}

function text(x: number, y: number, words: string, kind: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text class="${kind}" x="${x}" y="${y}">${escaped}</text>`;
}

// Both themes stand in the picture: a browser picks the one of its reader.
const STYLE = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #24292f; }
.title { font-size: 16px; font-weight: 600; } .heading { font-weight: 600; }
.tick { font-size: 12px; fill: #57606a; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.page { fill: #ffffff; } .grid { stroke: #d8dee4; stroke-width: 1; }
.range { stroke-width: 3; stroke-linecap: round; } .line { fill: none; stroke-width: 2.5; }
.dot { stroke: none; } .ring { fill: #ffffff; stroke-width: 2.5; }
.ours { stroke: #0969da; fill: #0969da; } .peer { stroke: #bc4c00; fill: #bc4c00; } .floor { stroke: #6e7781; fill: #6e7781; }
.plain { stroke: #24292f; fill: #24292f; } circle.ring { fill: #ffffff; }
.s0 { stroke: #0969da; fill: #0969da; } .s1 { stroke: #bc4c00; fill: #bc4c00; } .s2 { stroke: #1a7f37; fill: #1a7f37; }
.s3 { stroke: #8250df; fill: #8250df; } .line.s0, .line.s1, .line.s2, .line.s3 { fill: none; }
.dot.s0, .dot.s1, .dot.s2, .dot.s3, .dot.ours, .dot.peer, .dot.floor, .dot.plain { stroke: none; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .tick { fill: #9198a1; } .page { fill: #0d1117; } .grid { stroke: #30363d; } circle.ring { fill: #0d1117; }
.ours, .s0 { stroke: #58a6ff; fill: #58a6ff; } .peer, .s1 { stroke: #f0883e; fill: #f0883e; }
.floor { stroke: #8b949e; fill: #8b949e; } .plain { stroke: #e6edf3; fill: #e6edf3; }
.s2 { stroke: #3fb950; fill: #3fb950; } .s3 { stroke: #bc8cff; fill: #bc8cff; }
}`;

function svg(height: number, title: string, parts: readonly string[]): string {
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${title.replaceAll('"', '')}">
<style>${STYLE}
</style>
<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`;
}
