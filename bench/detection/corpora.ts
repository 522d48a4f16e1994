import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CsvParser } from '../../src/cli/score/csv.ts';
import { parseMoment } from '../../src/cli/score/moment.ts';

/** Rows [start, end], both inclusive. */
export type Span = readonly [start: number, end: number];

export interface Series {
  readonly name: string;
  readonly group: string;
  /** ms between samples, as its publishers state it. */
  readonly interval: number;
  readonly times: Float64Array;
  /** NaN where the corpus has no value. */
  readonly values: Float64Array;
  /** Labelled windows or events. */
  readonly spans: readonly Span[];
  /** Rows of NAB's point labels. */
  readonly points: readonly number[];
  /** Rows from which on it is that of an heir, which goes on with what was known. */
  readonly heirs?: readonly number[];
}

/** The folder of the corpora, or undefined when there is none. */
export function corporaFolder(): string | undefined {
  const folder =
    process.env['SEASTATE_TEST_DATA'] ?? resolve(import.meta.dirname, '../../../shared/data');
  return existsSync(join(folder, 'nab')) ? folder : undefined;
}

interface Rows {
  times: number[];
  values: number[];
  labels: number[];
}

function readRows(path: string): Rows {
  const rows: Rows = { times: [], values: [], labels: [] };
  let header = true;
  const parser = new CsvParser((fields) => {
    if (header) {
      header = false;
      return;
    }
    rows.times.push(parseMoment(fields[0]!));
    rows.values.push(fields[1] === '' ? Number.NaN : Number(fields[1]));
    rows.labels.push(Number(fields[2] ?? 0));
  });
  parser.push(readFileSync(path, 'utf8'));
  parser.end();
  return rows;
}

function median(sorted: Float64Array): number {
  return sorted[sorted.length >> 1]!;
}

function intervalOf(times: readonly number[]): number {
  const gaps = Float64Array.from({ length: times.length - 1 }, (_, i) => times[i + 1]! - times[i]!);
  return median(gaps.filter((gap) => gap > 0).sort());
}

/** The Numenta Anomaly Benchmark, in the order of its label file. */
export function loadNab(folder: string): Series[] {
  const root = join(folder, 'nab');
  const json = (name: string) => JSON.parse(readFileSync(join(root, 'labels', name), 'utf8'));
  const windows: Record<string, [string, string][]> = json('combined_windows.json');
  const labels: Record<string, string[]> = json('combined_labels.json');
  return Object.keys(windows).map((name) => {
    const { times, values } = readRows(join(root, 'data', name));
    const row = (time: string) => times.indexOf(parseMoment(time));
    return {
      name,
      group: name.split('/')[0]!,
      interval: intervalOf(times),
      times: Float64Array.from(times),
      values: Float64Array.from(values),
      spans: windows[name]!.map(([from, to]): Span => [row(from), row(to)]),
      points: (labels[name] ?? []).map(row),
    };
  });
}

function spansOf(labels: readonly number[]): Span[] {
  const spans: Span[] = [];
  let start = -1;
  for (let i = 0; i <= labels.length; i++) {
    const on = labels[i] === 1;
    if (on && start < 0) start = i;
    if (!on && start >= 0) {
      spans.push([start, i - 1]);
      start = -1;
    }
  }
  return spans;
}

/** Microsoft's cloud monitoring dataset: 60 series. */
export function loadMicrosoft(folder: string): Series[] {
  const root = join(folder, 'microsoft-cloud-monitoring', 'data');
  return readdirSync(root).flatMap((group) =>
    readdirSync(join(root, group))
      .filter((file) => file.endsWith('.csv'))
      .sort()
      .map((file) => {
        const { times, values, labels } = readRows(join(root, group, file));
        return {
          name: file.slice(0, -4),
          group,
          interval: intervalOf(times),
          times: Float64Array.from(times),
          values: Float64Array.from(values),
          spans: spansOf(labels),
          points: [],
        };
      }),
  );
}
