import { recordLimits } from '../formats/remote-write/limits.ts';
import { SeriesReader } from '../formats/remote-write/series-reader.ts';
import { isStale } from '../formats/remote-write/stale.ts';
import { decodeBody } from '../formats/snappy/body-encoding.ts';
import { Scratch } from '../formats/snappy/snappy.ts';
import type { StageDriver } from './stage-driver.ts';

export interface WrittenScore {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | 'stale';
  readonly time: number;
}

/** What topic `scores` holds, in order. */
export function writtenScores(d: StageDriver): WrittenScore[] {
  const reader = new SeriesReader();
  const scratch = new Scratch();
  return d.outputs
    .filter(({ topic }) => topic === 'scores')
    .flatMap(({ value }) => {
      const columns = reader.read(decodeBody('snappy', value!, 1e6, scratch), recordLimits);
      return Array.from({ length: columns.length }, (_, i) => ({
        labels: Object.fromEntries(reader.labels(columns.series[i]!)),
        value: isStale(columns.words, i) ? ('stale' as const) : columns.values[i]!,
        time: columns.times[i]!,
      }));
    });
}
