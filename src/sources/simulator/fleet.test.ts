import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Collector } from './collect.test-kit.ts';
import { createFleet, type StepOptions } from './fleet.ts';
import type { FleetOptions } from './options.ts';
import { RequestMaker } from './sender/requests.ts';
import { storm, stormEndMs } from './storm.test-kit.ts';
import type { TruthItem } from './truth.ts';

const { startMs } = storm;
const base: FleetOptions = { ...storm, intervalMs: 15_000, script: 'none' };

/** Digest of all bodies of a fleet that moves in steps of `stepMs`. */
function digest(options: FleetOptions, stepMs: number, step: StepOptions = {}): string {
  const fleet = createFleet(options);
  const makers = fleet.clusters.map((cluster) => new RequestMaker(cluster, fleet.settings));
  const hashes = fleet.clusters.map(() => createHash('sha256'));
  for (let untilMs = startMs + stepMs; untilMs <= startMs + 600_000; untilMs += stepMs) {
    fleet.clusters.forEach((cluster, index) => {
      for (const batch of cluster.step(untilMs, step)) {
        for (const { body } of makers[index]!.requests(batch)) hashes[index]!.update(body);
      }
    });
  }
  return hashes.map((hash) => hash.digest('hex')).join(' ');
}

test('the same seed gives the same bytes, however the time is cut', () => {
  const whole = digest(storm, 600_000);
  expect(digest(storm, 600_000)).toBe(whole);
  expect(digest(storm, 60_000)).toBe(whole);
  expect(digest({ ...storm, seed: 12 }, 600_000)).not.toBe(whole);
});

test('samples are the same whether the past or the present is sent', () => {
  const live = new Collector(createFleet(storm)).run(stormEndMs);
  const past = new Collector(createFleet(storm)).run(stormEndMs, {
    isCatchingUp: true,
    flush: true,
  });
  expect(past.series.size).toBe(live.series.size);
  for (const [key, { times, values }] of live.series) {
    expect(past.series.get(key)).toMatchObject({ times, values });
  }
});

test.each([500, 1_000, 2_000, 10_000])('about %i series per cluster', (wanted) => {
  const fleet = createFleet({ ...base, seriesPerCluster: wanted });
  for (const { table } of fleet.clusters) {
    expect(table.live).toBeGreaterThan(wanted * 0.95);
    expect(table.live).toBeLessThan(wanted * 1.25);
  }
});

test('each replica scrapes each target once per interval, at a moment of its own', () => {
  const fleet = createFleet({ ...base, replicas: 2, rolloutsPerHour: 0 });
  const collector = new Collector(fleet).run(startMs + 300_000);
  const ups = collector.find('up', { cluster: fleet.clusters[0]!.model.name });
  const moments = new Map<string, number[]>();
  for (const { labels, times } of ups) {
    times.slice(1).forEach((time, index) => {
      expect(time - times[index]!).toBe(15_000);
    });
    const key = `${labels['job']} ${labels['instance']} ${labels['metrics_path']}`;
    moments.set(key, [...(moments.get(key) ?? []), times[0]! % 15_000]);
  }
  const pairs = [...moments.values()];
  expect(pairs.every((pair) => pair.length === 2)).toBe(true);
  const apart = pairs.filter(([a, b]) => a !== b).length;
  expect(apart / pairs.length).toBeGreaterThan(0.9);
  expect(new Set(pairs.flat()).size).toBeGreaterThan(pairs.length);
});

test('a shard has its own series, and all of them together are the fleet', () => {
  const options = { ...base, replicas: 2, rolloutsPerHour: 0 } as const;
  const fleet = createFleet({ ...options, shards: 3 });
  const shardOf = new Map<string, number>();
  let samples = 0;
  for (const [cluster, batch] of fleet.step(startMs + 120_000, { flush: true })) {
    samples += batch.count;
    for (let i = 0; i < batch.count; i++) {
      const key = `${cluster.model.name} ${batch.slots[i]}`;
      expect(shardOf.get(key) ?? batch.shard).toBe(batch.shard);
      shardOf.set(key, batch.shard);
    }
  }
  const single = createFleet(options);
  let expected = 0;
  for (const [, batch] of single.step(startMs + 120_000, { flush: true })) expected += batch.count;
  expect(samples).toBe(expected);
  expect(new Set(shardOf.values()).size).toBe(3);
});

test('slots of what went away are used again', () => {
  const fleet = createFleet({ ...base, rolloutsPerHour: 60, clusters: 1 });
  const [cluster] = fleet.clusters;
  const before = cluster!.table.live;
  for (const _ of fleet.step(startMs + 3_600_000)) {
    // Only the fleet's own state matters here.
  }
  const { table } = cluster!;
  expect(table.births).toBeGreaterThan(before * 2);
  expect(table.live).toBeLessThan(before * 1.2);
  expect(table.values.length).toBeLessThan(before * 2.5);
  expect(table.symbols.bound).toBeLessThan(4_000);
});

test('a day of the demo leaves nothing behind', () => {
  const fleet = createFleet({
    ...base,
    script: 'demo',
    clusters: 3,
    seriesPerCluster: 1_000,
    intervalMs: 600_000,
    evaluationMs: 120_000,
  });
  const before = fleet.clusters.map(({ model }) => model.nodes.size);
  const endMs = startMs + 24 * 3_600_000;
  for (const _ of fleet.step(endMs)) {
    // Only the state at the end matters here.
  }
  const facts = fleet.truth().filter(({ fact }) => fact !== 'alert');
  expect(facts.length).toBeGreaterThan(200);
  const stuck = facts.filter(({ start, end }) => end === null && endMs - start > 4 * 3_600_000);
  expect(stuck).toEqual([]);
  fleet.clusters.forEach(({ model, table }, index) => {
    expect(model.nodes.size).toBeGreaterThanOrEqual(before[index]! - 1);
    expect(table.live).toBeLessThan(2_500);
    expect(table.symbols.bound).toBeLessThan(2_000);
  });
});

test.each([1, 2, 3])('the demo has something to show in its first minute, seed %i', (seed) => {
  const liveMs = startMs + 20 * 60_000 + seed * 7_654_321;
  const fleet = createFleet({ ...base, script: 'demo', seed, liveMs, startMs: liveMs - 1_200_000 });
  for (const _ of fleet.step(liveMs + 60_000)) {
    // Only the truth matters here.
  }
  const alerts = fleet.truth().filter(({ fact }) => fact === 'alert');
  const isOpen = ({ start, end }: TruthItem): boolean =>
    start <= liveMs && (end === null || end > liveMs);
  expect(alerts.filter(isOpen).length).toBeGreaterThan(3);
  expect(alerts.filter(({ start }) => start > liveMs).map(({ object }) => object)).toContain(
    'ServiceLatencyHigh',
  );
});

test.each([
  [{ clusters: 0 }, /clusters is 0/],
  [{ seriesPerCluster: 10 }, /seriesPerCluster is 10/],
  [{ replicas: 3 }, /replicas is 3/],
  [{ startMs: 5 }, /startMs is 5/],
  [{ script: [{ fault: 'flood', afterMs: 0, cluster: 0 }] }, /no fault "flood".*crash_loop/],
])('options out of range are refused: %j', (options, message) => {
  expect(() => createFleet({ ...base, ...options })).toThrow(message);
});
