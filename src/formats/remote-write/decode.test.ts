import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeastateError } from '../../core/errors.ts';
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
import * as v1 from './fixtures/proto/write_v1_pb.js';
import * as v2 from './fixtures/proto/write_v2_pb.js';
import { defaultWriteLimits } from './limits.ts';
import { isStale } from './stale.ts';

const limits = defaultWriteLimits;
const c = new WriteColumns();
const requests = fc.array(goodSeries, { maxLength: 12 });

function samplesOf(index: number): unknown[] {
  const out: unknown[] = [];
  for (let k = c.sampleFrom[index]!; k < c.sampleFrom[index + 1]!; k++) {
    const words = [c.valueWords[2 * k], c.valueWords[2 * k + 1]];
    out.push({ words, time: c.times[k], start: c.startTimes[k] });
  }
  return out;
}

function expectSamples(series: ModelSeries[], startOf: (entry: ModelSeries, k: number) => number) {
  expect(c.seriesCount).toBe(series.length);
  series.forEach((entry, i) => {
    const expected = entry.samples.map(({ time, value }, k) => {
      const bits = bitsOf(value);
      const words = [Number(bits & 0xffff_ffffn), Number(bits >> 32n)];
      return { words, time, start: startOf(entry, k) };
    });
    expect(samplesOf(i)).toEqual(expected);
    expect(c.histogramFrom[i + 1]! - c.histogramFrom[i]!).toBe(entry.histograms.length);
    expect(c.exemplarFrom[i + 1]! - c.exemplarFrom[i]!).toBe(entry.exemplars.length);
  });
}

const textOf = (start: number, end: number): string =>
  Buffer.from(c.bytes.subarray(start, end)).toString();

function labelsV1(index: number): [string, string][] {
  // The label fields of a series are a series message of their own.
  const block = c.bytes.subarray(c.labelStart[index], c.labelEnd[index]);
  return fromBinary(v1.TimeSeriesSchema, block).labels.map(({ name, value }) => [name, value]);
}

function labelsV2(index: number): [string, string][] {
  const symbol = (at: number): string =>
    textOf(c.symbolStart[c.refs[at]!]!, c.symbolEnd[c.refs[at]!]!);
  const out: [string, string][] = [];
  for (let k = c.labelStart[index]!; k < c.labelEnd[index]!; k += 2) {
    out.push([symbol(k), symbol(k + 1)]);
  }
  return out;
}

describe('columns equal what an independent library wrote', () => {
  test('protocol 1', () => {
    fc.assert(
      fc.property(requests, (series) => {
        decodeV1(bytesV1(series), limits, c);
        expectSamples(series, () => 0);
        expect(series.map((_, i) => labelsV1(i))).toEqual(series.map(({ labels }) => labels));
      }),
    );
  });

  test('protocol 2, rc.4', () => {
    fc.assert(
      fc.property(requests, (series) => {
        decodeV2(bytesV2(series), limits, c);
        expectSamples(series, (entry, k) => entry.samples[k]!.start);
        let histogram = 0;
        series.forEach((entry, i) => {
          expect(labelsV2(i)).toEqual(entry.labels);
          expect(c.metadataType[i]).toBe(entry.type);
          const ref = (at: number): string => textOf(c.symbolStart[at]!, c.symbolEnd[at]!);
          expect([ref(c.helpRef[i]!), ref(c.unitRef[i]!)]).toEqual([entry.help, entry.unit]);
          for (const { time, start } of entry.histograms) {
            expect(c.histogramTimes[histogram]).toBe(time);
            expect(c.histogramStartTimes[histogram++]).toBe(start);
          }
        });
      }),
    );
  });

  test('protocol 2, rc.3: the start stands at the series', () => {
    fc.assert(
      fc.property(requests, (series) => {
        decodeV2(bytesV2(series, true), limits, c);
        expectSamples(series, firstStart);
      }),
    );
  });

  test('times of 64 bits give the nearest number', () => {
    for (const time of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 60n) - 12345n]) {
      const timeseries = [{ samples: [{ value: 1, timestamp: time }] }];
      decodeV1(
        toBinary(v1.WriteRequestSchema, create(v1.WriteRequestSchema, { timeseries })),
        limits,
        c,
      );
      expect(c.times[0]).toBe(Number(time));
    }
  });

  test('metadata of protocol 1', () => {
    const metadata = [
      { type: 'counter', family: 'größe_total', help: 'How\nlarge', unit: '' },
      { type: 'stateset', family: '', help: '', unit: 'seconds' },
    ] as const;
    decodeV1(encodeRequestV1([], metadata), limits, c);
    expect([c.seriesCount, c.metadataCount]).toEqual([0, 2]);
    expect([c.metadata(0), c.metadata(1)]).toEqual(metadata);
    decodeV1(Uint8Array.of(0x1a, 0x04, 0x08, 0x63, 0x12, 0x00), limits, c);
    expect(c.metadata(0)).toEqual({ type: 'unknown', family: '', help: '', unit: '' });
  });
});

describe('our own plain encoder', () => {
  const inputs = requests.map((series) =>
    series.map(({ labels, samples, exemplars, type, help, unit }) => ({
      labels,
      samples: samples.map(({ time, value, start }) => ({ time, value, startTime: start })),
      exemplars,
      metadata: { type: (['unknown', 'counter', 'gauge'] as const)[type % 3]!, help, unit },
    })),
  );

  test('is read by the independent library: protocol 1', () => {
    fc.assert(
      fc.property(inputs, (series) => {
        const { timeseries } = fromBinary(v1.WriteRequestSchema, encodeRequestV1(series));
        timeseries.forEach(({ labels, samples }, i) => {
          expect(labels.map(({ name, value }) => [name, value])).toEqual(series[i]!.labels);
          expect(samples.map((s) => [Number(s.timestamp), bitsOf(s.value)])).toEqual(
            series[i]!.samples.map((s) => [s.time, bitsOf(s.value)]),
          );
        });
        expect(timeseries.length).toBe(series.length);
      }),
    );
  });

  test('is read by the independent library: protocol 2', () => {
    fc.assert(
      fc.property(inputs, (series) => {
        const { symbols, timeseries } = fromBinary(v2.RequestSchema, encodeRequest(series));
        expect(new Set(symbols).size).toBe(symbols.length);
        timeseries.forEach(({ labelsRefs, samples, exemplars, metadata }, i) => {
          const input = series[i]!;
          expect(labelsRefs.map((ref) => symbols[ref])).toEqual(input.labels.flat());
          expect(samples.map((s) => [Number(s.timestamp), Number(s.startTimestamp)])).toEqual(
            input.samples.map((s) => [s.time, s.startTime]),
          );
          expect(exemplars.map((e) => e.labelsRefs.map((ref) => symbols[ref]))).toEqual(
            input.exemplars.map((e) => e.labels.flat()),
          );
          expect(symbols[metadata!.helpRef]).toBe(input.metadata.help);
        });
        expect(timeseries.length).toBe(series.length);
      }),
    );
  });

  test('writes the stale marker bit by bit, and both decoders keep it', () => {
    const series = [
      {
        labels: [['__name__', 'up']] as const,
        samples: [
          { time: 1, value: 'stale' as const },
          { time: 2, value: Number.NaN },
        ],
      },
    ];
    decodeV1(encodeRequestV1(series), limits, c);
    expect([isStale(c.valueWords, 0), isStale(c.valueWords, 1)]).toEqual([true, false]);
    decodeV2(encodeRequest(series), limits, c);
    expect([isStale(c.valueWords, 0), isStale(c.valueWords, 1)]).toEqual([true, false]);
  });
});

/** Field `number` of wire type 2 around some bytes. */
const field = (number: number, ...parts: (Uint8Array | number[])[]): Uint8Array => {
  const body = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  expect(body.length).toBeLessThan(128);
  return Buffer.concat([Uint8Array.of((number << 3) | 2, body.length), body]);
};
const label = (name: string, value: string): Uint8Array =>
  field(1, field(1, Buffer.from(name)), field(2, Buffer.from(value)));
const sample = (time: number): Uint8Array => field(2, [0x10, time]);
const unknown = [
  field(15, [1, 2, 3]),
  Uint8Array.of(0x78, 0x80, 0x01),
  Uint8Array.of(0x79, 1, 2, 3, 4, 5, 6, 7, 8),
  Uint8Array.of(0x7d, 1, 2, 3, 4),
];

describe('what is legal but unusual', () => {
  test('protocol 1: labels between other fields, unknown fields everywhere', () => {
    const bytes = Buffer.concat([
      field(
        1,
        sample(1),
        label('a', 'b'),
        ...unknown,
        label('__name__', 'x'),
        sample(2),
        label('c', 'd'),
      ),
      ...unknown,
      field(1, label('__name__', 'y'), label('e', 'f'), sample(3)),
      field(1, label('__name__', 'z'), field(2, ...unknown, [0x10, 4]), label('g', 'h')),
    ]);
    decodeV1(bytes, limits, c);
    expect(c.seriesCount).toBe(3);
    expect(labelsV1(0)).toEqual([
      ['a', 'b'],
      ['__name__', 'x'],
      ['c', 'd'],
    ]);
    expect(labelsV1(1)).toEqual([
      ['__name__', 'y'],
      ['e', 'f'],
    ]);
    expect(labelsV1(2)).toEqual([
      ['__name__', 'z'],
      ['g', 'h'],
    ]);
    expect([...c.times.subarray(0, c.sampleCount)]).toEqual([1, 2, 3, 4]);
    expect([...c.sampleFrom.subarray(0, 4)]).toEqual([0, 2, 3, 4]);
  });

  test('protocol 2: refs not packed or in pieces, symbols after series, unknown fields', () => {
    const bytes = Buffer.concat([
      field(5, [0x08, 1, 0x08, 2], sample(1), field(1, [3, 4]), ...unknown),
      field(5, field(1, [1, 2]), field(5, [0x08, 1, 0x18, 3], [0x78, 0x01]), sample(2)),
      ...['', '__name__', 'x', 'a', 'b'].map((symbol) => field(4, Buffer.from(symbol))),
      ...unknown,
    ]);
    decodeV2(bytes, limits, c);
    expect(labelsV2(0)).toEqual([
      ['__name__', 'x'],
      ['a', 'b'],
    ]);
    expect(labelsV2(1)).toEqual([['__name__', 'x']]);
    expect([c.metadataType[1], c.helpRef[1]]).toEqual([1, 3]);
    expect([...c.times.subarray(0, c.sampleCount)]).toEqual([1, 2]);
  });

  test('large requests grow every array', () => {
    const series = Array.from({ length: 5000 }, (_, i) => ({
      labels: [['__name__', `m${i}`]] as const,
      samples: [1, 2, 3].map((k) => ({ time: i * 10 + k, value: i })),
      exemplars: [{ labels: [['trace_id', `${i}`]] as const, time: i, value: 1 }],
      metadata: { type: 'gauge', help: `help ${i}` } as const,
    }));
    for (const columns of [c, new WriteColumns()]) {
      decodeV2(encodeRequest(series), limits, columns);
      expect([columns.seriesCount, columns.sampleCount, columns.exemplarCount]).toEqual([
        5000, 15_000, 5000,
      ]);
      expect(columns.times[14_999]).toBe(49_993);
      decodeV1(encodeRequestV1(series), limits, columns);
      expect([columns.seriesCount, columns.sampleCount, columns.times[14_999]]).toEqual([
        5000, 15_000, 49_993,
      ]);
    }
  });
});

describe('what is broken', () => {
  const codeOf = (decode: typeof decodeV1, bytes: Uint8Array, some = limits): string => {
    try {
      decode(bytes, some, c);
      return 'ok';
    } catch (error) {
      expect(error).toBeInstanceOf(SeastateError);
      return (error as SeastateError).code;
    }
  };

  test('a body cut off at any byte is malformed, unless it ends between fields', () => {
    fc.assert(
      fc.property(fc.array(goodSeries, { maxLength: 4 }), (series) => {
        for (const [decode, bytes, schema] of [
          [decodeV1, bytesV1(series), v1.WriteRequestSchema],
          [decodeV2, bytesV2(series), v2.RequestSchema],
        ] as const) {
          for (let end = 0; end < bytes.length; end++) {
            const cut = bytes.slice(0, end);
            let theirs = 'ok';
            try {
              fromBinary(schema as typeof v2.RequestSchema, cut);
            } catch {
              theirs = 'body_malformed';
            }
            expect(codeOf(decode, cut)).toBe(theirs);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('any mutation is read or malformed', () => {
    fc.assert(
      fc.property(requests, fc.nat(), fc.nat(255), fc.nat(), (series, at, byte, at2) => {
        for (const [decode, bytes] of [
          [decodeV1, bytesV1(series)],
          [decodeV2, bytesV2(series)],
        ] as const) {
          if (bytes.length === 0) continue;
          bytes[at % bytes.length] = byte;
          bytes[at2 % bytes.length]! ^= 0x80;
          expect(['ok', 'body_malformed']).toContain(codeOf(decode, bytes));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('random bytes are read or malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        for (const decode of [decodeV1, decodeV2]) {
          expect(['ok', 'body_malformed']).toContain(codeOf(decode, bytes));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['a varint of eleven bytes', field(5, [0x12, 13, 0x10, ...Array(11).fill(0x80), 0])],
    ['a group', field(5, [0x0b, 0x0c])],
    ['field number 0', Uint8Array.of(0x02, 0x00)],
    ['a length over 32 bits', Uint8Array.of(0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00)],
    ['a sample that reaches past its series', Uint8Array.of(0x2a, 3, 0x12, 5, 0x10, 1, 1, 1, 1)],
    ['a first symbol that is not empty', field(4, Buffer.from('x'))],
  ])('%s is malformed, with the place', (_, bytes) => {
    expect(codeOf(decodeV2, bytes)).toBe('body_malformed');
    expect(() => decodeV2(bytes, limits, c)).toThrow(/at byte \d+: ./);
  });

  test.each([
    ['samplesMax', { samplesMax: 5 }],
    ['seriesMax', { seriesMax: 2 }],
    ['exemplarsMax', { exemplarsMax: 2 }],
    ['symbolsMax', { symbolsMax: 6 }],
  ])('%s is named when it is exceeded, and holds exactly', (name, some) => {
    const one = {
      labels: [['__name__', 'm']] as const,
      samples: [1, 2].map((time) => ({ time, value: 1 })),
      exemplars: [{ labels: [], time: 1, value: 1 }],
    };
    const series = [1, 2, 3].map((k) => ({
      ...one,
      labels: [...one.labels, [`l${k}`, ''] as const],
    }));
    const request = encodeRequest([...series, { ...one, labels: [['e', 'f'] as const] }]);
    expect(() => decodeV2(request, { ...limits, ...some }, c)).toThrow(
      expect.objectContaining({ code: 'limit_exceeded', message: expect.stringContaining(name) }),
    );
    const [max] = Object.values(some);
    const counts = { samplesMax: 8, seriesMax: 4, exemplarsMax: 4, symbolsMax: 8 };
    const exact = { ...limits, [name]: counts[name as keyof typeof counts] };
    expect(max).toBeLessThan(counts[name as keyof typeof counts]);
    expect(codeOf(decodeV2, request, exact)).toBe('ok');
  });

  test('many tiny entries stop at the limit, not at the memory', () => {
    const bytes = new Uint8Array(1 << 22);
    for (let k = 0; k < bytes.length; k += 2) bytes[k] = 0x2a;
    expect(codeOf(decodeV2, bytes)).toBe('limit_exceeded');
    for (let k = 0; k < bytes.length; k += 2) bytes[k] = 0x0a;
    expect(codeOf(decodeV1, bytes)).toBe('limit_exceeded');
    expect(c.scratch.heap.buffer.byteLength).toBeLessThan(1 << 27);
  });
});
