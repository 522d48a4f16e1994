import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  followSome,
  inFolder,
  openTest,
  readAll,
  record,
  testTopics,
  valuesOf,
} from './journal.test-kit.ts';

const beside = (dir: string) => openTest(dir, { topics: [], readOnly: true });

describe('a read-only log', () => {
  test('follows the writer over changes of segments', async () => {
    await inFolder(async (dir) => {
      const writer = await openTest(dir);
      await writer.append('telemetry', 1, [record('0')]);
      const reader = await beside(dir);
      expect(reader.topics).toEqual(writer.topics);
      const followed = followSome(reader, 'telemetry', 1, 0, 50);
      const late = followSome(reader, 'telemetry', 2, 0, 49);
      for (let i = 1; i < 50; i++) {
        await writer.append('telemetry', 1, [record(`${i}`.padEnd(1000))]);
        await writer.append('telemetry', 2, [record(`${i}`)]);
      }
      expect(await followed).toEqual(await readAll(writer, 'telemetry', 1));
      expect(await late).toEqual(await readAll(writer, 'telemetry', 2));
      expect(await reader.bounds('telemetry', 1)).toEqual({ first: 0, next: 50 });
      expect(writer.journalStats().input.segments).toBeGreaterThan(2);
      await writer.close();
      await reader.close();
    });
  });

  test('learns that segments were unlinked', async () => {
    await inFolder(async (dir) => {
      let now = 1_000_000;
      const writer = await openTest(dir, { now: () => now });
      for (let i = 0; i < 4; i++) writer.keepFrom('telemetry', i, Infinity);
      const append = () => writer.append('telemetry', 0, [record('x'.repeat(4000))]);
      for (let i = 0; i < 20; i++) await append();
      const reader = await beside(dir);
      expect(await reader.bounds('telemetry', 0)).toEqual({ first: 0, next: 20 });
      now += 4_000_000;
      await append();
      await expect(reader.read('telemetry', 0, 0)).rejects.toMatchObject({ code: 'offset_gone' });
      const bounds = await reader.bounds('telemetry', 0);
      expect(bounds).toEqual(await writer.bounds('telemetry', 0));
      expect(bounds.first).toBeGreaterThan(0);
      for (let i = 0; i < 20; i++) await append();
      expect(await readAll(reader, 'telemetry', 0)).toEqual(await readAll(writer, 'telemetry', 0));
      await writer.close();
      await reader.close();
    });
  });

  test('learns of topics that the next writer added', async () => {
    await inFolder(async (dir) => {
      await (await openTest(dir)).close();
      const reader = await beside(dir);
      expect(() => reader.follow('x-new', 0, 0, AbortSignal.abort())).toThrow(/no topic x-new/);
      const writer = await openTest(dir, {
        topics: [...testTopics, { name: 'x-new', partitions: 1 }],
      });
      await writer.append('x-new', 0, [record('new')]);
      await reader.bounds('alerts', 0);
      expect(valuesOf(await readAll(reader, 'x-new', 0))).toEqual(['new']);
      await writer.close();
      await reader.close();
    });
  });

  test('sees only what is durable: bytes behind the mark are not there yet', async () => {
    await inFolder(async (dir) => {
      const writer = await openTest(dir);
      await writer.append('telemetry', 0, [record('durable')]);
      const path = join(dir, 'input', '000000000001.segment');
      const bytes = await readFile(path);
      await writer.append('telemetry', 0, [record('not yet')]);
      await writer.close();
      const mark = await readFile(join(dir, 'input', 'durable'));
      const early = Buffer.from(mark);
      // As if the writer were between its write and its sync.
      await writeFile(join(dir, 'input', 'durable'), await markOf(dir, bytes.length));
      const reader = await beside(dir);
      expect(valuesOf(await readAll(reader, 'telemetry', 0))).toEqual(['durable']);
      const followed = followSome(reader, 'telemetry', 0, 0, 2);
      await writeFile(join(dir, 'input', 'durable'), early);
      expect(valuesOf(await followed)).toEqual(['durable', 'not yet']);
      await reader.close();
    });
  });

  test('without a mark reads whole batches, and takes a torn tail as not there', async () => {
    await inFolder(async (dir) => {
      const writer = await openTest(dir);
      for (const name of ['a', 'b', 'c']) await writer.append('telemetry', 0, [record(name)]);
      await writer.close();
      const path = join(dir, 'input', '000000000001.segment');
      await truncate(path, (await stat(path)).size - 1);
      await appendFile(path, 'xyz');
      const { size } = await stat(path);
      await rm(join(dir, 'input', 'durable'));
      const reader = await beside(dir);
      expect(valuesOf(await readAll(reader, 'telemetry', 0))).toEqual(['a', 'b']);
      await reader.close();
      expect((await stat(path)).size).toBe(size);
    });
  });

  test('changes nothing and needs no lock', async () => {
    await inFolder(async (dir) => {
      const writer = await openTest(dir);
      await writer.append('alerts', 0, [record('x')]);
      const before = await readdir(dir, { recursive: true });
      const reader = await beside(dir);
      expect(await reader.offsetAt('alerts', 0, 0)).toBe(0);
      await expect(reader.append('alerts', 0, [record('y')])).rejects.toThrow(/reading only/);
      await reader.close();
      expect(await readdir(dir, { recursive: true })).toEqual(before);
      await writer.close();
    });
  });

  test('says when there is no journal', async () => {
    await inFolder(async (dir) => {
      await expect(beside(join(dir, 'nowhere'))).rejects.toMatchObject({ code: 'log_missing' });
    });
  });
});

/** A mark of the first segment that says `length`. */
async function markOf(dir: string, length: number): Promise<Buffer> {
  const bytes = await readFile(join(dir, 'input', 'durable'));
  bytes.writeUInt32LE(length, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}
