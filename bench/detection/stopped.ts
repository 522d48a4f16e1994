import type { ProcessorDefinition } from '../../src/engine/processor.ts';
import { randomOf } from '../../src/models/series.test-kit.ts';
import { anomalies } from '../../src/processors/anomalies/definition.ts';
import { anomalyData } from '../../src/processors/anomalies/schema.ts';
import { StageDriver } from '../../src/testing/stage-driver.ts';

/** What the processor told of series that stop and come back ten intervals later. */
export interface Stopped {
  /** Expected intervals from the first sample that is missing to the anomaly, in order. */
  readonly delays: readonly number[];
  /** Series that were said to have stopped while they had not. */
  readonly tooEarly: number;
  /** Alarms from the first sample after the return on. */
  readonly onReturn: number;
}

const startMs = 1_700_000_000_000;
/** Samples before the stop, and after the return; intervals without any. */
const [known, back, pause] = [60, 40, 10];
/** One of a cluster each: a route tells only so many alarms of one. */
export const seriesCount = 20;
const scrapeMs = 15_000;

/**
 * Series `interval` ms apart, each sample up to `jitter` of an interval late, each beside another
 * one of its sender that never stops. The values are uniform: nothing else in them is strange.
 */
export function stopped(interval: number, jitter: number, seed: number): Stopped {
  const random = randomOf(seed);
  const driver = new StageDriver([anomalies as ProcessorDefinition], { startMs });
  const phases = Array.from({ length: seriesCount }, () => random() * interval);
  const end = startMs + (known + pause + back + 1) * interval;
  const samples = phases.flatMap((phase, s) =>
    Array.from({ length: known + pause + back }, (_, k) => ({
      cluster: `c${s}`,
      name: 'queue_length',
      time: Math.round(startMs + phase + (k + jitter * random()) * interval),
    })).filter((_, k) => k < known || k >= known + pause),
  );
  const clock = Math.min(interval, Math.max(scrapeMs, interval / 20));
  for (let time = startMs; time < end; time += clock)
    for (let s = 0; s < seriesCount; s++) samples.push({ cluster: `c${s}`, name: 'up', time });
  for (const { cluster, name, time } of samples.sort((a, b) => a.time - b.time)) {
    driver.now = time;
    const value = name === 'up' ? 1 : 100 + 10 * random();
    driver.samples(cluster, [{ labels: [['__name__', name]], samples: [{ time, value }] }]);
  }
  const opened = driver
    .of('anomalies')
    .map(({ data }) => anomalyData.parse(data))
    .filter(({ state }) => state === 'open')
    .map(({ cluster, kind, start }) => {
      const missing = startMs + phases[Number(cluster.slice(1))]! + known * interval;
      return { kind, delay: (Date.parse(start) - missing) / interval };
    });
  const found = opened.filter(({ delay }) => delay >= 0 && delay < pause);
  return {
    delays: found
      .filter(({ kind }) => kind === 'stopped')
      .map(({ delay }) => delay)
      .sort((a, b) => a - b),
    tooEarly: opened.filter(({ kind, delay }) => kind === 'stopped' && delay < 0).length,
    onReturn: opened.filter(({ delay }) => delay >= pause).length,
  };
}
