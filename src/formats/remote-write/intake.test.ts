import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WriteColumns } from './columns.ts';
import { decodeV1 } from './decode-v1.ts';
import { decodeV2 } from './decode-v2.ts';
import { encodeRequest, encodeRequestV1, type SeriesInput } from './encode.ts';
import { bytesV1, bytesV2, goodSeries, type ModelSeries, sorted } from './fixtures/oracle.ts';
import { Intake, type IntakeOptions, type IntakeResult } from './intake.ts';
import { defaultWriteLimits } from './limits.ts';

const columns = new WriteColumns();
const limits = { ...defaultWriteLimits, labelsMax: 20, labelBytesMax: 50 };
const one = [{ time: 1, value: 1 }];

function read(intake: Intake, protocol: 1 | 2, bytes: Uint8Array): IntakeResult {
  (protocol === 1 ? decodeV1 : decodeV2)(bytes, limits, columns);
  return intake.read(columns);
}

function take(
  protocol: 1 | 2,
  series: readonly SeriesInput[],
  options: IntakeOptions = {},
): IntakeResult {
  const encode = protocol === 1 ? encodeRequestV1 : encodeRequest;
  return read(new Intake({ limits, ...options }), protocol, encode(series));
}

const up = (...labels: [string, string][]): SeriesInput => ({
  labels: [['__name__', 'up'], ...labels],
  samples: one,
});

describe.each([1, 2] as const)('protocol %i', (protocol) => {
  test.each([
    ['no labels', [], 'no_metric_name'],
    ['no name', [['a', 'b']], 'no_metric_name'],
    ['an empty name', [['__name__', '']], 'no_metric_name'],
    [
      'an empty label name',
      [
        ['__name__', 'up'],
        ['', 'x'],
      ],
      'empty_label_name',
    ],
    [
      'a label twice',
      [
        ['__name__', 'up'],
        ['a', '1'],
        ['b', '2'],
        ['a', '1'],
      ],
      'duplicate_label',
    ],
    [
      'too many labels',
      [['__name__', 'up'], ...Array.from({ length: 20 }, (_, i) => [`l${i}`, 'x'])],
      'too_many_labels',
    ],
    [
      'a long value',
      [
        ['__name__', 'up'],
        ['a', 'x'.repeat(51)],
      ],
      'label_too_long',
    ],
    [
      'a long name',
      [
        ['__name__', 'up'],
        ['a'.repeat(51), 'x'],
      ],
      'label_too_long',
    ],
  ])('rejects %s and keeps the neighbours', (_, labels, reason) => {
    const bad = { labels: labels as [string, string][], samples: one };
    const result = take(protocol, [up(['cluster', 'a']), bad, up(['cluster', 'b'])]);
    expect([...result.reasons]).toEqual([[reason, 1]]);
    expect(result.rejections).toEqual([{ index: 1, reason, series: expect.any(String) }]);
    expect(result.rejected).toMatchObject({ series: 1, samples: 1 });
    expect(result.accepted).toMatchObject({ series: 2, samples: 2 });
    expect([...result.kept.subarray(0, 3)]).toEqual([1, 0, 1]);
    expect(result.series[1]).toBe(-1);
    expect(result.clusters).toEqual(['a', 'b']);
    expect(result.passThrough).toBe(false);
  });

  test('rejects a label that is no UTF-8, also when seen before', () => {
    const intake = new Intake({ limits });
    const encode = protocol === 1 ? encodeRequestV1 : encodeRequest;
    const bytes = Buffer.from(encode([up(['a', 'good']), up(['b', 'BAD!']), up(['BAD!', ''])]));
    for (let at = bytes.indexOf('BAD!'); at >= 0; at = bytes.indexOf('BAD!')) bytes[at] = 0xff;
    const result = read(intake, protocol, bytes);
    expect(result.reasons.get('invalid_utf8')).toBe(2);
    expect(read(intake, protocol, bytes).reasons).toEqual(result.reasons);
    expect(result.rejections[0]!.series).toBe('up{b="\ufffdAD!"}');
  });

  test('gives the cluster of the first label that tells one', () => {
    const options = { clusterLabels: ['clusterID', 'cluster'] };
    const series = [
      up(['cluster', 'name'], ['clusterID', 'id']),
      up(['cluster', 'name']),
      up(),
      up(['cluster', ''], ['x', 'y']),
      up(['cluster', 'id']),
    ];
    const { clusters, cluster } = take(protocol, series, options);
    expect(clusters).toEqual(['id', 'name', '']);
    expect([...cluster.subarray(0, 5)]).toEqual([0, 1, 2, 2, 0]);
  });

  test('asks the filter once per series and counts what it drops as accepted', () => {
    const asked: string[] = [];
    const intake = new Intake({
      keep: (labels) => {
        asked.push(JSON.stringify(labels));
        return !labels.some(([, value]) => value === 'drop');
      },
    });
    const encode = protocol === 1 ? encodeRequestV1 : encodeRequest;
    const body = encode([up(['b', '1'], ['a', '2']), up(['a', 'drop']), up(['c', ''])]);
    for (let round = 0; round < 3; round++) {
      const result = read(intake, protocol, body);
      expect(result.filtered).toMatchObject({ series: 1, samples: 1 });
      expect(result.accepted).toMatchObject({ series: 3, samples: 3 });
      expect([...result.kept.subarray(0, 3)]).toEqual([1, 0, 1]);
      expect(result.passThrough).toBe(false);
    }
    expect(asked).toEqual([
      '[["__name__","up"],["a","2"],["b","1"]]',
      '[["__name__","up"],["a","drop"]]',
      '[["__name__","up"]]',
    ]);
  });

  test('knows a series again, whatever the order of its labels', () => {
    const { series } = take(protocol, [
      up(['a', '1'], ['b', '2']),
      up(['b', '2'], ['a', '1']),
      up(['a', '1'], ['b', '2'], ['c', '']),
      up(['a', '1'], ['b', '3']),
    ]);
    expect(series[1]).toBe(series[0]);
    expect(series[2]).toBe(series[0]);
    expect(series[3]).not.toBe(series[0]);
  });

  test('accepts what good series hold, in any order, cut and repetition', () => {
    const streams = fc.array(goodSeries, { minLength: 1, maxLength: 10 }).chain((pool) =>
      fc.array(
        fc.array(
          fc.nat(pool.length - 1).map((k) => pool[k]!),
          { maxLength: 12 },
        ),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
    );
    const intake = new Intake({ seriesMax: 40 });
    const bytesOf = protocol === 1 ? bytesV1 : bytesV2;
    fc.assert(
      fc.property(streams, (requests) => {
        for (const series of requests) {
          const generation = intake.generation;
          const result = read(intake, protocol, bytesOf(series));
          expect([...result.reasons]).toEqual([]);
          const sum = (of: (entry: ModelSeries) => unknown[]): number =>
            series.reduce((total, entry) => total + of(entry).length, 0);
          expect(result.accepted).toMatchObject({
            series: series.length,
            samples: sum(({ samples }) => samples),
            histograms: sum(({ histograms }) => histograms),
            exemplars: sum(({ exemplars }) => exemplars),
          });
          const labels = series.map((_, i) => intake.known.labels(result.series[i]!));
          expect(labels).toEqual(series.map((entry) => entry.labels));
          expect(intake.generation - generation).toBeLessThanOrEqual(1);
        }
      }),
    );
    expect(intake.knownSeries).toBeLessThan(40 + 20);
    expect(intake.generation).toBeGreaterThan(1);
  });

  test('judges messy labels as a plain model does', () => {
    const name = fc.constantFrom('__name__', 'a', 'b', 'cluster', 'é', '');
    const messy = fc.array(fc.tuple(name, fc.constantFrom('', 'x', 'y', 'z')), { maxLength: 5 });
    const intake = new Intake({ limits, rejectionsMax: 100 });
    const encode = protocol === 1 ? encodeRequestV1 : encodeRequest;
    fc.assert(
      fc.property(fc.array(messy, { maxLength: 10 }), (entries) => {
        const body = encode(entries.map((labels) => ({ labels, samples: one })));
        const result = read(intake, protocol, body);
        const expected = entries.map(reasonFor);
        entries.forEach((labels, i) => {
          const id = result.series[i]!;
          expect(id < 0).toBe(expected[i] !== undefined);
          if (id < 0) return;
          const canonical = sorted(labels.filter(([, value]) => value !== ''));
          expect(intake.known.labels(id)).toEqual(canonical);
          const cluster = canonical.find(([n]) => n === 'cluster')?.[1] ?? '';
          expect(result.clusters[result.cluster[i]!]).toBe(cluster);
        });
        expect(result.rejections.map(({ index, reason }) => [index, reason])).toEqual(
          expected.flatMap((reason, i) => (reason ? [[i, reason]] : [])),
        );
      }),
    );
  });

  test('forgets all when there are too many bytes, and goes on', () => {
    const intake = new Intake({ bytesMax: 200_000 });
    const encode = protocol === 1 ? encodeRequestV1 : encodeRequest;
    for (let round = 0; round < 30; round++) {
      const series = Array.from({ length: 200 }, (_, i) => up(['pod', `pod-${round}-${i}`]));
      expect(read(intake, protocol, encode(series)).accepted.series).toBe(200);
      expect(intake.bytesUsed).toBeLessThan(400_000);
    }
    expect(intake.generation).toBeGreaterThan(1);
  });

  test('tells a long series in 200 characters, control characters escaped', () => {
    const labels = Array.from({ length: 19 }, (_, i): [string, string] => [
      `l${i}`,
      '\n"😀'.repeat(4),
    ]);
    const { rejections } = take(protocol, [{ labels, samples: one }], { rejectionsMax: 1 });
    expect(rejections[0]!.series.length).toBeLessThanOrEqual(200);
    expect(rejections[0]!.series).toMatch(/^\{l0="\\n\\"😀/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(rejections[0]!.series).not.toMatch(/[\u0000-\u001f]/);
    expect(rejections[0]!.series.isWellFormed()).toBe(true);
  });

  test('counts all rejections and tells the first', () => {
    const bad = Array.from({ length: 50 }, () => ({ labels: [], samples: one }));
    const { rejections, rejected } = take(protocol, bad, { rejectionsMax: 3 });
    expect([rejections.length, rejected.series]).toEqual([3, 50]);
  });

  test('rejects a histogram that disagrees with itself, and keeps the others', () => {
    const good = Uint8Array.of(0x08, 0x02, 0x30, 0x02, 0x78, 0x05);
    const bad = Uint8Array.of(0x08, 0x63, 0x30, 0x02, 0x78, 0x05);
    const result = take(protocol, [
      { labels: [['__name__', 'h']], histograms: [good] },
      { labels: [['__name__', 'h']], histograms: [good, bad] },
      { labels: [['__name__', 'h']], histograms: [new Uint8Array(0)] },
    ]);
    expect(result.reasons).toEqual(new Map([['histogram_invalid', 1]]));
    expect(result.accepted.histograms).toBe(2);
    expect(result.rejections[0]!.series).toBe('h{}');
  });

  test('accepts entries of exemplars only', () => {
    const exemplars = [{ labels: [], time: 1, value: Number.NaN }];
    const result = take(protocol, [{ labels: [['__name__', 'x']], exemplars }]);
    expect(result.accepted).toMatchObject({ series: 1, samples: 0, exemplars: 1 });
    const nameless = [{ labels: [['', 'x'] as const], time: 1, value: 1 }];
    expect(take(protocol, [{ ...up(), exemplars: nameless }]).reasons).toEqual(
      new Map([['exemplar_invalid', 1]]),
    );
  });

  test('an empty request is nothing', () => {
    const result = take(protocol, []);
    expect(result).toMatchObject({ length: 0, clusters: [], passThrough: false });
  });
});

function reasonFor(labels: [string, string][]): string | undefined {
  if (labels.some(([name]) => name === '')) return 'empty_label_name';
  if (new Set(labels.map(([name]) => name)).size < labels.length) return 'duplicate_label';
  const named = labels.some(([name, value]) => name === '__name__' && value !== '');
  return named ? undefined : 'no_metric_name';
}

describe('passThrough', () => {
  const pass = (...series: SeriesInput[]): boolean => take(2, series).passThrough;

  test('holds for one cluster of clean series', () => {
    expect(pass(up(['cluster', 'a']), up(['cluster', 'a'], ['x', 'y']))).toBe(true);
    expect(pass(up())).toBe(true);
  });

  test('does not hold otherwise', () => {
    expect(pass(up(['cluster', 'a']), up(['cluster', 'b']))).toBe(false);
    expect(pass(up(['b', '1'], ['a', '2']))).toBe(false);
    expect(pass(up(['a', '']))).toBe(false);
    expect(pass(up(), { labels: [], samples: one })).toBe(false);
    expect(take(1, [up()]).passThrough).toBe(false);
  });

  test('does not hold when the same irregular series comes again', () => {
    const intake = new Intake();
    const body = encodeRequest([up(['b', '1'], ['a', '2'])]);
    for (let round = 0; round < 3; round++) expect(read(intake, 2, body).passThrough).toBe(false);
  });
});

describe('protocol 2 only', () => {
  const field = (number: number, ...parts: Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Uint8Array.of((number << 3) | 2, body.length), body]);
  };
  const symbols = Buffer.concat(['', '__name__', 'x', 'y'].map((s) => field(4, Buffer.from(s))));
  const entry = (refs: number[], ...parts: Uint8Array[]): Uint8Array =>
    field(5, field(1, Uint8Array.from(refs)), field(2, Uint8Array.of(0x10, 1)), ...parts);

  test.each([
    ['ref_out_of_range', entry([1, 9])],
    ['odd_refs', entry([1, 2, 1])],
    ['ref_out_of_range', entry([1, 2], field(5, Uint8Array.of(0x18, 9)))],
    ['exemplar_invalid', entry([1, 2], field(4, field(1, Uint8Array.of(1, 9))))],
    ['exemplar_invalid', entry([1, 2], field(4, field(1, Uint8Array.of(1))))],
    ['samples_and_histograms', entry([1, 2], field(3))],
  ])('%s', (reason, bad) => {
    const intake = new Intake();
    const body = Buffer.concat([symbols, entry([1, 2]), bad, entry([1, 3])]);
    for (let round = 0; round < 2; round++) {
      const result = read(intake, 2, body);
      expect([...result.reasons]).toEqual([[reason, 1]]);
      expect([...result.kept.subarray(0, 3)]).toEqual([1, 0, 1]);
    }
  });

  test('metadata only is good and counted', () => {
    const metadata = { type: 'gauge', help: 'Help', unit: 's' } as const;
    const result = take(2, [{ labels: [['__name__', 'x']], metadata }, up()]);
    expect(result.accepted).toMatchObject({ series: 2, samples: 1, metadata: 1 });
    expect(result.passThrough).toBe(true);
  });

  test('values of exemplars do not fill the memory', () => {
    const intake = new Intake();
    const read1000 = (round: number): void => {
      const exemplars = Array.from({ length: 1000 }, (_, i) => ({
        labels: [['trace_id', `${round}-${i}-0123456789abcdef`] as const],
        time: 1,
        value: 1,
      }));
      read(intake, 2, encodeRequest([{ ...up(), exemplars }]));
    };
    read1000(0);
    const bytes = intake.bytesUsed;
    for (let round = 1; round < 20; round++) read1000(round);
    expect(intake.bytesUsed).toBe(bytes);
  });
});

test('bodies that lie about their sizes cost no memory', () => {
  const intake = new Intake();
  const million = new Uint8Array(1 << 22).fill(1);
  const histogram = wrap(0x4a, million);
  const inEntry = encodeRequest([{ labels: [['__name__', 'x']], histograms: [histogram] }]);
  // Millions of refs in one entry, and of deltas in one histogram.
  const refs = Buffer.concat([
    Buffer.from([0x22, 0, 0x22, 1, 97]),
    wrap(0x2a, wrap(0x0a, million)),
  ]);
  expect([...read(intake, 2, refs).reasons]).toEqual([['too_many_labels', 1]]);
  expect([...read(intake, 2, inEntry).reasons]).toEqual([['histogram_invalid', 1]]);
  const labels = Array.from({ length: 100_000 }, (_, i): [string, string] => [`${i}`, 'x']);
  const many = encodeRequestV1([{ labels, samples: one }, up()]);
  expect([...read(intake, 1, many).reasons]).toEqual([['too_many_labels', 1]]);
  expect(intake.bytesUsed).toBeLessThan(200_000);
});

/** A field of the given tag around some bytes. */
function wrap(tag: number, part: Uint8Array): Uint8Array {
  const head = [tag];
  let rest = part.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Uint8Array.from([...head, rest]), part]);
}

test('a label of protocol 1 that is broken inside makes the body malformed', () => {
  const body = Uint8Array.of(0x0a, 4, 0x0a, 2, 0x0a, 9);
  expect(() => read(new Intake(), 1, body)).toThrow(
    expect.objectContaining({ code: 'body_malformed' }),
  );
});
