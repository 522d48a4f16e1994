import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress, decompress } from '../snappy/snappy.ts';
import { encodeRequest } from './encode.ts';
import { bytesV2, goodSeries, type ModelSeries } from './fixtures/oracle.ts';
import { defaultWriteLimits } from './limits.ts';
import { ReadWorkspace } from './read-workspace.ts';
import { type SampleColumns, SeriesReader } from './series-reader.ts';

const keyOf = (labels: readonly (readonly [string, string])[]): string => JSON.stringify(labels);

/** What a reader says, as plain values. */
function samplesOf(reader: SeriesReader, columns: SampleColumns): [string, number][] {
  return Array.from({ length: columns.length }, (_, k) => [
    keyOf(reader.labels(columns.series[k]!)),
    columns.times[k]!,
  ]);
}

function expected(series: readonly ModelSeries[]): [string, number][] {
  return series.flatMap(({ labels, samples }) =>
    samples.map(({ time }): [string, number] => [keyOf(byName(labels)), time]),
  );
}

/** As `labels` sorts. */
const byName = (labels: readonly [string, string][]): [string, string][] =>
  labels.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** Requests over one pool of series: whole, parts, shuffled, with repeats. */
const streams = fc.array(goodSeries, { minLength: 1, maxLength: 12 }).chain((pool) =>
  fc.array(
    fc.array(
      fc.nat(pool.length - 1).map((k) => pool[k]!),
      { maxLength: 15 },
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  ),
);

describe('read', () => {
  test('names each series by one id, whatever the order and the cut of the requests', () => {
    const workspace = new ReadWorkspace();
    fc.assert(
      fc.property(streams, (requests) => {
        const reader = new SeriesReader({ workspace });
        const ids = new Map<string, number>();
        /** With those that came without a sample: they have an id too. */
        const known = new Set<string>();
        for (const series of requests) {
          const before = reader.count;
          const columns = reader.read(bytesV2(series));
          expect(columns.firstNew).toBe(before);
          expect(samplesOf(reader, columns)).toEqual(expected(series));
          for (let k = 0; k < columns.length; k++) {
            const id = columns.series[k]!;
            const key = keyOf(reader.labels(id));
            expect(id).toBeLessThan(reader.count);
            expect(ids.get(key) ?? id).toBe(id);
            if (!known.has(key)) expect(id).toBeGreaterThanOrEqual(before);
            ids.set(key, id);
          }
          for (const { labels } of series) known.add(keyOf(byName(labels)));
        }
        expect(reader.count).toBe(new Set(requests.flat().map(({ labels }) => keyOf(labels))).size);
        reader.clear();
      }),
    );
  });

  test('tells histograms, types and start times', () => {
    fc.assert(
      fc.property(fc.array(goodSeries, { maxLength: 10 }), (series) => {
        const reader = new SeriesReader();
        const { histograms, startTimes, length } = reader.read(bytesV2(series));
        const found = Array.from({ length: histograms.length }, (_, k) => [
          keyOf(reader.labels(histograms.series[k]!)),
          histograms.times[k],
          histograms.startTimes[k],
        ]);
        expect(found).toEqual(
          series.flatMap((entry) =>
            entry.histograms.map(({ time, start }) => [keyOf(byName(entry.labels)), time, start]),
          ),
        );
        expect([...startTimes.subarray(0, length)]).toEqual(
          series.flatMap(({ samples }) => samples.map(({ start }) => start)),
        );
      }),
    );
  });

  test('tells the type of the newest record alone: a reader that begins there tells the same', () => {
    const reader = new SeriesReader();
    const labels = [['__name__', 'x']] as const;
    const samples = [{ time: 1, value: 1 }];
    reader.read(encodeRequest([{ labels, samples }]));
    expect(reader.metricType(0)).toBe(0);
    reader.read(encodeRequest([{ labels, samples, metadata: { type: 'counter', help: 'Help.' } }]));
    expect(reader.metricType(0)).toBe(1);
    reader.read(encodeRequest([{ labels, samples }]));
    expect(reader.metricType(0)).toBe(0);
  });

  test('sorts labels by name and leaves out empty values', () => {
    const reader = new SeriesReader();
    const labels = [
      ['b', '2'],
      ['empty', ''],
      ['__name__', 'x'],
      ['a', '1'],
    ] as const;
    reader.read(encodeRequest([{ labels, samples: [{ time: 1, value: 1 }] }]));
    expect(reader.labels(0)).toEqual([
      ['__name__', 'x'],
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  test('a prefix of a known series is another series', () => {
    const reader = new SeriesReader();
    const of = (count: number) => ({
      labels: [['__name__', 'x'] as const, ['a', '1'] as const, ['b', '2'] as const].slice(
        0,
        count,
      ),
      samples: [{ time: count, value: 1 }],
    });
    for (let round = 0; round < 3; round++) {
      const { series, length } = reader.read(encodeRequest([of(3), of(1), of(2), of(3)]));
      expect([...series.subarray(0, length)]).toEqual([0, 1, 2, 0]);
    }
  });

  test('many readers share a workspace', () => {
    const workspace = new ReadWorkspace();
    const readers = Array.from({ length: 300 }, () => new SeriesReader({ workspace }));
    for (let round = 0; round < 3; round++) {
      readers.forEach((reader, k) => {
        const series = Array.from({ length: 5 + (k % 40) }, (_, i) => ({
          labels: [['__name__', `m${i}`] as const, ['reader', `${k}`] as const],
          samples: [{ time: i, value: k }],
        }));
        const columns = reader.read(encodeRequest(series));
        expect([...columns.series.subarray(0, columns.length)]).toEqual(series.map((_, i) => i));
        expect(reader.labels(4)).toEqual([...series[4]!.labels]);
      });
    }
    expect(workspace.tables.buffer.byteLength).toBeLessThan(300 * 64 * 1024);
  });

  test('memory of cleared readers is used again', () => {
    const workspace = new ReadWorkspace();
    const reader = new SeriesReader({ workspace });
    const request = (round: number): Uint8Array =>
      encodeRequest(
        Array.from({ length: 2000 }, (_, i) => ({
          labels: [['__name__', `m${round}_${i}`] as const],
          samples: [{ time: i, value: 1 }],
        })),
      );
    reader.read(request(0));
    const size = workspace.tables.buffer.byteLength;
    for (let round = 1; round < 10; round++) {
      reader.clear();
      expect(reader.count).toBe(0);
      expect(reader.read(request(round)).length).toBe(2000);
    }
    expect(workspace.tables.buffer.byteLength).toBeLessThan(size * 2);
  });
});

describe('read refuses', () => {
  const field = (number: number, ...parts: Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Uint8Array.of((number << 3) | 2, body.length), body]);
  };
  const symbols = Buffer.concat(['', '__name__', 'x'].map((s) => field(4, Buffer.from(s))));
  const series = (...refs: number[]): Uint8Array =>
    field(5, field(1, Uint8Array.from(refs)), field(2, Uint8Array.of(0x10, 1)));

  test.each([
    ['a symbol that does not exist', [1, 3], /symbol 3 does not exist, there are 3/],
    ['a label without value', [1, 2, 1], /label without value/],
  ])('%s', (_, refs, message) => {
    const reader = new SeriesReader();
    expect(() => reader.read(Buffer.concat([symbols, series(...refs)]))).toThrow(message);
    expect(reader.read(Buffer.concat([symbols, series(1, 2)])).length).toBe(1);
    // What is known of other requests must not let a bad number pass.
    expect(() => reader.read(series(1, 2))).toThrow(/does not exist/);
  });

  test('more than the limits', () => {
    const reader = new SeriesReader();
    const request = Buffer.concat([symbols, series(1, 2), series(1, 2)]);
    expect(() => reader.read(request, { ...defaultWriteLimits, samplesMax: 1 })).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
    expect(() => reader.read(request, { ...defaultWriteLimits, labelsMax: 0 })).toThrow(
      /labelsMax/,
    );
    expect(reader.read(request).length).toBe(2);
  });

  test('bytes that died when the heap grew', () => {
    const workspace = new ReadWorkspace();
    const reader = new SeriesReader({ workspace });
    const request = Buffer.concat([symbols, series(1, 2)]);
    const view = decompress(compress(request), 1e6, workspace.scratch);
    expect(reader.read(view).length).toBe(1);
    decompress(compress(new Uint8Array(1 << 20)), 1 << 20, workspace.scratch);
    expect(() => reader.read(view)).toThrow(/before the heap grew/);
  });
});
