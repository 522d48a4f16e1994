import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runOnce } from '../../src/cli/run-once.ts';
import { runtimeOf } from '../../src/engine/runtime/embedded/runtime.test-kit.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { Log } from '../../src/log/log.ts';
import { defaultTopics } from '../../src/log/topics.ts';
import { bundleFiles, putBundle } from '../../src/user-code/bundle.ts';
import { outputText, readAll } from '../parts/numbered.ts';
import { fleetLog, placed, settingsRecord, type Unplaced } from './records.ts';

const partitions = 2;
const partition = 1;
const startMs = Date.UTC(2026, 10, 1);
const minute = 60_000;
const topics = [...defaultTopics(partitions), { name: 'x-counts', partitions: 1 }];
const code = `
import { defineProcessor } from 'seastate';
export const counts = defineProcessor({
  name: 'counts', version: 1, outputs: ['x-counts'],
  create(context) {
    const seen = context.columns('seen', { samples: 'u32' });
    return { samples(block) {
      for (let i = 0; i < block.length; i++) seen.arrays.samples[block.slots[i]!]!++;
      context.emit({ topic: 'x-counts', type: 'counts', cluster: block.cluster, subject: 'first',
        revision: context.logTime, data: { samples: seen.arrays.samples[block.slots[0]!] } });
    } };
  },
});
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-pull-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Numbered outputs of the partition, by topic and number. */
async function outputsOf(data: string): Promise<Map<string, string>> {
  const log = await openJournals({
    dir: join(data, 'log'),
    topics: [],
    now: () => 0,
    readOnly: true,
  });
  const found = new Map<string, string>();
  for (const { name } of log.topics.values()) {
    if (name === 'telemetry') continue;
    for (const output of await readAll(log, name, 0)) {
      if (output.headers['from'] !== `cluster/${partition}/0`) continue;
      found.set(`${name} ${output.headers['number']}`, outputText(output));
    }
  }
  await log.close();
  return found;
}

/** What a program has left that was killed: snapshots every minute of log time, and a tail. */
async function production(data: string): Promise<void> {
  await writeFile(join(folder, 'counts.ts'), code);
  const files = { processors: [join(folder, 'counts.ts')], models: [] };
  const built = await bundleFiles(files);
  await putBundle(built, join(data, 'snapshots'));
  const bundle = built.sha256;
  // Unreadable, in either partition: the offset stands in the output.
  const bad = ['a', 'b', 'c', 'd', 'e', 'f'].map((cluster) => ({
    timestamp: startMs + 5.75 * minute,
    headers: { kind: 'samples', tenant: 't', cluster, encoding: 'snappy' },
    value: Buffer.from('no snappy'),
  }));
  const records: Unplaced[] = [
    { timestamp: startMs, ...settingsRecord(1, { bundle }) },
    ...fleetLog(7, 4, 6, startMs),
    ...bad,
  ];
  let now = 0;
  const log: Log = await openJournals({ dir: join(data, 'log'), topics, now: () => now });
  const all = [0, 1].flatMap((p) =>
    placed(records, p, partitions).map((record) => ({ p, record })),
  );
  for (const { p, record } of all.sort((a, b) => a.record.timestamp - b.record.timestamp)) {
    now = record.timestamp;
    await log.append('telemetry', p, [record]);
  }
  const warnings: string[] = [];
  const runtime = runtimeOf(log, join(data, 'snapshots'), warnings, { snapshotEveryMs: minute });
  runtime.start();
  const heads = await Promise.all([0, 1].map((p) => log.bounds('telemetry', p)));
  await expect
    .poll(() => runtime.status().map(({ next }) => next), { timeout: 120_000 })
    .toEqual(heads.map(({ next }) => next));
  await runtime.kill();
  expect(warnings).toEqual([]);
  await log.close();
}

test('a pulled state runs on as production did: number by number, byte by byte', async () => {
  const data = join(folder, 'production');
  await production(data);
  const wanted = await outputsOf(data);
  const pull = (to: string, ...more: string[]) =>
    runOnce([
      'pull',
      '--data',
      data,
      '--set',
      'process.partitions=2',
      '--partition',
      '1',
      '--to',
      to,
      ...more,
    ]);

  const newest = join(folder, 'newest');
  expect(await pull(newest)).toMatchObject({ code: 0 });
  const found = await outputsOf(newest);
  expect(found.size).toBeGreaterThan(20);
  expect(found.size).toBeLessThan(wanted.size);
  for (const [key, text] of found) expect(wanted.get(key), key).toBe(text);
  expect([...found.keys()].filter((key) => key.startsWith('rejected'))).not.toEqual([]);
  expect([...found.keys()].filter((key) => key.startsWith('x-counts'))).not.toEqual([]);
  // To the end: what production told last is there.
  for (const topic of ['status', 'x-counts']) {
    const last = [...wanted.keys()].findLast((key) => key.startsWith(`${topic} `))!;
    expect(found.has(last), last).toBe(true);
  }

  // The log still begins at its first record: no snapshot is needed.
  const whole = join(folder, 'whole');
  const at = new Date(startMs + minute).toISOString();
  expect(await pull(whole, '--at', at)).toMatchObject({ code: 0 });
  expect(await outputsOf(whole)).toEqual(wanted);

  expect(await pull(whole)).toMatchObject({
    code: 2,
    err: expect.stringContaining('is not empty'),
  });
});
