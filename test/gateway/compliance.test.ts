import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { metricTypes } from '../../src/formats/remote-write/columns.ts';
import type { SampleInput, SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { histogram } from './histogram.ts';
import { bodyOf, headersOf, type Rig, startRig, v2Headers } from './rig.ts';

/**
 * The cases of the receiver suite of prometheus/compliance in our words, with
 * success asserted where the suite would let a 400 pass. The suite itself runs in
 * compliance-suite.test.ts where Go is there.
 */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ gateway: { lingerMs: 1 } });
});
afterAll(() => rig.close());

type Labels = Record<string, string>;
const now = Date.now();
const series = (labels: Labels, ...samples: SampleInput[]): SeriesInput => ({
  labels: Object.entries(labels).reverse(),
  samples,
});
const at = (value: SampleInput['value'], time = now): SampleInput => ({ time, value });
const basic: Labels = { __name__: 'test_metric', job: 'test', instance: 'localhost:9090' };

const written = async (
  given: readonly SeriesInput[],
  counts: readonly [number, number, number],
): Promise<void> => {
  const reply = await rig.write(2, given);
  expect(reply.text).toBe('');
  expect(reply.status).toBe(204);
  expect(reply.written).toEqual(counts);
};
const rejected = async (
  given: readonly SeriesInput[],
  counts: readonly [number, number, number],
): Promise<void> => {
  const reply = await rig.write(2, given);
  expect(reply.status).toBe(400);
  expect(reply.written).toEqual(counts);
  expect(reply.text).toMatch(/\d+ of \d+ series rejected/);
};

describe('request', () => {
  test.each(['application/json', 'image/png'])('content type %s: 415', async (type) => {
    const reply = await rig.post(new Uint8Array([1, 2]), { ...v2Headers, 'Content-Type': type });
    expect(reply.status).toBe(415);
  });
  test.each(['gzip', 'deflate'])('encoding %s: 415', async (encoding) => {
    const headers = { ...v2Headers, 'Content-Encoding': encoding };
    expect((await rig.post(new Uint8Array([1, 2]), headers)).status).toBe(415);
  });
  test('the first byte of the body broken: 400', async () => {
    const body = bodyOf(2, [series(basic, at(1))]);
    body[0] = body[0]! ^ 0xff;
    const reply = await rig.post(body);
    expect(reply.status).toBe(400);
    expect(reply.written).toEqual([0, 0, 0]);
  });
});

describe('remote write 1.0', () => {
  test('plain samples without version header: 2xx without counts', async () => {
    const body = bodyOf(1, [series(basic, at(1), at(2, now + 1))]);
    const { 'X-Prometheus-Remote-Write-Version': _, ...headers } = headersOf(1);
    const reply = await rig.post(body, headers);
    expect(reply.status).toBe(204);
    expect(reply.written).toEqual([null, null, null]);
  });
  test('a broken body: 400', async () => {
    expect((await rig.post(new Uint8Array([1, 2, 3]), headersOf(1))).status).toBe(400);
  });
});

describe.each([
  ['1.0', 1],
  ['StaleNaN', 'stale'],
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
] as const)('samples of value %s', (_name, value) => {
  test.each<[string, Labels]>([
    ['name only', { __name__: 'test_metric' }],
    ['several labels', basic],
    ['newline in a value', { ...basic, path: 'a\nb' }],
    ['dots in names', { __name__: 'test.metric', 'http.status': '200' }],
    ['spaces in names', { __name__: 'test metric', 'http status': '200' }],
  ])('%s: written', (_case, labels) => written([series(labels, at(value))], [1, 0, 0]));

  test('no name, and no labels at all: 400', async () => {
    await rejected([series({ job: 'test' }, at(value))], [0, 0, 0]);
    await rejected([series({}, at(value))], [0, 0, 0]);
  });

  const named = (i: number): SeriesInput => series({ ...basic, i: `${i}` }, at(value));
  const unnamed = (i: number): SeriesInput => series({ job: 'x', i: `${i}` }, at(value));
  test('four good, four without name, one of four without name', async () => {
    await written([named(0), named(1), named(2), named(3)], [4, 0, 0]);
    await rejected([unnamed(0), unnamed(1), unnamed(2), unnamed(3)], [0, 0, 0]);
    await rejected([named(4), unnamed(5), named(6), named(7)], [3, 0, 0]);
  });
});

describe('start times', () => {
  test('counter with its start', () =>
    written(
      [series({ ...basic, __name__: 'x_total' }, { ...at(5), startTime: now - 60_000 })],
      [1, 0, 0],
    ));
});

describe('histograms', () => {
  const of = (...messages: Uint8Array[]): SeriesInput => ({
    labels: Object.entries({ ...basic, __name__: 'test_histogram' }),
    histograms: messages,
  });
  const positive = { positiveSpans: [[0, 2]], positiveDeltas: [3, 1] } as const;
  const negative = { negativeSpans: [[1, 2]], negativeDeltas: [2, 0] } as const;
  const plain = histogram({ time: now, count: 7, sum: 9, ...positive });
  const exemplar = { labels: [['trace_id', 'a1']], time: now, value: 1 } as const;

  test.each<[string, Uint8Array]>([
    [
      'positive, negative and zero',
      histogram({ time: now, count: 13, zeroCount: 2, ...positive, ...negative }),
    ],
    [
      'custom buckets',
      histogram({ time: now, count: 7, schema: -53, ...positive, customBounds: [1, 2] }),
    ],
    ['positive only', plain],
    ['negative only', histogram({ time: now, count: 4, ...negative })],
    ['zero only', histogram({ time: now, count: 3, zeroCount: 3 })],
    ['empty', histogram({ time: now })],
    ['start time', histogram({ time: now, count: 7, ...positive, startTime: now - 1_000 })],
  ])('%s: written', (_name, message) => written([of(message)], [0, 1, 0]));

  test('two in one entry', () =>
    written([of(plain, histogram({ time: now + 1, count: 7, ...positive }))], [0, 2, 0]));
  test('with metadata', () =>
    written([{ ...of(plain), metadata: { type: 'histogram', help: 'h' } }], [0, 1, 0]));
  test('with exemplar', () => written([{ ...of(plain), exemplars: [exemplar] }], [0, 1, 1]));
  test('with both', () =>
    written([{ ...of(plain), metadata: { type: 'histogram' }, exemplars: [exemplar] }], [0, 1, 1]));
  test('a count that contradicts the buckets: not 2xx', () =>
    rejected([of(histogram({ time: now, count: 99, ...positive }))], [0, 0, 0]));
});

describe('exemplars', () => {
  const withExemplar = (labels: Labels, value = 1, time = now): SeriesInput => ({
    ...series(basic, at(1)),
    exemplars: [{ labels: Object.entries(labels), value, time }],
  });
  const trace = { trace_id: '4bf92f3577b34da6' };
  test.each<[string, SeriesInput]>([
    ['trace_id', withExemplar(trace)],
    ['trace_id and span_id', withExemplar({ ...trace, span_id: '00f067aa' })],
    ['no trace_id', withExemplar({ user: 'x' })],
    ['several labels', withExemplar({ a: '1', b: '2', c: '3', d: '4' })],
    ['no labels', withExemplar({})],
    ['special characters', withExemplar({ path: '/a?b=c&d="e"\n' })],
    ['unicode', withExemplar({ ort: 'Zürich 東京 🙂' })],
    ['an old time', withExemplar(trace, 1, now - 3_600_000)],
    ['a recent time', withExemplar(trace, 1, now - 1_000)],
    ...[0, -5, 1e10, 1e-10, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(
      (value): [string, SeriesInput] => [`value ${value}`, withExemplar(trace, value)],
    ),
  ])('%s: written', (_name, given) => written([given], [1, 0, 1]));

  test('on a series without name, or with an empty one: 400', async () => {
    const exemplars = withExemplar(trace).exemplars!;
    await rejected([{ ...series({ job: 'x' }, at(1)), exemplars }], [0, 0, 0]);
    await rejected([{ ...series({ __name__: '', job: 'x' }, at(1)), exemplars }], [0, 0, 0]);
  });
});

describe('metadata', () => {
  const withMetadata = (metadata: NonNullable<SeriesInput['metadata']>): SeriesInput => ({
    ...series(basic, at(1)),
    metadata,
  });
  test.each(metricTypes)('type %s: written', (type) =>
    written([withMetadata({ type, help: 'Help.', unit: 'bytes' })], [1, 0, 0]),
  );
  test('no help and unit, quotes and newline in help', async () => {
    await written([withMetadata({ type: 'gauge' })], [1, 0, 0]);
    await written([withMetadata({ type: 'gauge', help: 'a "b"\nc' })], [1, 0, 0]);
  });
  test('several, complex labels, start time', () =>
    written(
      [
        withMetadata({ type: 'counter' }),
        { ...series({ ...basic, 'k8s.io/name': 'a,b="c"' }, at(1)), metadata: { type: 'gauge' } },
        {
          ...series({ ...basic, i: '3' }, { ...at(1), startTime: now - 1 }),
          metadata: { type: 'counter', help: 'x' },
        },
      ],
      [3, 0, 0],
    ));
  test('on a series without name, or with an empty one: 400', async () => {
    const metadata = { type: 'gauge' } as const;
    await rejected([{ ...series({ job: 'x' }, at(1)), metadata }], [0, 0, 0]);
    await rejected([{ ...series({ __name__: '', job: 'x' }, at(1)), metadata }], [0, 0, 0]);
  });
});

describe('combined', () => {
  const exemplars = [{ labels: [['trace_id', 'x']], time: now, value: 1 }] as const;
  const metadata = { type: 'counter', help: 'h', unit: 'u' } as const;
  const message = histogram({ time: now, count: 1, zeroCount: 1 });

  test('samples with metadata and exemplars; histograms likewise', async () => {
    await written([{ ...series(basic, at(1)), metadata, exemplars }], [1, 0, 1]);
    const labels = Object.entries(basic);
    await written([{ labels, histograms: [message], metadata, exemplars }], [0, 1, 1]);
  });
  test('several families', () =>
    written(
      [
        { ...series({ ...basic, __name__: 'a_total' }, at(1)), metadata },
        { ...series({ ...basic, __name__: 'b' }, at(2)), metadata: { type: 'gauge' } },
        { labels: Object.entries({ ...basic, __name__: 'c' }), histograms: [message] },
      ],
      [2, 1, 0],
    ));
  test('50 samples, 50 histograms, 50 exemplars each', async () => {
    const fifty = Array.from({ length: 50 }, (_, i) => ({ ...basic, i: `${i}` }));
    await written(
      fifty.map((labels) => ({ ...series(labels, at(1)), exemplars })),
      [50, 0, 50],
    );
    await written(
      fifty.map((labels) => ({ labels: Object.entries(labels), histograms: [message], exemplars })),
      [0, 50, 50],
    );
  });
  test('emoji and umlauts in labels', () =>
    written([series({ ...basic, größe: '🙂', 'schlüssel 🗝': 'ü' }, at(1))], [1, 0, 0]));
});

describe('edges', () => {
  test('an entry of metadata alone', () =>
    written([{ labels: Object.entries(basic), metadata: { type: 'gauge' } }], [0, 0, 0]));
  test('an entry of exemplars alone', () =>
    written(
      [
        {
          labels: Object.entries(basic),
          exemplars: [{ labels: [['trace_id', 'x']], time: now, value: 1 }],
        },
      ],
      [0, 0, 1],
    ));
  test('a sample of an hour ago beside a new one', () =>
    written([series(basic, at(1, now - 3_600_000), at(2))], [2, 0, 0]));
});
