import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, text, utf8 } from '../core/bytes.ts';
import type { LogRecord } from '../log/log.ts';
import { Merge, type Upstream } from './merge.ts';

const topics = ['alerts', 'events'];
const writers = ['cluster/0', 'cluster/1', 'cluster/2'];
const upstreams: Upstream[] = topics.flatMap((topic) =>
  writers.map((writer) => ({ topic, writer })),
);

interface Item {
  readonly topic: string;
  readonly record: LogRecord;
}

/** What one writer writes to one topic: `counts[t]` records in tick t, then the mark. */
function stream({ topic, writer }: Upstream, counts: readonly number[], epoch = 0): Item[] {
  const items: Item[] = [];
  let number = 0;
  const push = (tick: number, headers: Record<string, string>, value: Uint8Array | null): void => {
    const numbered = { from: `${writer}/${epoch}`, number: String(number++), tick: String(tick) };
    items.push({
      topic,
      record: { offset: 0, timestamp: 0, headers: { ...numbered, ...headers }, value },
    });
  };
  counts.forEach((count, tick) => {
    for (let i = 0; i < count; i++) push(tick, {}, utf8(`${tick} ${writer} ${topic} ${i}`));
    push(tick, { kind: 'tick' }, null);
  });
  return items;
}

const loads = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }), {
  minLength: upstreams.length,
  maxLength: upstreams.length,
});

/** Interleaves streams as `choices` say, each in its own order, with repeats of what was before. */
function interleave(streams: readonly Item[][], choices: readonly number[]): Item[] {
  const at = streams.map(() => 0);
  const result: Item[] = [];
  for (let k = 0; ; k++) {
    const open = streams.flatMap((s, i) => (at[i]! < s.length ? [i] : []));
    if (open.length === 0) return result;
    const choice = choices[k % choices.length]!;
    const i = open[choice % open.length]!;
    result.push(streams[i]![at[i]!++]!);
    if (choice % 7 === 0) result.push(streams[i]![Math.floor(at[i]! / 2)] ?? result.at(-1)!);
  }
}

test('any interleaving of the upstreams, with repeats and restores, gives one order', () => {
  fc.assert(
    fc.property(
      loads,
      fc.array(fc.nat(), { minLength: 5 }),
      fc.nat(9),
      (counts, choices, every) => {
        const streams = upstreams.map((upstream, i) => stream(upstream, counts[i]!));
        let merge = new Merge(upstreams);
        const merged: string[] = [];
        interleave(streams, choices).forEach(({ topic, record }, k) => {
          merged.push(...merge.take(topic, record).map(({ value }) => text(value!)));
          if (k % (every + 1) === 0) merge = restored(merge);
        });
        const expected = streams
          .flat()
          .filter(({ record }) => record.value !== null)
          .map(({ record }) => text(record.value!));
        expect(merged).toEqual(expected.sort((a, b) => (a < b ? -1 : 1)));
        expect(merge.waiting).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});

function restored(merge: Merge): Merge {
  const out = new ByteWriter();
  merge.save(out);
  const again = new Merge(upstreams);
  again.load(new ByteReader(out.take()));
  return again;
}

test('a dead upstream holds the others until a release, and is heard when it comes back', () => {
  const merge = new Merge(upstreams.slice(0, 2));
  const [alive, dead] = [stream(upstreams[0]!, [1, 1, 1]), stream(upstreams[1]!, [1, 1, 1])];
  const take = (items: readonly Item[]) =>
    items.flatMap(({ topic, record }) =>
      merge.take(topic, record).map(({ value }) => text(value!)),
    );
  expect(take(alive.slice(0, 4))).toEqual([]);
  expect(merge.release('cluster/1').map(({ value }) => text(value!))).toEqual([
    '0 cluster/0 alerts 0',
    '1 cluster/0 alerts 0',
  ]);
  expect(take(dead)).toHaveLength(2);
  expect(take(alive.slice(4))).toEqual(['2 cluster/0 alerts 0', '2 cluster/1 alerts 0']);
});

test('too many that wait is an error that names the upstream and the remedy', () => {
  const merge = new Merge(upstreams.slice(0, 2), 3);
  const items = stream(upstreams[0]!, [3, 3]);
  expect(() => {
    for (const { topic, record } of items) merge.take(topic, record);
  }).toThrow(/alerts cluster\/1.*release/);
});
