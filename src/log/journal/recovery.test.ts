import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { followSome, inFolder, openTest, readAll, record, valuesOf } from './journal.test-kit.ts';

const input = (dir: string): string => join(dir, 'input');

async function segments(dir: string): Promise<string[]> {
  const names = (await readdir(input(dir))).filter((name) => name.endsWith('.segment')).sort();
  return names.map((name) => join(input(dir), name));
}

async function damage(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, position);
  await file.close();
}

/** Where the batches of a segment begin. */
function batchStarts(segment: Buffer): number[] {
  const magic = Buffer.from('ESBK');
  const starts: number[] = [];
  for (let at = segment.indexOf(magic); at >= 0; at = segment.indexOf(magic, at + 1)) {
    starts.push(at);
  }
  return starts;
}

/** A journal whose only segment has five batches; the last begins at `lastStart`. */
async function fiveBatches(
  dir: string,
): Promise<{ path: string; bytes: Buffer; lastStart: number }> {
  const log = await openTest(dir);
  for (const name of ['a', 'b', 'c', 'd']) await log.append('telemetry', 1, [record(name)]);
  const lastStart = log.journalStats().input.bytes;
  await log.append('telemetry', 1, [record('the last of them', { kind: 'samples' })]);
  await log.close();
  const [path] = await segments(dir);
  return { path: path!, bytes: await readFile(path!), lastStart };
}

/** What a journal holds whose only segment has the given bytes; it must take appends, too. */
async function reopened(dir: string, path: string, bytes: Uint8Array) {
  await writeFile(path, bytes);
  const log = await openTest(dir);
  const values = valuesOf(await readAll(log, 'telemetry', 1));
  const { truncatedTails, truncatedBytes } = log.journalStats().input;
  expect(await log.append('telemetry', 1, [record('more')])).toBe(values.length);
  expect(valuesOf(await readAll(log, 'telemetry', 1, values.length))).toEqual(['more']);
  await log.close();
  return { values, truncatedTails, truncatedBytes };
}

describe('a torn last write', () => {
  test('cut off at every byte', async () => {
    await inFolder(async (dir) => {
      const { path, bytes, lastStart } = await fiveBatches(dir);
      for (let length = lastStart; length < bytes.length; length++) {
        const { values, truncatedBytes } = await reopened(dir, path, bytes.subarray(0, length));
        expect(values).toEqual(['a', 'b', 'c', 'd']);
        expect(truncatedBytes).toBe(length - lastStart);
      }
      const whole = await reopened(dir, path, bytes);
      expect(whole).toMatchObject({ truncatedTails: 0, truncatedBytes: 0 });
      expect(whole.values).toHaveLength(5);
    });
  });

  test('wrong at every byte', async () => {
    await inFolder(async (dir) => {
      const { path, bytes, lastStart } = await fiveBatches(dir);
      for (let at = lastStart; at < bytes.length; at++) {
        const wrong = Buffer.from(bytes);
        wrong[at]! ^= 0x5a;
        const { values, truncatedTails } = await reopened(dir, path, wrong);
        expect({ at, values }).toEqual({ at, values: ['a', 'b', 'c', 'd'] });
        expect(truncatedTails).toBe(1);
      }
    });
  });

  test.each([
    ['zeros', Buffer.alloc(5000)],
    ['garbage', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) >> 3))],
    ['a copy of an old batch', null],
  ])('followed by %s', async (_, tail) => {
    await inFolder(async (dir) => {
      const { path, bytes, lastStart } = await fiveBatches(dir);
      const more = tail ?? bytes.subarray(lastStart);
      const { values, truncatedBytes } = await reopened(dir, path, Buffer.concat([bytes, more]));
      expect(values).toEqual(['a', 'b', 'c', 'd', 'the last of them']);
      expect(truncatedBytes).toBe(more.length);
    });
  });

  test('of a group: batches of it that came to the disk do not prove the lost ones durable', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      await log.append('telemetry', 1, [record('durable')]);
      const start = log.journalStats().input.bytes;
      await Promise.all(['a', 'b', 'c'].map((v) => log.append('telemetry', 1, [record(v)])));
      await log.close();
      const [path] = await segments(dir);
      await damage(path!, start + 41, Buffer.of(0xff));
      const again = await openTest(dir);
      expect(valuesOf(await readAll(again, 'telemetry', 1))).toEqual(['durable']);
      await again.close();
    });
  });
});

describe('damage', () => {
  test('of acknowledged records in the last segment stops the start, by name and position', async () => {
    await inFolder(async (dir) => {
      const { path } = await fiveBatches(dir);
      const before = await readFile(path);
      // The value stands at the end of its batch.
      await damage(path, batchStarts(before)[3]! - 1, Buffer.from('X'));
      await expect(openTest(dir)).rejects.toThrow(
        /000000000001\.segment is damaged at position \d+/,
      );
      await expect(openTest(dir)).rejects.toMatchObject({ code: 'log_corrupt' });
      expect((await readFile(path)).length).toBe(before.length);
      const log = await openTest(dir, { skipCorrupt: true });
      expect(valuesOf(await readAll(log, 'telemetry', 1))).toEqual([
        'a',
        'b',
        'd',
        'the last of them',
      ]);
      expect(log.journalStats().input.corruptBytes).toBeGreaterThan(40);
      expect(await log.append('telemetry', 1, [record('more')])).toBe(5);
      await log.close();
    });
  });

  test('of an older segment stops its readers, unless they skip it; others go on', async () => {
    await inFolder(async (dir) => {
      let log = await openTest(dir);
      for (let i = 0; i < 40; i++) {
        await log.append('telemetry', i % 2, [record(`${i}:`.padEnd(2000, 'x'))]);
      }
      await log.close();
      const [, second] = await segments(dir);
      const bytes = await readFile(second!);
      const at = bytes.indexOf('xxxx');
      const victim = Number(/(\d+):xxxx/.exec(bytes.toString('latin1'))![1]);
      await damage(second!, at + 100, Buffer.from('?'));
      log = await openTest(dir);
      const others = await readAll(log, 'telemetry', 1 - (victim % 2));
      expect(others).toHaveLength(20);
      const read = readAll(log, 'telemetry', victim % 2);
      await expect(read).rejects.toThrow(
        /000000000002\.segment is damaged at position \d+: the checksum/,
      );
      await log.close();
      log = await openTest(dir, { skipCorrupt: true });
      const left = await readAll(log, 'telemetry', victim % 2);
      expect(left).toHaveLength(19);
      expect(left.map(({ offset }) => offset)).not.toContain(Math.floor(victim / 2));
      expect(await followSome(log, 'telemetry', victim % 2, 0, 19)).toEqual(left);
      await log.close();
    });
  });

  test('a header that leads astray is seen, also when its batch is of another partition', async () => {
    await inFolder(async (dir) => {
      let log = await openTest(dir);
      for (let i = 0; i < 20; i++) await log.append('telemetry', i % 2, [record('x'.repeat(2000))]);
      await log.close();
      const [first] = await segments(dir);
      const bytes = await readFile(first!);
      const third = batchStarts(bytes)[2]!;
      await damage(first!, third + 18, Buffer.of(3)); // now of partition 3
      log = await openTest(dir, { cacheBytes: 0 });
      await expect(readAll(log, 'telemetry', 0)).rejects.toMatchObject({ code: 'log_corrupt' });
      await log.close();
    });
  });

  test('a missing segment and a damaged segment header are named', async () => {
    await inFolder(async (dir) => {
      const log = await openTest(dir);
      for (let i = 0; i < 40; i++) await log.append('telemetry', 0, [record('x'.repeat(2000))]);
      await log.close();
      const [first, second] = await segments(dir);
      await copyFile(second!, `${second}.kept`);
      await rm(second!);
      await expect(openTest(dir)).rejects.toThrow(`${second} is missing`);
      await copyFile(`${second}.kept`, second!);
      await damage(first!, 20, Buffer.of(0xee));
      await expect(openTest(dir)).rejects.toThrow(`${first}: the segment's header`);
      await truncate(first!, 5);
      await expect(openTest(dir)).rejects.toThrow(`${first}: the segment's header`);
    });
  });

  test('a bad CRC of one file is not good in another: batches belong to their segment', async () => {
    await inFolder(async (dir) => {
      const one = await fiveBatches(join(dir, 'one'));
      const two = await fiveBatches(join(dir, 'two'));
      const foreign = Buffer.concat([
        two.bytes.subarray(0, two.lastStart),
        one.bytes.subarray(one.lastStart),
      ]);
      const isSameHeader = one.bytes.subarray(0, 8).equals(two.bytes.subarray(0, 8));
      const { values } = await reopened(join(dir, 'two'), two.path, foreign);
      expect(values).toHaveLength(isSameHeader ? 5 : 4);
    });
  });
});

describe('what can be made again', () => {
  test('an index that is missing, damaged or of another segment', async () => {
    await inFolder(async (dir) => {
      let log = await openTest(dir);
      for (let i = 0; i < 60; i++)
        await log.append('telemetry', i % 4, [record(`${i}`.padEnd(3000))]);
      await log.close();
      const names = (await readdir(input(dir))).filter((name) => name.endsWith('.index'));
      expect(names.length).toBeGreaterThan(5);
      const [a, b, c, d] = names.map((name) => join(input(dir), name));
      await rm(a!);
      await damage(b!, 30, Buffer.of(0xff));
      await truncate(c!, 9);
      await copyFile(names.map((name) => join(input(dir), name)).at(-1)!, d!);
      log = await openTest(dir);
      for (let i = 0; i < 60; i++) {
        const [first] = await log.read('telemetry', i % 4, Math.floor(i / 4), 1);
        expect(valuesOf([first!])[0]!.trim()).toBe(`${i}`);
      }
      await log.close();
    });
  });

  test('files of a start or a new segment that was cut short are cleared away', async () => {
    await inFolder(async (dir) => {
      await mkdir(input(dir), { recursive: true });
      await writeFile(join(input(dir), '000000000001.segment.tmp'), 'half a hea');
      await writeFile(join(input(dir), '000000000000.index'), 'of a segment that is gone');
      const log = await openTest(dir);
      await log.append('telemetry', 0, [record('x')]);
      await log.close();
      expect((await readdir(input(dir))).sort()).toEqual(['000000000001.segment', 'durable']);
    });
  });
});
