import type { Verdict } from '../../models/verdict.ts';
import type { SeriesRow } from './series-reader.ts';

export type ScoreFormat = 'csv' | 'jsonl';

const columns = ['timestamp', 'value', 'score', 'alarm', 'expected', 'lower', 'upper'];

const cell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Nine digits are enough for any band; '' where there is none. */
const number = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(9))) : '';

const orNull = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(9)) : null;

/** What tells a row's series from others, in front of what is said of it. */
export interface Owner {
  readonly file?: string;
  readonly series?: string;
}

export function headerLine(format: ScoreFormat, owner: readonly (keyof Owner)[]): string {
  return format === 'jsonl' ? '' : `${[...owner, ...columns].join(',')}\n`;
}

/** One row; `verdict` is undefined for rows without time or value: score 0, alarm 0, no band. */
export function scoreLine(
  format: ScoreFormat,
  owner: Owner,
  row: SeriesRow,
  verdict: Verdict | undefined,
): string {
  const score = Number((verdict?.score ?? 0).toFixed(4));
  const alarm = verdict?.alarm ? 1 : 0;
  const { expected, lower, upper } = verdict ?? { expected: NaN, lower: NaN, upper: NaN };
  if (format === 'jsonl') {
    return `${JSON.stringify({
      ...owner,
      timestamp: row.timeText,
      value: orNull(row.value),
      score,
      alarm,
      expected: orNull(expected),
      lower: orNull(lower),
      upper: orNull(upper),
    })}\n`;
  }
  const own = Object.values(owner)
    .map((text: string) => `${cell(text)},`)
    .join('');
  const band = `${number(expected)},${number(lower)},${number(upper)}`;
  return `${own}${cell(row.timeText)},${cell(row.valueText)},${score},${alarm},${band}\n`;
}
