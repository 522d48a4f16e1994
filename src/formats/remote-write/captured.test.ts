import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { decompress } from '../snappy/snappy.ts';
import { WriteColumns } from './columns.ts';
import { decodeV1 } from './decode-v1.ts';
import { decodeV2 } from './decode-v2.ts';
import { bitsOf } from './fixtures/oracle.ts';
import { WriteRequestSchema } from './fixtures/proto/write_v1_pb.js';
import { RequestSchema } from './fixtures/proto/write_v2_pb.js';
import { Intake } from './intake.ts';
import { defaultWriteLimits } from './limits.ts';
import { RequestEncoder } from './request-encoder.ts';
import { SeriesReader } from './series-reader.ts';
import { isStale } from './stale.ts';

/** Bodies of real senders: fixtures/README.md. */
const columns = new WriteColumns();
const load = (name: string): Uint8Array => {
  const body = readFileSync(join(import.meta.dirname, 'fixtures', `${name}.snappy`));
  return decompress(body, 1 << 25, columns.scratch);
};

/** Labels, then times and bits of samples, of each series, as the independent library reads it. */
function plainly(name: string, bytes: Uint8Array): unknown[] {
  if (name.includes('-v1-')) {
    return fromBinary(WriteRequestSchema, bytes).timeseries.map((entry) => [
      entry.labels.map(({ name, value }) => [name, value]),
      entry.samples.map((s) => [
        Number(s.timestamp),
        Number.isNaN(s.value) ? 'NaN' : bitsOf(s.value),
      ]),
      entry.histograms.map((h) => [Number(h.timestamp), bitsOf(h.sum), Number(h.count.value)]),
    ]);
  }
  const { symbols, timeseries } = fromBinary(RequestSchema, bytes);
  return timeseries.map((entry) => [
    Array.from({ length: entry.labelsRefs.length / 2 }, (_, k) => [
      symbols[entry.labelsRefs[2 * k]!],
      symbols[entry.labelsRefs[2 * k + 1]!],
    ]),
    entry.samples.map((s) => [
      Number(s.timestamp),
      Number.isNaN(s.value) ? 'NaN' : bitsOf(s.value),
    ]),
    entry.histograms.map((h) => [Number(h.timestamp), bitsOf(h.sum), Number(h.count.value)]),
  ]);
}

test.each([
  ['prometheus-2.42-v1-samples', { series: 426, samples: 426, histograms: 0, exemplars: 0 }, 6],
  ['prometheus-3.9-v1-samples', { series: 656, samples: 641, histograms: 15, exemplars: 0 }, 5],
  ['prometheus-3.9-v2-first', { series: 653, samples: 636, histograms: 15, exemplars: 2 }, 0],
  ['prometheus-3.9-v2-stale', { series: 656, samples: 641, histograms: 15, exemplars: 0 }, 5],
])('%s is read whole and comes out as it was', (name, counts, stale) => {
  const bytes = load(name).slice();
  const decode = name.includes('-v1-') ? decodeV1 : decodeV2;
  const intake = new Intake();
  const encoder = new RequestEncoder(intake);
  for (let round = 0; round < 3; round++) {
    decode(bytes, defaultWriteLimits, columns);
    const result = intake.read(columns);
    expect(result.accepted).toMatchObject(counts);
    expect(result.rejected.series).toBe(0);
    expect(result.clusters).toEqual(['capture']);
    expect(result.passThrough).toBe(name.includes('-v2-'));
    for (let i = 0; i < result.length; i++) encoder.add(result, i);
    const encoded = encoder.finish();
    expect(plainly('-v2-', encoded)).toEqual(plainly(name, bytes));
    const reader = new SeriesReader();
    const { words, length, histograms } = reader.read(encoded);
    const found = Array.from({ length }, (_, k) => isStale(words, k)).filter(Boolean).length;
    expect([length, histograms.length, found]).toEqual([counts.samples, counts.histograms, stale]);
    const keys = plainly(name, bytes).map((entry) => JSON.stringify((entry as unknown[])[0]));
    expect(reader.count).toBe(new Set(keys).size);
  }
});

test.each([
  ['prometheus-2.42-v1-metadata', 193],
  ['prometheus-3.9-v1-metadata', 276],
])('%s holds metadata only', (name, count) => {
  const bytes = load(name).slice();
  decodeV1(bytes, defaultWriteLimits, columns);
  expect([columns.seriesCount, columns.metadataCount]).toEqual([0, count]);
  const theirs = fromBinary(WriteRequestSchema, bytes).metadata;
  theirs.forEach((entry, k) => {
    const { family, help, unit } = columns.metadata(k);
    expect([family, help, unit]).toEqual([entry.metricFamilyName, entry.help, entry.unit]);
  });
  const families = theirs.map((_, k) => columns.metadata(k));
  expect(families).toContainEqual({
    type: 'counter',
    family: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    unit: '',
  });
});
