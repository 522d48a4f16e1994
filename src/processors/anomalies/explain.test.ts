import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseSelector } from '../../core/matchers.ts';
import type { SeriesExplanation } from '../../engine/explain.ts';
import { HeldState } from '../../engine/held-state.ts';
import { defineModel } from '../../engine/model.ts';
import { startOf } from '../../engine/position.ts';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import type { LogRecord } from '../../log/log.ts';
import { StageDriver } from '../../testing/stage-driver.ts';
import { anomalies, anomaliesWith } from './definition.ts';
import type { AnomaliesOfSeries } from './explain.ts';

const step = 60_000;
const shipped = [anomalies as ProcessorDefinition];
const setup = { stage: 'cluster', partition: 0, partitions: 1, targets: {} };

/** Deterministic noise in [-1, 1). */
function noise(i: number): number {
  const x = Math.imul(i + 1, 0x9e3779b1) ^ (i << 7);
  return (Math.imul(x ^ (x >>> 15), 0x85ebca6b) >>> 0) / 2 ** 31 - 1;
}

/**
 * Two hundred minutes of a few series: one bursts, one less so, one never moves, one nobody
 * selects.
 */
function scene(settings: object, processors = shipped): StageDriver {
  const driver = new StageDriver(processors);
  driver.record('settings', { version: 1, sha256: '', content: settings });
  for (let i = 0; i < 200; i++) {
    const values: Record<string, number> = {
      bursts: i === 150 || i > 198 ? 900 : 100 + 5 * noise(i),
      weaker: i === 150 ? 215 : 100 + 5 * noise(i + 7),
      young: 7 + noise(i),
      never_moves: 3,
      unselected: i,
    };
    if (i < 190) delete values['young'];
    driver.samples(
      'c1',
      Object.entries(values).map(([name, value]) => ({
        labels: [['__name__', name]],
        samples: [{ time: driver.now, value }],
      })),
    );
    driver.now += step;
  }
  return driver;
}

/** What is said of each series when the records of the last `watched` minutes are watched. */
function explained(records: readonly LogRecord[], watched: number, processors = shipped) {
  const held = new HeldState({ name: 'cluster', processors }, setup, startOf(0, 0), []);
  for (const [i, record] of records.entries()) {
    if (i === records.length - watched) held.state.watch(['{}']);
    held.take(record, []);
    for (const _ of held.state.explain(parseSelector('{}')));
  }
  const all: SeriesExplanation[] = [...held.state.explain(parseSelector('{cluster="c1"}'))];
  const said = all.map(({ labels, processors: by }) => [labels['__name__'], by['anomalies']]);
  return { held, by: Object.fromEntries(said) as Record<string, AnomaliesOfSeries | undefined> };
}

const route = { select: '{__name__!="unselected"}', model: 'baseline-ratio', per_cluster_day: 1 };

test('each series says which route took it and what became of its samples', () => {
  const still = { select: '{__name__="never_moves"}', model: 'robust-z' };
  const { records } = scene({ anomalies: { routes: [still, route] } });
  const { by } = explained(records, 60);
  expect(by['unselected']).toMatchObject({ route: null, state: null, seen: null });
  expect(by['never_moves']).toMatchObject({
    route: { model: 'robust-z' },
    state: { moved: false, samples: 200, value: 3, model: {} },
    seen: { samples: 60, fates: { quiet: 60 } },
  });
  const bursts = by['bursts']!;
  expect(bursts.seen!.fates).toMatchObject({ told: 1, resting: 1 });
  expect(bursts.seen!.strongest).toMatchObject({ value: 900, kind: 'improbable' });
  expect(bursts.seen!.last).toMatchObject({ fate: 'resting', value: 900 });
  expect(bursts.seen!.last.strength).toBeGreaterThan(1);
  expect(bursts.state).toMatchObject({ moved: true, resting_samples: expect.any(Number) });
  expect(bursts.state!.model['mean']).toBeGreaterThan(90);
  expect(by['weaker']!.seen!.fates.withheld).toBe(1);
  expect(by['weaker']).toMatchObject({ open: null, seen: { alarm: { fate: 'withheld' } } });
  expect(by['weaker']).toMatchObject({ route_cut: 1, route_spent: true });
  expect(bursts.state!.needed_rarity).toBeNull();
});

test('what is young says so, and the default detector tells what it expects', () => {
  const young = { select: '{__name__="young"}', model: 'robust-z' };
  const { records } = scene({ anomalies: { routes: [young, { ...route, model: 'default' }] } });
  const { by } = explained(records, 60);
  expect(by['young']!.seen!.fates['warming-up']).toBeGreaterThan(5);
  expect(by['young']!.state!.tail_samples).toBeGreaterThan(5);
  const { expected, lower, upper, season_now } = by['bursts']!.state!.model;
  expect(lower!).toBeLessThan(expected!);
  expect(upper!).toBeGreaterThan(expected!);
  expect(season_now).toBeNull();
});

test('the newest sample on which a model failed is kept with what it threw', () => {
  const model = defineModel({
    name: 'fragile',
    version: 1,
    summary: 'Throws at 215.',
    parameters: z.strictObject({}),
    state: { last: 'f64' },
    score({ value }, _state, _at, _parameters, result) {
      if (value === 215) throw new Error('boom');
      result.score = value;
    },
  });
  const processors = [anomaliesWith([model as never]) as ProcessorDefinition];
  const { records } = scene(
    { anomalies: { routes: [{ ...route, model: 'fragile' }] } },
    processors,
  );
  const { by } = explained(records, 60, processors);
  const { seen } = by['weaker']!;
  expect(seen!.fates.failed).toBe(1);
  expect(seen!.first).toBe(seen!.last.time - 59 * step);
  expect(seen!.failed).toMatchObject({ fate: 'failed', value: 215, error: 'boom' });
  expect(seen!.last.fate).not.toBe('failed');
  expect(by['bursts']!.seen!.failed).toBeNull();
});

test('a processor that is switched off says nothing', () => {
  const { records } = scene({ disabled: ['anomalies'] });
  expect(explained(records, 60).by['bursts']).toBeUndefined();
});

test('watched and asked at every record, state and outputs stay what they are', () => {
  const driver = scene({ anomalies: { routes: [route] } });
  const { held } = explained(driver.records, 100);
  expect(Buffer.from(held.position.digest)).toEqual(Buffer.from(driver.position.digest));
  const quiet = new HeldState({ name: 'cluster', processors: shipped }, setup, startOf(0, 0), []);
  for (const record of driver.records) quiet.take(record, []);
  expect(Buffer.concat(held.save(''))).toEqual(Buffer.concat(quiet.save('')));
});
