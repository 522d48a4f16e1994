import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Label, LineSamples } from '../line-samples/line-samples.ts';
import { prometheusKafkaAdapterJson as format } from './json.ts';
import { writeAdapterJson } from './write.ts';

const at = Date.parse('2026-03-01T10:00:00Z');

function read(record: string, into = new LineSamples()) {
  into.clear();
  into.take(Buffer.from(record));
  const reason = format.read(into);
  return (
    reason ?? {
      labels: Object.fromEntries(into.labels(into.series[0]!)),
      time: into.times[0],
      value: into.values[0],
    }
  );
}

const golden: [record: string, labels: Record<string, string>, value: number][] = [
  [
    '{"labels":{"__name__":"up","job":"x"},"name":"up","timestamp":"2026-03-01T10:00:00Z",' +
      '"value":"456"}',
    { __name__: 'up', job: 'x' },
    456,
  ],
  [
    '{"labels":{"__name__":"a","q":"\\u003cb\\u003e \\u0026 \\"c\\""},"name":"a",' +
      '"timestamp":"2026-03-01T10:00:00Z","value":"+Inf"}',
    { __name__: 'a', q: '<b> & "c"' },
    Number.POSITIVE_INFINITY,
  ],
  [
    '{"labels":{"__name__":"a"},"name":"a","timestamp":"2026-03-01T10:00:00Z","value":"NaN"}',
    { __name__: 'a' },
    Number.NaN,
  ],
];

test.each(golden)('golden records, both ways: %s', (record, labels, value) => {
  expect(read(record)).toEqual({ labels, time: at, value });
  expect(writeAdapterJson(Object.entries(labels), at + 999, value)).toBe(record);
});

test('the textual avro form, and any order, with or without blanks', () => {
  const samples = new LineSamples();
  const wanted = { labels: { __name__: 'up', job: 'x' }, time: at, value: -1.5 };
  const head = '{"timestamp":"2026-03-01T10:00:00Z","value":"-1.5","name":"up","labels":{';
  expect(read(`${head}"__name__":"up","job":"x"}}`, samples)).toEqual(wanted);
  expect(read(`${head} "job" : "x" } }`, samples)).toEqual(wanted);
  expect(samples.knownSeries).toBe(1);
});

test.each([
  ['', 'not_a_metric'],
  ['{"labels":{"a":1},"name":"up"}', 'not_a_metric'],
  ['{"labels":{},"timestamp":"2026-03-01T10:00:00Z","value":"1"}', 'not_a_metric'],
  ['{"labels":{},"name":"up","timestamp":"now","value":"1"}', 'bad_timestamp'],
  ['{"labels":{},"name":"up","timestamp":"2026-03-01T10:00:00Z","value":"x"}', 'bad_value'],
])('unusable: %s', (record, reason) => {
  expect(read(record)).toBe(reason);
});

test('whatever the labels and values, they come back', () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 }).map((one) => one.toWellFormed());
  const samples = new LineSamples();
  fc.assert(
    fc.property(fc.dictionary(text, text), text, fc.double(), (tags, name, value) => {
      const labels: Label[] = Object.entries({ ...tags, __name__: name });
      const record = writeAdapterJson(labels, at, value);
      expect(read(record, samples)).toEqual({
        labels: Object.fromEntries(labels),
        time: at,
        value,
      });
    }),
  );
});
