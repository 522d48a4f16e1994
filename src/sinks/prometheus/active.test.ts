import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import { SeriesReader } from '../../formats/remote-write/series-reader.ts';
import { isStale } from '../../formats/remote-write/stale.ts';
import { decodeBody } from '../../formats/snappy/body-encoding.ts';
import { Scratch } from '../../formats/snappy/snappy.ts';
import type { LogRecord } from '../../log/log.ts';
import { ActiveEvents } from './active.ts';

let offset = 0;
const record = (tick: number, value: object | null, from = 'cluster/0/0'): LogRecord => ({
  offset: offset++,
  timestamp: 0,
  headers: { from, number: '0', tick: String(tick) },
  value: value && utf8(JSON.stringify(value)),
});
const interval = (tick: number, subject: string, state: string, more: object = {}) =>
  record(tick, {
    subject,
    data: { state, tenant: 't', cluster: 'c', fact: 'f', object: 'o', severity: 'low', ...more },
  });

/** What is written for the records, as `severity value @tick+ms`. */
function written(active: ActiveEvents, records: readonly LogRecord[]): string[] {
  const reader = new SeriesReader();
  return records.flatMap((each) => {
    active.take(each);
    const samples = active.samples();
    if (!samples) return [];
    const c = reader.read(decodeBody(samples.encoding, samples.value, 1e6, new Scratch()));
    return Array.from({ length: c.length }, (_, i) => {
      const { severity } = Object.fromEntries(reader.labels(c.series[i]!));
      const time = c.times[i]!;
      const value = isStale(c.words, i) ? 'stale' : c.values[i];
      return `${severity} ${value} @${Math.floor(time / 5_000)}+${time % 5_000}`;
    });
  });
}

test('an interval is 1 from its opening to its end, told every six ticks of log time', () => {
  const ticks = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => record(from + i, null));
  const records = [
    ...ticks(100, 103),
    interval(103, 'a', 'open'),
    ...ticks(103, 115),
    interval(115, 'a', 'closed'),
    ...ticks(115, 130),
  ];
  const all = ['low 1 @103+0', 'low 1 @109+0', 'low 1 @115+0', 'low stale @115+1'];
  expect(written(new ActiveEvents(), records)).toEqual(all);
  for (let cut = 0; cut <= records.length; cut++) {
    const before = new ActiveEvents();
    const first = written(before, records.slice(0, cut));
    const after = new ActiveEvents();
    after.load(JSON.parse(JSON.stringify(before.save())));
    expect([...first, ...written(after, records.slice(cut))]).toEqual(all);
  }
});

test('two intervals of the same labels are one series; a new severity is another one', () => {
  const records = [
    interval(1, 'a', 'open'),
    interval(2, 'b', 'open'),
    interval(3, 'a', 'withdrawn'),
    interval(4, 'b', 'open', { severity: 'high' }),
    record(5, null, 'cluster/1/0'),
    interval(6, 'b', 'closed'),
  ];
  expect(written(new ActiveEvents(), records)).toEqual([
    'low 1 @1+0',
    'low stale @4+0',
    'high 1 @4+0',
    'high stale @6+0',
  ]);
});

test('where records are lost, nothing stays for ever', () => {
  const active = new ActiveEvents();
  expect(written(active, [interval(1, 'a', 'open')])).toHaveLength(1);
  active.endAll();
  expect(written(active, [record(9, null)])).toEqual(['low stale @1+1']);
  expect(written(active, [interval(10, 'a', 'open')])).toEqual(['low 1 @10+0']);
});
