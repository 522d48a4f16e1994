import { expect, test } from 'vitest';
import type { ProcessorDefinition } from '../../engine/processor.ts';
import type { SeriesInput } from '../../formats/remote-write/encode.ts';
import { type DriverOptions, StageDriver } from '../../testing/stage-driver.ts';
import { writtenScores } from '../../testing/written-scores.test-kit.ts';
import { anomalies } from './definition.ts';
import { scoreLabels } from './scores.ts';

const step = 60_000;
const one = { select: '{__name__="depth"}', model: 'ewma-band' };

const driver = (options: DriverOptions = {}): StageDriver =>
  new StageDriver([anomalies as ProcessorDefinition], options);

let version = 0;
const ask = (d: StageDriver, scores: string[], routes: object[] = [one]): void => {
  const content = { anomalies: { routes, scores } };
  d.record('settings', { version: ++version, sha256: '', content });
};

const depth = (time: number, value: number | 'stale', more: [string, string][] = []) => ({
  labels: [['__name__', 'depth'], ...more] as [string, string][],
  samples: [{ time, value }],
});

function feed(d: StageDriver, times: number, cluster = 'c1', more: [string, string][] = []): void {
  for (let i = 0; i < times; i++, d.now += step) {
    d.samples(cluster, [depth(d.now, 10 + (i % 7), more)]);
  }
}

/** What topic `scores` holds, as text: `name{labels} value @time`. */
function written(d: StageDriver): string[] {
  for (const { topic, headers } of d.outputs) {
    if (topic !== 'scores') continue;
    expect(headers).toMatchObject({ kind: 'samples', tenant: 'default', encoding: 'snappy' });
  }
  return writtenScores(d).map(({ labels, value, time }) => {
    const all = Object.entries(labels).map(([name, text]) => `${name}=${text}`);
    return `${all.join(',')} ${value} @${time}`;
  });
}

const namesOf = (lines: readonly string[]) =>
  new Set(lines.map((line) => /__name__=(\w+)/.exec(line)?.[1]));

test('nothing is written unless it is asked for; then by the series that match', () => {
  const d = driver();
  ask(d, []);
  feed(d, 10);
  expect(written(d)).toEqual([]);
  ask(d, ['{a="1"}']);
  feed(d, 10);
  expect(written(d)).toEqual([]);
  feed(d, 10, 'c1', [['a', '1']]);
  const lines = written(d);
  expect(lines.at(-1)).toMatch(
    /^__name__=\w+,a=1,cluster=c1,metric=depth,tenant=default [\d.]+ @\d+$/,
  );
  expect(namesOf(lines)).toContain('seastate_anomaly_score');
});

test('stale markers end what ends, or is asked for no more, and only what was written', () => {
  const d = driver();
  ask(d, ['{}']);
  feed(d, 10);
  const before = written(d).length;
  const names = namesOf(written(d)).size;
  const last = d.now - step;
  ask(d, []);
  feed(d, 2);
  const ends = written(d).slice(before);
  expect(ends).toHaveLength(names);
  for (const line of ends) expect(line).toMatch(new RegExp(` stale @${last + 1}$`));
  ask(d, ['{}']);
  feed(d, 3);
  d.samples('c1', [depth(d.now, 'stale')]);
  const markers = written(d).filter((line) => line.includes(` stale @${d.now}`));
  expect(markers).toHaveLength(names);
  d.advance(600_000);
  expect(written(d).at(-1)).toBe(markers.at(-1));
});

test("a series ends behind its last sample when its sender's clock has passed it", () => {
  const d = driver();
  ask(d, ['{}']);
  feed(d, 10);
  const last = d.now - step;
  for (let i = 0; i < 10; i++, d.now += step) {
    d.samples('c1', [{ labels: [['__name__', 'up']], samples: [{ time: d.now, value: 1 }] }]);
  }
  d.advance(10_000);
  expect(written(d).at(-1)).toMatch(new RegExp(` stale @${last + 1}$`));
});

test('the bytes are the same when the state is restored after each record', () => {
  const run = (restoreAfterEach: boolean) => {
    const d = driver({ restoreAfterEach });
    version = 0;
    ask(d, ['{}'], [{ select: '{}', model: 'ewma-band' }]);
    for (let i = 0; i < 60; i++, d.now += step) {
      const series: SeriesInput[] = [depth(d.now, Math.sin(i) * 9, [['pod', `p${i % 9}`]])];
      d.samples(i % 2 ? 'c1' : 'c2', [...series, depth(d.now, i % 50 === 49 ? 'stale' : i)]);
    }
    ask(d, ['{pod="p1"}'], [{ select: '{}', model: 'ewma-band' }]);
    d.advance(400_000);
    return d.outputs.filter(({ topic }) => topic === 'scores');
  };
  const kept = run(false);
  expect(kept.length).toBeGreaterThan(50);
  expect(run(true)).toEqual(kept);
});

test('labels say whose series it is; what is in the way is moved', () => {
  const owner = { tenant: 't', cluster: 'id' };
  const own = [
    ['__name__', 'm'],
    ['cluster', 'east'],
    ['exported_metric', 'x'],
    ['metric', 'y'],
  ] as const;
  expect(scoreLabels('s', own, owner)).toEqual([
    ['__name__', 's'],
    ['cluster', 'east'],
    ['exported_exported_metric', 'x'],
    ['exported_metric', 'y'],
    ['metric', 'm'],
    ['tenant', 't'],
  ]);
});
