import { expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import type { SeriesInput } from '../../formats/remote-write/encode.ts';
import { randomOf } from '../../models/series.test-kit.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { anomalies } from './definition.ts';
import { anomalyData } from './schema.ts';

const driver = () => new StageDriver([anomalies as ProcessorDefinition]);
const at = (name: string, time: number, i: number): SeriesInput => ({
  labels: [['__name__', name]],
  samples: [{ time, value: 100 + ((i * 7) % 11) }],
});
const told = (d: StageDriver) => d.of('anomalies').map(({ data }) => anomalyData.parse(data));
const second = 1000;
const minute = 60 * second;

/** A series that comes `times` times, `interval` ms apart, beside others every `clock` ms. */
function feed(d: StageDriver, interval: number, clock: number, times: number): number {
  let last = 0;
  for (let i = 0, next = d.now; i < times; d.now += clock) {
    const series = [at('up', d.now, 0)];
    if (d.now >= next) {
      series.push(at('queue_length', d.now, i));
      last = d.now;
      i++;
      next = last + interval;
    }
    d.samples('c1', series);
  }
  return last;
}

function others(d: StageDriver, forMs: number, clock: number): void {
  for (const until = d.now + forMs; d.now < until; d.now += clock)
    d.samples('c1', [at('up', d.now, 0)]);
}

test.each([
  [10 * second, 10 * second],
  [15 * second, 5 * second],
  [minute, 15 * second],
  [minute, minute],
  [5 * minute, 15 * second],
  [5 * minute, 5 * minute],
  [60 * minute, minute],
  [60 * minute, 60 * minute],
])(
  'every %d ms beside a clock of %d ms: found within three intervals, back without an alarm',
  (interval, clock) => {
    const d = driver();
    const last = feed(d, interval, clock, 40);
    others(d, 3.5 * interval, clock);
    const found = told(d);
    expect(found.map(({ kind, state }) => [kind, state])).toEqual([['stopped', 'open']]);
    const after = (time: string) => (Date.parse(time) - last) / interval;
    expect(after(found[0]!.start)).toBeLessThanOrEqual(3);
    expect(after(found[0]!.start)).toBeGreaterThan(2.4);
    expect(after(found[0]!.onset)).toBeCloseTo(1, 1);
    feed(d, interval, clock, 40);
    expect(told(d).map(({ kind, state }) => [kind, state])).toEqual([
      ['stopped', 'open'],
      ['stopped', 'closed'],
    ]);
  },
);

test('it is told right after other alarms of its route', () => {
  const d = driver();
  const all = ['a', 'b', 'c', 'queue_length'];
  const round = (names: readonly string[], i: number, factor = 1): void => {
    const one = (name: string): SeriesInput => ({
      labels: [['__name__', name]],
      samples: [{ time: d.now, value: (100 + ((i * 7) % 11)) * (name === 'a' ? factor : 1) }],
    });
    d.samples('c1', [...names.map(one), at('up', d.now, 0)]);
    d.now += minute;
  };
  for (let i = 0; i < 400; i++) round(all, i);
  for (let i = 0; i < 5; i++) round(['a', 'b', 'c'], i, 50);
  expect(told(d).map(({ kind }) => kind)).toContain('improbable');
  expect(told(d).filter(({ kind }) => kind === 'stopped')).toHaveLength(1);
});

test('a sender that comes back, or is behind, has stopped nothing while its requests come in turns', () => {
  for (const pauseMs of [10 * minute, 40 * minute]) {
    const d = driver();
    const names = ['a', 'b', 'c'];
    for (let i = 0; i < 60; i++) {
      d.samples(
        'c1',
        [...names, 'up'].map((name) => at(name, d.now, i)),
      );
      d.now += 15 * second;
    }
    // Nothing for a while, then a scrape whose requests come seconds apart.
    d.now += pauseMs;
    const time = d.now;
    for (const [i, name] of ['up', ...names].entries()) {
      d.samples('c1', [at(name, time, i)]);
      d.now += 6 * second;
    }
    // The backlog of another pause: one shard is two minutes ahead of the others.
    const from = d.now;
    d.now += pauseMs;
    for (let i = 0; i < 40; i++) {
      const sent = from + i * 15 * second;
      d.samples('c1', [at('up', sent + 2 * minute, i)]);
      d.now += 3 * second;
      d.samples(
        'c1',
        names.map((name) => at(name, sent, i)),
      );
      d.now += 3 * second;
    }
    expect(told(d)).toEqual([]);
  }
});

test('a flatline is told, though its last sample is as usual as any', () => {
  const d = driver();
  // Without a beat: where a cycle is known, a value that stays where it is is strange at once.
  const random = randomOf(5);
  for (let i = 0; i < 1300; i++) {
    const samples = [{ time: d.now, value: i > 1000 ? 105 : 100 + Math.floor(11 * random()) }];
    d.samples('c1', [{ labels: [['__name__', 'queue_length']], samples }]);
    d.now += minute;
  }
  const found = told(d).find(({ kind }) => kind === 'flatline');
  expect(found).toBeDefined();
  expect(Date.parse(found!.onset)).toBeLessThan(Date.parse(found!.start) - 10 * minute);
});
