import type { Verdict } from '../../models/scorer.ts';
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

export function headerLine(format: ScoreFormat, withFile: boolean): string {
  if (format === 'jsonl') return '';
  return `${withFile ? 'file,' : ''}${columns.join(',')}\n`;
}

/** One row; `verdict` is undefined for rows without time or value: score 0, alarm 0, no band. */
export function scoreLine(
  format: ScoreFormat,
  file: string | undefined,
  row: SeriesRow,
  verdict: Verdict | undefined,
): string {
  const score = Number((verdict?.score ?? 0).toFixed(4));
  const alarm = verdict?.alarm ? 1 : 0;
  const { expected, lower, upper } = verdict ?? { expected: NaN, lower: NaN, upper: NaN };
  if (format === 'jsonl') {
    return `${JSON.stringify({
      ...(file === undefined ? {} : { file }),
      timestamp: row.timeText,
      value: orNull(row.value),
      score,
      alarm,
      expected: orNull(expected),
      lower: orNull(lower),
      upper: orNull(upper),
    })}\n`;
  }
  const own = file === undefined ? '' : `${cell(file)},`;
  const band = `${number(expected)},${number(lower)},${number(upper)}`;
  return `${own}${cell(row.timeText)},${cell(row.valueText)},${score},${alarm},${band}\n`;
}
