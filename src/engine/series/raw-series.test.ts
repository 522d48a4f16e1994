import { expect, test } from 'vitest';
import { encodeRequest, type SeriesInput } from '../../formats/remote-write/encode.ts';
import { recordLimits } from '../../formats/remote-write/limits.ts';
import { RawSeries } from './raw-series.ts';

const series = (from: number, count: number): SeriesInput[] =>
  Array.from({ length: count }, (_, i) => ({
    labels: [
      ['__name__', 'm'],
      ['pod', String(from + i)],
    ],
    samples: [{ time: 1, value: 1 }],
  }));

test('a cache full of series that are sent no more is worn, one full of living series is not', () => {
  const raw = new RawSeries(new Set());
  const send = (from: number): void =>
    void raw.read(encodeRequest(series(from, 10_000)), recordLimits);
  const ticks = (): boolean[] => Array.from({ length: 200 }, () => raw.isWorn());
  send(0);
  expect(ticks()).not.toContain(true);
  for (let pod = 1; pod <= 5; pod++) send(pod * 10_000);
  expect(ticks()).not.toContain(true);
  send(60_000);
  expect(raw.isWorn()).toBe(true);
  raw.release();
});
