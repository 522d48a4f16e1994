import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOnce } from '../../src/cli/run-once.ts';
import { runtimeOf } from '../../src/engine/runtime/embedded/runtime.test-kit.ts';
import { snapshotStore } from '../../src/engine/runtime/embedded/runtime.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { Log } from '../../src/log/log.ts';
import { defaultTopics, outputTopics } from '../../src/log/topics.ts';
import { fleetRecords } from '../parts/fleet-records.ts';
import { outputText, readAll } from '../parts/numbered.ts';
import { until } from '../parts/seastate.ts';

/** Records of the fleet are of a log with so many partitions; only the first has any here. */
const partitions = 4;
const hour = 3_600_000;
const day = 24 * hour;
const startMs = Date.UTC(2026, 10, 1, 0, 10);
/** Every six hours for nine days, then every hour, then minutes apart. */
const times = [
  ...Array.from({ length: 36 }, (_, i) => startMs + i * 6 * hour),
  ...[1, 2, 3, 4, 5].map((i) => startMs + 8 * day + (18 + i) * hour),
  ...[10, 20, 30].map((i) => startMs + 8 * day + 23 * hour + i * 60_000),
];
const endMs = times.at(-1)!;

let folder: string;
let data: string;
let wanted: ReadonlyMap<string, readonly string[]>;

async function inLog<T>(at: string, use: (log: Log) => Promise<T>): Promise<T> {
  const dir = join(at, 'log');
  const log = await openJournals({ dir, topics: [], now: () => 0, readOnly: true });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

/** Outputs of the partition by topic, as text. */
const outputsOf = (at: string) =>
  inLog(at, async (log) => {
    const all = outputTopics.map(async (topic) => {
      const records = await readAll(log, topic, 0);
      return [topic, records.map(outputText)] as const;
    });
    return new Map(await Promise.all(all));
  });

/** A program that ran for nine days; its log reaches six hours back. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-kept-'));
  data = join(folder, 'production');
  let now = startMs;
  const log = await openJournals({
    dir: join(data, 'log'),
    topics: defaultTopics(partitions),
    input: { segmentBytes: 2 ** 20, retentionMs: 6 * hour, bytesMax: 2 ** 30 },
    now: () => now,
  });
  for (let p = 1; p < partitions; p++) log.keepFrom('telemetry', p, Number.POSITIVE_INFINITY);
  const warnings: string[] = [];
  const kept = { hourly: 6, daily: 7 };
  const runtime = runtimeOf(log, join(data, 'snapshots'), warnings, { kept });
  runtime.start();
  for (const [round, time] of times.entries()) {
    now = time;
    let next = 0;
    for (const record of fleetRecords(0, round, now)) {
      next = 1 + (await log.append('telemetry', 0, [record]));
    }
    await until(() => runtime.status()[0]!.next === next);
  }
  await runtime.kill();
  await log.close();
  expect(warnings).toEqual([]);
  wanted = await outputsOf(data);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (verb: string, place: string, ...words: string[]) =>
  runOnce([verb, '--data', place, '--set', `process.partitions=${partitions}`, ...words]);
const pull = (to: string, at: number) =>
  run('pull', data, '--partition', '0', '--to', to, '--at', new Date(at).toISOString());
const stampsIn = async (at: string) =>
  (await snapshotStore(join(at, 'snapshots'), 'cluster', 0).list()).map(({ time }) => time);

test('the newest two, the first of each hour and of each day are there, and nothing else', async () => {
  const days = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => startMs + i * day);
  const hours = [18, 19, 20, 21, 22, 23].map((i) => startMs + 8 * day + i * hour);
  const newest = [endMs - 600_000, endMs];
  expect(await stampsIn(data)).toEqual([...days, ...hours, ...newest]);
});

test('within the log: a state of hours ago, run on as production did', async () => {
  const first = await inLog(data, async (log) => (await log.bounds('telemetry', 0)).first);
  expect(first).toBeGreaterThan(0);
  const to = join(folder, 'hours');
  const at = startMs + 8 * day + 21.5 * hour;
  expect(await pull(to, at)).toMatchObject({ code: 0 });
  expect((await stampsIn(to))[0]).toBe(startMs + 8 * day + 21 * hour);
  const found = await outputsOf(to);
  expect([...found.values()].flat().length).toBeGreaterThan(10);
  for (const [key, list] of found) {
    expect(list, key).toEqual(wanted.get(key)!.slice(wanted.get(key)!.length - list.length));
  }
});

test('before the log: the state of a day as it stood, and what was known then', async () => {
  const at = startMs + 3.5 * day;
  const when = new Date(startMs + 3 * day).toISOString();
  const to = join(folder, 'days');
  const pulled = await pull(to, at);
  expect(pulled).toMatchObject({ code: 0, err: expect.stringContaining('as it stood at offset') });
  expect(await stampsIn(to)).toEqual([startMs + 3 * day]);
  const words = ['{__name__="load"}', '--at', new Date(at).toISOString()];
  for (const place of [data, to]) {
    const { code, out, err } = await run('explain', place, ...words, '-o', 'json');
    expect(code, err).toBe(0);
    expect(err).not.toContain('making the state');
    expect(err.includes(`is gone; this is what was known at ${when}`)).toBe(place === data);
    expect(JSON.parse(out)[0]).toMatchObject({ partition: 0, log_time: startMs + 3 * day });
  }
  const person = await runOnce(
    ['explain', '--data', to, '--set', `process.partitions=${partitions}`, ...words],
    { NO_COLOR: '1' },
    { isTTY: true },
  );
  expect(person.err).toMatch(/^making the state of .* from snapshots and log\n/);
  const early = await pull(join(folder, 'early'), startMs);
  expect(early).toMatchObject({ code: 1, err: expect.stringContaining('is so old') });
});
