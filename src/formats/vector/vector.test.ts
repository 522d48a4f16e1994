import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Label, type LineFormat, LineSamples } from '../line-samples/line-samples.ts';
import { vectorJson } from './json.ts';
import { vectorText } from './text.ts';
import { writeVectorJson, writeVectorText } from './write.ts';

const at = Date.parse('2026-03-01T10:00:00.250Z');

function read(format: LineFormat, record: string, into = new LineSamples()) {
  into.clear();
  into.take(Buffer.from(record));
  const reason = format.read(into);
  return (
    reason ??
    Array.from({ length: into.count }, (_, i) => ({
      labels: Object.fromEntries(into.labels(into.series[i]!)),
      time: into.times[i],
      value: into.values[i],
    }))
  );
}

const up = (more: object = {}) => ({ labels: { __name__: 'up', ...more }, time: at, value: 1 });

// Lines as Vector 0.58 prints them.
const golden: [line: string, labels: Record<string, string>, time: number, value: number][] = [
  [
    '2026-03-01T10:00:00.250Z up{cluster="a b",job="x"} = 1',
    { __name__: 'up', cluster: 'a b', job: 'x' },
    at,
    1,
  ],
  ['2026-03-01T10:00:00Z up{} = 0', { __name__: 'up' }, at - 250, 0],
  [
    '2026-03-01T10:00:00.250Z "job:errors:rate5m"{"my-tag"="v"} = 0.0000001',
    { __name__: 'job:errors:rate5m', 'my-tag': 'v' },
    at,
    1e-7,
  ],
  [
    '2026-03-01T10:00:00.250Z a{p="\\"C:\\\\x\\"",q="1\\n2\\t\\u{301}ä"} = -0',
    { __name__: 'a', p: '"C:\\x"', q: '1\n2\t\u0301ä' },
    at,
    -0,
  ],
  [
    '2026-03-01T10:00:00.250Z a{x="} = 5",y="{,\'"} = 1000000000000000000000',
    { __name__: 'a', x: '} = 5', y: "{,'" },
    at,
    1e21,
  ],
  ['2026-03-01T10:00:00.250Z a{} = NaN', { __name__: 'a' }, at, Number.NaN],
  ['2026-03-01T10:00:00.250Z a{} = -inf', { __name__: 'a' }, at, Number.NEGATIVE_INFINITY],
];

test.each(golden)('text, both ways: %s', (line, labels, time, value) => {
  expect(read(vectorText, line)).toEqual([{ labels, time, value }]);
  expect(writeVectorText(Object.entries(labels), time, value)).toBe(line);
});

test('a series that was seen is read by its bytes', () => {
  const samples = new LineSamples();
  for (const [line, labels, time, value] of [...golden, ...golden, ...golden.toReversed()]) {
    expect(read(vectorText, line, samples)).toEqual([{ labels, time, value }]);
  }
  expect(samples.knownSeries).toBe(6);
});

test('text with namespaces, microseconds, bare tags', () => {
  const stamp = '2026-03-01T10:00:00.250';
  const namespaced = { labels: { __name__: 'team_up' }, time: at, value: 1 };
  expect(read(vectorText, `${stamp}Z team_up{} = 1`)).toEqual([namespaced]);
  expect(read(vectorText, `${stamp}Z "team-a"_"a:up"{} = 1`)).toMatchObject([
    { labels: { __name__: 'team-a_a:up' } },
  ]);
  expect(read(vectorText, `${stamp}999Z up{bare,b="x"} = 1`)).toEqual([up({ bare: '', b: 'x' })]);
  expect(read(vectorText, `${stamp}000999Z up{} = 1`)).toEqual([up()]);
});

test('text of histograms and summaries gives the classic series', () => {
  const head = '2026-03-01T10:00:00.250Z req{job="x"} = ';
  const rows = (text: string) =>
    (read(vectorText, head + text) as ReturnType<typeof up>[]).map(({ labels, value }) => {
      const { __name__: name, job: _, ...rest } = labels as Record<string, string>;
      return [name, Object.values(rest)[0] ?? '', value];
    });
  expect(rows('count=6 sum=1.5 1@0.1 3@1 2@inf')).toEqual([
    ['req_bucket', '0.1', 1],
    ['req_bucket', '1', 4],
    ['req_bucket', '+Inf', 6],
    ['req_count', '', 6],
    ['req_sum', '', 1.5],
  ]);
  expect(rows('count=6 sum=1.5 0.5@2 0.99@7')).toEqual([
    ['req', '0.5', 2],
    ['req', '0.99', 7],
    ['req_count', '', 6],
    ['req_sum', '', 1.5],
  ]);
});

test.each([
  ['', 'not_a_metric'],
  ['hello', 'not_a_metric'],
  ['hello world', 'bad_timestamp'],
  ['2026-13-01T10:00:00Z up{} = 1', 'bad_timestamp'],
  ['2026-03-01T10:00:00Z up{} + 1', 'incremental'],
  ['2026-03-01T10:00:00Z up{a="x} = 1', 'not_a_metric'],
  ['2026-03-01T10:00:00Z up{a=x} = 1', 'not_a_metric'],
  ['2026-03-01T10:00:00Z up{a="\\q"} = 1', 'not_a_metric'],
  ['2026-03-01T10:00:00Z up{} = one', 'bad_value'],
  ["2026-03-01T10:00:00Z up{} = 'a' 'b'", 'kind_unsupported'],
  ['2026-03-01T10:00:00Z up{} = count=x', 'kind_unsupported'],
])('text that is unusable: %s', (line, reason) => {
  expect(read(vectorText, line)).toBe(reason);
});

const goldenJson: [record: string, labels: Record<string, string>, value: number][] = [
  [
    '{"name":"up","tags":{"cluster":"a b","job":"x"},"timestamp":"2026-03-01T10:00:00.250Z",' +
      '"kind":"absolute","gauge":{"value":1.0}}',
    { __name__: 'up', cluster: 'a b', job: 'x' },
    1,
  ],
  [
    '{"name":"a:b","timestamp":"2026-03-01T10:00:00.250Z","kind":"absolute",' +
      '"gauge":{"value":-0.5}}',
    { __name__: 'a:b' },
    -0.5,
  ],
  [
    '{"name":"x","tags":{"q":"\\"timestamp\\":\\"ä\\n"},"timestamp":"2026-03-01T10:00:00.250Z",' +
      '"kind":"absolute","gauge":{"value":1e21}}',
    { __name__: 'x', q: '"timestamp":"ä\n' },
    1e21,
  ],
];

test.each(goldenJson)('json, both ways: %s', (record, labels, value) => {
  expect(read(vectorJson, record)).toEqual([{ labels, time: at, value }]);
  expect(writeVectorJson(Object.entries(labels), at, value)).toBe(record);
});

test('json in other orders and shapes is read as well', () => {
  const samples = new LineSamples();
  const tail = '"timestamp":"2026-03-01T10:00:00.250Z","kind":"absolute"';
  const counter = (value: string) => `${tail},"counter":{"value":${value}}`;
  const shapes = [
    `{"name":"up","namespace":"team","tags":{"a":"1"},${counter('2.5')}}`,
    `{"metric":{"name":"up","namespace":"team","tags":{"a":"1"},${counter('2.5')}}}`,
    `{${counter('2.5')},"tags":{"a":["0","1"]},"namespace":"team","name":"up"}`,
    `{"name":"up","namespace":"team", ${counter('2.5')},"tags":{"a":"1"}}`,
  ];
  for (const shape of shapes) {
    const wanted = [{ labels: { __name__: 'team_up', a: '1' }, time: at, value: 2.5 }];
    expect(read(vectorJson, shape, samples)).toEqual(wanted);
  }
  const histogram =
    `{"name":"h",${tail},"aggregated_histogram":{"buckets":[{"upper_limit":1.0,"count":2}],` +
    '"count":3,"sum":4.0}}';
  expect(read(vectorJson, histogram)).toMatchObject([
    { labels: { __name__: 'h_bucket', le: '1' }, value: 2 },
    { labels: { __name__: 'h_bucket', le: '+Inf' }, value: 3 },
    { labels: { __name__: 'h_count' }, value: 3 },
    { labels: { __name__: 'h_sum' }, value: 4 },
  ]);
});

test.each([
  ['{', 'not_a_metric'],
  ['[]', 'not_a_metric'],
  ['null', 'not_a_metric'],
  ['{"name":"up","timestamp":"x","kind":"absolute","gauge":{"value":1.0}}', 'bad_timestamp'],
  [
    '{"name":"up","timestamp":"2026-03-01T10:00:00Z","kind":"absolute","gauge":{"value":null}}',
    'value_null',
  ],
  [
    '{"name":"up","timestamp":"2026-03-01T10:00:00Z","kind":"incremental","counter":{"value":1}}',
    'incremental',
  ],
  [
    '{"name":"up","timestamp":"2026-03-01T10:00:00Z","kind":"absolute","set":{"values":[]}}',
    'kind_unsupported',
  ],
])('json that is unusable: %s', (record, reason) => {
  expect(read(vectorJson, record)).toBe(reason);
});

const labels = fc
  .dictionary(
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter((name) => name !== '__name__'),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.toWellFormed()),
    { maxKeys: 5 },
  )
  .chain((tags) =>
    fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      .map((name): Label[] => [['__name__', name.toWellFormed()], ...Object.entries(tags)]),
  );
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });

test('text and json, whatever the labels, times and values, come back', () => {
  const samples = new LineSamples();
  fc.assert(
    fc.property(labels, time, fc.double(), (pairs, ms, value) => {
      const wanted = [{ labels: Object.fromEntries(pairs), time: ms, value }];
      expect(read(vectorText, writeVectorText(pairs, ms, value), samples)).toEqual(wanted);
      if (!Number.isFinite(value)) return;
      expect(read(vectorJson, writeVectorJson(pairs, ms, value), samples)).toEqual(wanted);
    }),
  );
});

test('whatever the bytes, reading does not throw', () => {
  const samples = new LineSamples();
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}"\\=, 1Za@u:.') }), (text) => {
      read(vectorText, `2026-03-01T10:00:00Z ${text}`, samples);
      read(vectorJson, text, samples);
    }),
  );
});
