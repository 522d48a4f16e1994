import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesEqual } from '../../core/bytes.ts';
import type { NewRecord } from '../log.ts';
import {
  followSome,
  inFolder,
  openTest,
  readAll,
  record,
  testLimits,
  testTopics,
  valuesOf,
} from './journal.test-kit.ts';

describe('append and read', () => {
  test('gives back bytes, headers, order and offsets, before and after a restart', async () => {
    await inFolder(async (dir) => {
      const records: NewRecord[] = [
        record('one', { kind: 'samples', cluster: 'København', empty: '' }),
        { headers: { kind: 'tick' }, value: null },
        { headers: {}, value: new Uint8Array(0) },
        {
          headers: { kind: 'samples' },
          value: Uint8Array.from({ length: 70_000 }, (_, i) => i * 7),
        },
      ];
      let log = await openTest(dir, { now: () => 1000 });
      expect(await log.append('telemetry', 2, records.slice(0, 1))).toBe(0);
      expect(await log.append('telemetry', 2, records.slice(1))).toBe(1);
      expect(await log.append('telemetry', 3, [record('elsewhere')])).toBe(0);
      for (const _ of ['cached', 'from the disk']) {
        const read = await readAll(log, 'telemetry', 2);
        expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
        expect(read.map(({ timestamp }) => timestamp)).toEqual([1000, 1000, 1000, 1000]);
        expect(read.map(({ headers }) => headers)).toEqual(records.map(({ headers }) => headers));
        read.forEach(({ value }, i) => {
          const wanted = records[i]!.value;
          expect(value === null ? wanted === null : bytesEqual(value, wanted!)).toBe(true);
        });
        expect(await log.bounds('telemetry', 2)).toEqual({ first: 0, next: 4 });
        expect(await log.bounds('telemetry', 0)).toEqual({ first: 0, next: 0 });
        await log.close();
        log = await openTest(dir, { now: () => 1000 });
      }
      expect(await log.append('telemetry', 2, [record('next')])).toBe(4);
      await log.close();
    });
  });

  test('appends that arrive during a sync share the next group', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      const offsets = await Promise.all(
        Array.from({ length: 400 }, (_, i) => log.append('telemetry', i % 4, [record(`r${i}`)])),
      );
      expect(offsets).toEqual(Array.from({ length: 400 }, (_, i) => Math.floor(i / 4)));
      const { groups, appends, records, pendingBytes } = log.journalStats().input;
      expect({ appends, records, pendingBytes }).toEqual({
        appends: 400,
        records: 400,
        pendingBytes: 0,
      });
      expect(groups).toBeLessThan(5);
      expect(valuesOf(await readAll(log, 'telemetry', 1)).slice(0, 2)).toEqual(['r1', 'r5']);
      await log.close();
    });
  });

  test('a large append is cut into batches and stays whole and in order', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir, { cacheBytes: 0 });
      const names = Array.from({ length: 3000 }, (_, i) => `${i} `.padEnd(400, 'x'));
      expect(
        await log.append(
          'alerts',
          0,
          names.map((name) => record(name)),
        ),
      ).toBe(0);
      expect(valuesOf(await readAll(log, 'alerts', 0))).toEqual(names);
      expect(valuesOf(await readAll(log, 'alerts', 0, 2990))).toEqual(names.slice(2990));
      const some = await log.read('alerts', 0, 0, 1);
      expect(some.length).toBeGreaterThan(0);
      expect(some.length).toBeLessThan(3000);
      await log.close();
    });
  });

  test('segments change under way, and every offset can be read from memory and disk', async () => {
    await inFolder(async (dir) => {
      for (const cacheBytes of [0, 20_000, 1 << 20]) {
        const log = await openTest(`${dir}/${cacheBytes}`, { cacheBytes });
        for (let i = 0; i < 60; i++) {
          await log.append('telemetry', i % 3, [record(`${i}`.padEnd(3000, '.'))]);
        }
        expect(log.journalStats().input.segments).toBeGreaterThan(5);
        for (let offset = 0; offset < 20; offset++) {
          const [first] = await log.read('telemetry', 1, offset, 1);
          expect(valuesOf([first!])[0]!.replaceAll('.', '')).toBe(`${offset * 3 + 1}`);
        }
        expect(await readAll(log, 'telemetry', 0)).toHaveLength(20);
        expect(await log.read('telemetry', 0, 20)).toEqual([]);
        await log.close();
      }
    });
  });

  test('a small value in a large buffer does not keep the buffer', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      const buffer = new Uint8Array(1 << 20).fill(7);
      const views = [buffer.subarray(5, 8), buffer.subarray(10, 20_010), buffer.subarray(9, 9)];
      await log.append(
        'alerts',
        0,
        views.map((value) => ({ headers: {}, value })),
      );
      const read = await log.read('alerts', 0, 0);
      expect(read.map(({ value }) => value)).toEqual(views);
      for (const { value } of read) expect(value!.buffer.byteLength).toBeLessThan(30_000);
      await log.close();
    });
  });

  test('headers that are no Unicode read the same from memory as from the disk', async () => {
    await inFolder(async (dir) => {
      const headers = { 'a\ud800': '\udc00', b: 'ü' };
      for (const cacheBytes of [0, 1 << 20]) {
        const log = await openTest(`${dir}/${cacheBytes}`, { cacheBytes });
        await log.append('alerts', 0, [{ headers, value: null }]);
        const [read] = await log.read('alerts', 0, 0);
        expect(read!.headers).toEqual({ 'a\ufffd': '\ufffd', b: 'ü' });
        await log.close();
      }
    });
  });

  test('input and outputs are journals of their own', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      await log.append('telemetry', 0, [record('in')]);
      await log.append('alerts', 0, [record('out')]);
      await log.append('x-mine', 1, [record('mine')]);
      const { input, outputs } = log.journalStats();
      expect([input.records, outputs.records]).toEqual([1, 2]);
      await log.close();
    });
  });
});

describe('time', () => {
  test('never goes back, whatever the clock does, also over a restart', async () => {
    await inFolder(async (dir) => {
      const clock = [5000, 5000, 100, 9000, 8999, 9001, 1];
      let log = await openTest(dir, { now: () => clock[0]! });
      for (const _ of [...clock]) {
        await log.append('telemetry', 0, [record('x')]);
        clock.shift();
        await log.close();
        log = await openTest(dir, { now: () => clock[0] ?? 0 });
      }
      const times = (await readAll(log, 'telemetry', 0)).map(({ timestamp }) => timestamp);
      expect(times).toEqual([5000, 5000, 5000, 9000, 9000, 9001, 9001]);
      await log.close();
    });
  });

  test('offsetAt finds the first record at or after a time', async () => {
    await inFolder(async (dir) => {
      let now = 0;
      const log = await openTest(dir, { now: () => now });
      for (let i = 0; i < 50; i++) {
        now = 1000 + Math.floor(i / 2) * 10;
        await log.append('telemetry', i % 2, [record('x'.repeat(2000))]);
      }
      for (const partition of [0, 1]) {
        for (let i = 0; i < 25; i++) {
          expect(await log.offsetAt('telemetry', partition, 1000 + i * 10)).toBe(i);
          expect(await log.offsetAt('telemetry', partition, 1001 + i * 10)).toBe(i + 1);
        }
        expect(await log.offsetAt('telemetry', partition, 0)).toBe(0);
        expect(await log.offsetAt('telemetry', partition, 1e15)).toBe(25);
      }
      expect(await log.offsetAt('telemetry', 2, 0)).toBe(0);
      await log.close();
    });
  });
});

describe('follow', () => {
  test('waits at the head without missing anything, and ends with the signal', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      await log.append('alerts', 0, [record('a')]);
      const followed = followSome(log, 'alerts', 0, 0, 4);
      await log.append('alerts', 0, [record('b')]);
      await log.append('alerts', 0, [record('c'), record('d')]);
      expect(valuesOf(await followed)).toEqual(['a', 'b', 'c', 'd']);
      await log.close();
    });
  });

  test('ends when the log is closed', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      const followed = followSome(log, 'alerts', 0, 0, 1);
      await log.close();
      expect(await followed).toEqual([]);
    });
  });
});

test('scan hands over all partitions in the order of their appends, from given offsets', async () => {
  await inFolder(async (dir) => {
    const log = await openTest(dir);
    const wanted: string[] = [];
    const from = [3, 0, 25].map((offset, partition) => ({ topic: 'telemetry', partition, offset }));
    for (let i = 0; i < 100; i++) {
      const offset = await log.append('telemetry', i % 4, [record(`${i}`.padEnd(1500))]);
      const position = from.find(({ partition }) => partition === i % 4);
      if (position !== undefined && offset >= position.offset) wanted.push(`${i}`);
    }
    const seen: string[] = [];
    const reached = await log.scan('input', from, (topic, _, records) => {
      expect(topic).toBe('telemetry');
      seen.push(...valuesOf(records).map((value) => value.trim()));
    });
    expect(seen).toEqual(wanted);
    expect(reached).toEqual(from.map((position) => ({ ...position, offset: 25 })));
    await log.close();
  });
});

describe('refusals', () => {
  test('wrong topics, partitions and offsets are named', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      const refusals = [
        [log.append('nope', 0, [record('x')]), /no topic nope/],
        [log.append('telemetry', 4, [record('x')]), /partitions 0 to 3, there is no 4/],
        [log.read('alerts', 0, 0.5), /integer, not 0.5/],
        [log.append('alerts', 0, []), /needs a record/],
      ] as const;
      for (const [refused, message] of refusals) await expect(refused).rejects.toThrow(message);
      await log.close();
      await expect(log.append('alerts', 0, [record('x')])).rejects.toMatchObject({
        code: 'log_unavailable',
      });
    });
  });

  test('a record over the limit is refused, and its neighbours are not', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir, { recordBytesMax: 1000 });
      const long = { name: 'ü'.repeat(40_000) };
      const appends = [
        [record('small')],
        [record('x'.repeat(1000))],
        [{ headers: long, value: null }],
        [record('small, too')],
      ].map((records) => log.append('alerts', 0, records));
      const codes = (await Promise.allSettled(appends)).map((result) =>
        result.status === 'fulfilled' ? result.value : result.reason.code,
      );
      expect(codes).toEqual([0, 'record_too_large', 'record_too_large', 1]);
      expect(await readAll(log, 'alerts', 0)).toHaveLength(2);
      await log.close();
    });
  });

  test('what waits for the disk is bounded; the rest may come again', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir, { pendingBytesMax: 5000 });
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, () => log.append('alerts', 0, [record('x'.repeat(1000))])),
      );
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused).toHaveLength(6);
      for (const { reason } of refused) {
        expect(reason).toMatchObject({ code: 'log_unavailable', retry: 'later' });
      }
      expect(log.journalStats().outputs.unavailableRejections).toBe(6);
      expect(await log.append('alerts', 0, [record('again')])).toBe(4);
      await log.close();
    });
  });

  test('a second writer is refused by the pid of the first, until that one ends', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      await expect(openTest(dir)).rejects.toThrow(`written by process ${process.pid}`);
      await log.close();
      await log.close();
      await (await openTest(dir)).close();
    });
  });

  test('topics may be added, and keep their partitions', async () => {
    await inFolder(async (dir) => {
      let log = await openTest(dir);
      await log.append('telemetry', 1, [record('before')]);
      await log.close();
      const added = [{ name: 'x-more', partitions: 3 }, ...testTopics];
      log = await openTest(dir, { topics: added });
      expect(await log.append('x-more', 2, [record('new')])).toBe(0);
      expect(await log.append('telemetry', 1, [record('after')])).toBe(1);
      expect(valuesOf(await readAll(log, 'telemetry', 1))).toEqual(['before', 'after']);
      await log.close();
      log = await openTest(dir);
      expect(valuesOf(await readAll(log, 'x-more', 2))).toEqual(['new']);
      expect(log.topics.get('x-more')).toEqual({ name: 'x-more', partitions: 3 });
      await log.close();
      const changed = [{ name: 'telemetry', partitions: 8 }];
      await expect(openTest(dir, { topics: changed })).rejects.toThrow(/4 partitions.*rekey/);
      await (await openTest(dir)).close();
    });
  });

  test('limits that cannot work are refused', async () => {
    await inFolder(async (dir) => {
      const input = { ...testLimits, bytesMax: testLimits.segmentBytes };
      await expect(openTest(dir, { input })).rejects.toThrow(/three times segmentBytes/);
    });
  });
});

test('a pid that cannot be written, as on a full disk, keeps nobody from the start', async () => {
  await inFolder(async (dir) => {
    await mkdir(join(dir, 'lock.pid'));
    const log = await openTest(dir);
    await log.append('alerts', 0, [record('x')]);
    await expect(openTest(dir)).rejects.toMatchObject({ code: 'log_locked' });
    await rmdir(join(dir, 'lock.pid'));
    await log.close();
  });
});
