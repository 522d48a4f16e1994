import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SeastateError } from '../../core/errors.ts';
import { WriteColumns } from './columns.ts';
import { decodeV1 } from './decode-v1.ts';
import { decodeV2 } from './decode-v2.ts';
import { encodeRequest, encodeRequestV1 } from './encode.ts';
import {
  bitsOf,
  bytesV1,
  bytesV2,
  firstStart,
  goodSeries,
  type ModelSeries,
} from './fixtures/oracle.ts';
import { type Request, RequestSchema } from './fixtures/proto/write_v2_pb.js';
import { Intake } from './intake.ts';
import { defaultWriteLimits } from './limits.ts';
import { RequestEncoder } from './request-encoder.ts';
import { SeriesReader } from './series-reader.ts';

type Form = 'v1' | 'v2' | 'v2 rc.3';

const columns = new WriteColumns();

function addAll(intake: Intake, encoder: RequestEncoder, form: Form, bytes: Uint8Array): void {
  (form === 'v1' ? decodeV1 : decodeV2)(bytes, defaultWriteLimits, columns);
  const result = intake.read(columns);
  for (let i = 0; i < result.length; i++) if (result.kept[i]) encoder.add(result, i);
}

const bytesOf = (form: Form, series: ModelSeries[]): Uint8Array =>
  form === 'v1' ? bytesV1(series) : bytesV2(series, form === 'v2 rc.3');

/** What must come out for a series that came in the given form. */
function expected(form: Form, entry: ModelSeries) {
  const start = (own: number): number =>
    form === 'v1' ? 0 : form === 'v2' ? own : firstStart(entry);
  const described = form !== 'v1';
  return {
    labels: entry.labels.flat(),
    samples: entry.samples.map((s) => [s.time, bitsOf(s.value), start(s.start)]),
    histograms: entry.histograms.map((h) => [
      h.time,
      bitsOf(h.sum),
      h.counts.reduce((a, b) => a + b, 0),
      start(h.start),
    ]),
    exemplars: entry.exemplars.map((e) => [e.labels.flat(), bitsOf(e.value), e.time]),
    metadata: described ? [entry.type, entry.help, entry.unit] : [0, '', ''],
  };
}

function seen({ symbols, timeseries }: Request) {
  const text = (refs: number[]): string[] => refs.map((ref) => symbols[ref]!);
  return timeseries.map((entry) => ({
    labels: text(entry.labelsRefs),
    samples: entry.samples.map((s) => [
      Number(s.timestamp),
      bitsOf(s.value),
      Number(s.startTimestamp),
    ]),
    histograms: entry.histograms.map((h) => [
      Number(h.timestamp),
      bitsOf(h.sum),
      Number(h.count.value),
      Number(h.startTimestamp),
    ]),
    exemplars: entry.exemplars.map((e) => [
      text(e.labelsRefs),
      bitsOf(e.value),
      Number(e.timestamp),
    ]),
    metadata: entry.metadata
      ? [entry.metadata.type, ...text([entry.metadata.helpRef, entry.metadata.unitRef])]
      : [0, '', ''],
  }));
}

describe('a request made of others', () => {
  const part = fc.record({
    form: fc.constantFrom<Form[]>('v1', 'v2', 'v2 rc.3'),
    series: fc.array(goodSeries, { maxLength: 8 }),
  });

  test('holds all that they held, in their order', () => {
    const intake = new Intake({ seriesMax: 60 });
    const encoder = new RequestEncoder(intake);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        for (const { form, series } of parts) {
          addAll(intake, encoder, form, bytesOf(form, series));
        }
        const all = parts.flatMap(({ form, series }) => series.map((e) => expected(form, e)));
        expect(encoder.seriesCount).toBe(all.length);
        expect(encoder.sampleCount).toBe(
          all.reduce((n, { samples, histograms }) => n + samples.length + histograms.length, 0),
        );
        const length = encoder.byteLength;
        const bytes = encoder.finish();
        expect(bytes.length).toBe(length);
        const request = fromBinary(RequestSchema, bytes);
        expect(request.symbols[0]).toBe('');
        expect(seen(request)).toEqual(all);
        expect([encoder.seriesCount, encoder.sampleCount]).toEqual([0, 0]);
      }),
      { numRuns: 150 },
    );
    expect(intake.generation).toBeGreaterThan(1);
  });

  test('keeps every bit of values and every byte of histograms', () => {
    const intake = new Intake();
    const encoder = new RequestEncoder(intake);
    const histogram = Uint8Array.of(0x80, 0x01, 0x01, 0x08, 0x00, 0x7a, 0x01, 0x07);
    const series = [
      { labels: [['__name__', 'x']] as const, samples: [{ time: 1, value: 'stale' as const }] },
      { labels: [['__name__', 'h']] as const, histograms: [histogram] },
    ];
    const payload = [0x1234_5678, 0x7ff8_dead];
    for (const form of ['v1', 'v2'] as const) {
      const bytes = Buffer.from((form === 'v1' ? encodeRequestV1 : encodeRequest)(series));
      const at = bytes.indexOf(Buffer.from([0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f]));
      addAll(intake, encoder, form, bytes);
      bytes.writeUInt32LE(payload[0]!, at);
      bytes.writeUInt32LE(payload[1]!, at + 4);
      addAll(intake, encoder, form, bytes);
    }
    decodeV2(encoder.finish(), defaultWriteLimits, columns);
    expect([...columns.valueWords.subarray(0, 8)]).toEqual([
      ...[2, 0x7ff0_0000, ...payload],
      ...[2, 0x7ff0_0000, ...payload],
    ]);
    for (let k = 0; k < 4; k++) {
      const { histogramStart, histogramEnd, bytes } = columns;
      expect([...bytes.subarray(histogramStart[k], histogramEnd[k])]).toEqual([...histogram]);
    }
  });

  test('is no larger than the one that a sender would have made', () => {
    const intake = new Intake();
    const encoder = new RequestEncoder(intake);
    const series = Array.from({ length: 3000 }, (_, i) => ({
      labels: [
        ['__name__', `metric_${i % 300}`],
        ['pod', `pod-${i}`],
      ] as const,
      samples: [{ time: 1_700_000_000_000 + i, value: i }],
    }));
    for (let round = 0; round < 2; round++) {
      for (let from = 0; from < 3000; from += 100) {
        const bytes = encodeRequest(series.slice(from, from + 100));
        addAll(intake, encoder, 'v2', bytes);
      }
      expect(encoder.finish().length).toBe(encodeRequest(series).length);
    }
  });

  test('of long label vectors and many symbols has right lengths', () => {
    const intake = new Intake();
    const encoder = new RequestEncoder(intake);
    const series = Array.from({ length: 400 }, (_, i) => ({
      labels: [
        ['__name__', 'x'] as const,
        ...Array.from({ length: i % 180 }, (_, k) => [`l${1000 + k}`, `v${i}-${k}`] as const),
      ],
      samples: Array.from({ length: i % 7 }, (_, k) => ({ time: k, value: i })),
    }));
    for (const form of ['v1', 'v2'] as const) {
      addAll(intake, encoder, form, (form === 'v1' ? encodeRequestV1 : encodeRequest)(series));
      const found = seen(fromBinary(RequestSchema, encoder.finish()));
      expect(found.map(({ labels }) => labels)).toEqual(series.map(({ labels }) => labels.flat()));
      expect(found.map(({ samples }) => samples.length)).toEqual(
        series.map(({ samples }) => samples.length),
      );
    }
  });

  test('several encoders of one intake do not disturb each other', () => {
    const intake = new Intake({ seriesMax: 1000 });
    const encoders = [1, 2, 3].map(() => new RequestEncoder(intake));
    const names: string[][] = [[], [], []];
    for (let i = 0; i < 3000; i++) {
      const name = `m${i % 1500}`;
      const body = encodeRequest([
        { labels: [['__name__', name]], samples: [{ time: i, value: i }] },
      ]);
      addAll(intake, encoders[i % 3]!, 'v2', body);
      names[i % 3]!.push(name);
    }
    expect(intake.generation).toBeGreaterThan(0);
    encoders.forEach((encoder, k) => {
      const found = seen(fromBinary(RequestSchema, encoder.finish()));
      expect(found.map(({ labels }) => labels[1])).toEqual(names[k]);
    });
  });
});

test('whatever comes in, what goes out can be read', () => {
  const reader = new SeriesReader();
  const intake = new Intake({ seriesMax: 500 });
  const encoder = new RequestEncoder(intake);
  const requests = fc.array(goodSeries, { minLength: 1, maxLength: 6 });
  const change = fc.tuple(fc.nat(), fc.nat(255));
  const form = fc.constantFrom<Form[]>('v1', 'v2');
  let read = 0;
  fc.assert(
    fc.property(requests, form, fc.array(change, { maxLength: 3 }), (series, form, changes) => {
      const bytes = bytesOf(form, series);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      try {
        (form === 'v1' ? decodeV1 : decodeV2)(bytes, defaultWriteLimits, columns);
        const result = intake.read(columns);
        let samples = 0;
        for (let i = 0; i < result.length; i++) {
          if (result.kept[i] === 0) continue;
          encoder.add(result, i);
          samples += columns.sampleFrom[i + 1]! - columns.sampleFrom[i]!;
        }
        expect(reader.read(encoder.finish()).length).toBe(samples);
        if (result.passThrough) expect(reader.read(bytes).length).toBe(columns.sampleCount);
        expect(result.accepted.series + result.rejected.series).toBe(result.length);
        read++;
      } catch (error) {
        expect((error as SeastateError).code).toBe('body_malformed');
      }
    }),
    { numRuns: 1500 },
  );
  expect(read).toBeGreaterThan(300);
});
