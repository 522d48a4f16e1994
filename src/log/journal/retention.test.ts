import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { files } from './files.ts';
import { inFolder, openTest, readAll, record, testLimits } from './journal.test-kit.ts';
import type { JournalLog } from './journals.ts';

const big = record('x'.repeat(4000));
const hour = 3_600_000;

async function fill(log: JournalLog, topic: string, partition: number, count: number) {
  for (let i = 0; i < count; i++) await log.append(topic, partition, [big]);
}

async function segmentsIn(dir: string): Promise<string[]> {
  return (await readdir(join(dir, 'input'))).filter((name) => name.endsWith('.segment'));
}

function everythingMayGo(log: JournalLog): void {
  for (let partition = 0; partition < 4; partition++)
    log.keepFrom('telemetry', partition, Infinity);
}

describe('by time', () => {
  test('old segments go, and what was in them is told as gone', async () => {
    await inFolder(async (dir) => {
      let now = 1_000_000;
      const log = await openTest(dir, { now: () => now, cacheBytes: 0 });
      everythingMayGo(log);
      await fill(log, 'telemetry', 0, 20);
      const before = await segmentsIn(dir);
      now += hour - 1;
      await fill(log, 'telemetry', 1, 5);
      expect((await log.bounds('telemetry', 0)).first).toBe(0);
      now += 2;
      await fill(log, 'telemetry', 1, 1);
      const { first, next } = await log.bounds('telemetry', 0);
      expect(first).toBeGreaterThan(10);
      expect(next).toBe(20);
      await expect(log.read('telemetry', 0, first - 1)).rejects.toMatchObject({
        code: 'offset_gone',
      });
      expect(await readAll(log, 'telemetry', 0)).toHaveLength(20 - first);
      expect(await readAll(log, 'telemetry', 1)).toHaveLength(6);
      expect(log.journalStats().input.unlinkedSegments).toBeGreaterThan(3);
      const after = await segmentsIn(dir);
      expect(after.filter((name) => before.includes(name)).length).toBeLessThan(before.length);
      await log.close();
    });
  });

  test('a look for a time goes on in what is left when retention is faster', async () => {
    await inFolder(async (dir) => {
      let now = 1_000_000;
      const log = await openTest(dir, { now: () => now, cacheBytes: 0 });
      everythingMayGo(log);
      await fill(log, 'telemetry', 0, 20);
      const { open } = files;
      let isFirst = true;
      const spy = vi.spyOn(files, 'open').mockImplementation(async (path, flags) => {
        if (isFirst && path.endsWith('.segment')) {
          isFirst = false;
          now += hour + 1;
          await fill(log, 'telemetry', 1, 1);
        }
        return await open(path, flags);
      });
      const found = await log.offsetAt('telemetry', 0, 0).finally(() => spy.mockRestore());
      expect(isFirst).toBe(false);
      const { first } = await log.bounds('telemetry', 0);
      expect(first).toBeGreaterThan(0);
      expect(found).toBe(first);
      await log.close();
    });
  });

  test('a slow journal begins new segments, so that its records can grow old', async () => {
    await inFolder(async (dir) => {
      let now = 1_000_000;
      const log = await openTest(dir, { now: () => now });
      everythingMayGo(log);
      for (let i = 0; i < 100; i++) {
        now += hour / 20;
        await log.append('telemetry', 0, [record('small')]);
      }
      const { first } = await log.bounds('telemetry', 0);
      expect(first).toBeGreaterThan(70);
      expect(first).toBeLessThan(81);
      await log.close();
    });
  });

  test('nothing at or after an offset that is kept goes', async () => {
    await inFolder(async (dir) => {
      let now = 1_000_000;
      const log = await openTest(dir, { now: () => now });
      everythingMayGo(log);
      log.keepFrom('telemetry', 0, 7);
      await fill(log, 'telemetry', 0, 20);
      now += 10 * hour;
      await fill(log, 'telemetry', 1, 1);
      const { first } = await log.bounds('telemetry', 0);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThanOrEqual(7);
      log.keepFrom('telemetry', 0, 20);
      await fill(log, 'telemetry', 1, 1);
      expect((await log.bounds('telemetry', 0)).first).toBeGreaterThan(10);
      await log.close();
    });
  });

  test('telemetry is kept whole until its readers have spoken; outputs are not', async () => {
    await inFolder(async (dir) => {
      let now = 1_000_000;
      const log = await openTest(dir, { now: () => now });
      await fill(log, 'telemetry', 0, 20);
      await fill(log, 'alerts', 0, 20);
      now += 10 * hour;
      await fill(log, 'telemetry', 1, 1);
      await fill(log, 'alerts', 0, 1);
      expect((await log.bounds('telemetry', 0)).first).toBe(0);
      expect((await log.bounds('alerts', 0)).first).toBeGreaterThan(10);
      // Only partitions that have something in a segment hold it.
      log.keepFrom('telemetry', 0, 20);
      await fill(log, 'telemetry', 1, 1);
      expect((await log.bounds('telemetry', 0)).first).toBeGreaterThan(10);
      await log.close();
    });
  });
});

describe('by size', () => {
  const input = { ...testLimits, bytesMax: 80_000 };

  test('the oldest segments make room', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir, { input });
      everythingMayGo(log);
      for (let i = 0; i < 100; i++) {
        await log.append('telemetry', i % 4, [big]);
        expect(log.journalStats().input.bytes).toBeLessThanOrEqual(80_000);
      }
      expect(log.journalStats().input.fullRejections).toBe(0);
      expect(await readAll(log, 'telemetry', 3)).not.toHaveLength(0);
      await log.close();
    });
  });

  test('when all is needed the journal is full, says why, and goes on when there is room', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir, { input });
      everythingMayGo(log);
      log.keepFrom('telemetry', 2, 1);
      await fill(log, 'telemetry', 2, 5);
      const results = await Promise.allSettled(
        Array.from({ length: 40 }, () => log.append('telemetry', 2, [big])),
      );
      const taken = results.filter((result) => result.status === 'fulfilled');
      const refused = results.filter((result) => result.status === 'rejected');
      expect(taken.map(({ value }) => value)).toEqual(taken.map((_, i) => 5 + i));
      expect(taken.length).toBeGreaterThan(8);
      expect(refused.length).toBeGreaterThan(8);
      expect(refused[0]!.reason).toMatchObject({ code: 'log_full', retry: 'later' });
      expect(refused[0]!.reason.message).toMatch('telemetry/2 is needed from offset 1');
      expect(log.journalStats().input.fullRejections).toBe(refused.length);
      expect(await readAll(log, 'telemetry', 2, 0)).toHaveLength(5 + taken.length);
      log.keepFrom('telemetry', 2, 5 + taken.length);
      expect(await log.append('telemetry', 2, [big])).toBe(5 + taken.length);
      await log.close();
    });
  });
});

test('a reader whose segment goes while it reads gets offset_gone, not rubbish', async () => {
  await inFolder(async (dir) => {
    let now = 1_000_000;
    const log = await openTest(dir, { now: () => now, cacheBytes: 0 });
    everythingMayGo(log);
    await fill(log, 'telemetry', 0, 30);
    now += 2 * hour;
    const reading = log.read('telemetry', 0, 0).then(
      (records) => records[0]!.offset,
      (error) => error.code,
    );
    await fill(log, 'telemetry', 1, 1);
    expect([0, 'offset_gone']).toContain(await reading);
    await log.close();
  });
});
