import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogRecord } from '../../log/log.ts';
import { PartitionMerge, type Placed } from './merge.ts';

const record = (offset: number, timestamp: number): LogRecord => ({
  offset,
  timestamp,
  headers: {},
  value: null,
});
const at = (...times: number[]): LogRecord[] => times.map((time, i) => record(i, time));

function drained(merge: PartitionMerge, nowMs: number, most = 100): string[] {
  const out: Placed[] = [];
  merge.drain(nowMs, most, out);
  return out.map((one) => `${one.partition}:${one.record.timestamp}`);
}

test('records go by time while every partition has some', () => {
  const merge = new PartitionMerge(2, 1_000);
  merge.put(0, at(1, 4, 5), 0);
  expect(drained(merge, 10)).toEqual([]);
  merge.put(1, at(2, 3, 9), 10);
  expect(drained(merge, 20)).toEqual(['0:1', '1:2', '1:3', '0:4', '0:5']);
  expect([merge.wants(0), merge.wants(1)]).toEqual([true, false]);
});

test('a silent partition holds the others up for the hold and no longer', () => {
  const merge = new PartitionMerge(2, 1_000);
  merge.put(0, at(1, 2), 500);
  expect(drained(merge, 1_499)).toEqual([]);
  expect(drained(merge, 1_500)).toEqual(['0:1', '0:2']);
});

test('whatever the deliveries: nothing is lost, partitions keep their order', () => {
  const lane = fc.array(fc.nat(50), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(
      fc.array(lane, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      (lanes, most) => {
        const merge = new PartitionMerge(lanes.length, 10);
        for (const [i, times] of lanes.entries()) merge.put(i, at(...times), 0);
        const out: Placed[] = [];
        for (let round = 0; round < 100; round++) merge.drain(100, most, out);
        lanes.forEach((times, i) => {
          const own = out.filter((one) => one.partition === i).map((one) => one.record.timestamp);
          expect(own).toEqual(times);
        });
        const sorted = lanes.every((times) =>
          times.every((time, i) => i === 0 || times[i - 1]! <= time),
        );
        const merged = out.map((one) => one.record.timestamp);
        if (sorted) expect(merged).toEqual(merged.toSorted((a, b) => a - b));
      },
    ),
  );
});
