import type { Series } from './corpora.ts';
import type { Detection } from './detect.ts';

/** Alarms asked for against alarms got (detection.md 4.5). */
export interface Calibration {
  readonly asked: number;
  /** Alarm starts per series-day, all rows. */
  readonly all: number;
  /** The same on normal rows: outside of events, not just after one, after warm-up. */
  readonly normal: number;
  /** Of the series that expect at least ten alarms, the share within a factor of four. */
  readonly within4: number;
  readonly series: number;
}

const dayMs = 86_400_000;
const restRows = 20;
const warmUpRows = 200;

function normalRows(series: Series): Uint8Array {
  const n = series.values.length;
  const normal = new Uint8Array(n).fill(1);
  const season = Math.ceil(dayMs / series.interval);
  normal.fill(0, 0, Math.max(warmUpRows, season));
  for (const [start, end] of series.spans) normal.fill(0, start, end + 1 + restRows);
  return normal;
}

function startsOf(alarm: ArrayLike<number>, counts: (row: number) => boolean): number {
  let starts = 0;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < alarm.length; i++) {
    if (alarm[i] !== 1 || i - last <= restRows) continue;
    last = i;
    if (counts(i)) starts++;
  }
  return starts;
}

export function calibrationOf(
  corpus: readonly Series[],
  found: readonly Detection[],
  asked: number,
): Calibration {
  let [alarms, days, calm, calmDays, many, within] = [0, 0, 0, 0, 0, 0];
  corpus.forEach((series, k) => {
    const { alarm } = found[k]!;
    const own = startsOf(alarm, () => true);
    const ownDays = (series.values.length * series.interval) / dayMs;
    const normal = normalRows(series);
    alarms += own;
    days += ownDays;
    calm += startsOf(alarm, (row) => normal[row] === 1);
    calmDays += (normal.reduce((a, b) => a + b, 0) * series.interval) / dayMs;
    if (ownDays * asked < 10) return;
    many++;
    const ratio = own / (ownDays * asked);
    if (ratio >= 0.25 && ratio <= 4) within++;
  });
  return {
    asked,
    all: alarms / days,
    normal: calm / calmDays,
    within4: many ? within / many : Number.NaN,
    series: many,
  };
}
