import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFolder, openTest, record } from './journal.test-kit.ts';

/** Written down once, by version 1: whoever changes these bytes cannot read old journals. */
const written = `
  5345534c 6427a39d 58000000 0100 0100000000000000 0068e5cf8b010000 0000000000000000 0200
  06000000 616c65727473 0100 0000000000000000
  06000000 782d6d696e65 0200 0000000000000000 0000000000000000
  4553424b e9508b8b 48000000 58000000 0100 0100 0000000000000000 0068e5cf8b010000 02000000
  0100 0400 6b696e64 0700 73616d706c6573 05000000 76616c7565
  0000 ffffffff`;

test('the bytes of a segment are those of FORMAT.md', async () => {
  await inFolder(async (dir) => {
    const log = await openTest(dir, {
      topics: [
        { name: 'alerts', partitions: 1 },
        { name: 'x-mine', partitions: 2 },
      ],
      now: () => 1_700_000_000_000,
    });
    await log.append('x-mine', 1, [
      record('value', { kind: 'samples' }),
      { headers: {}, value: null },
    ]);
    await log.close();
    const bytes = await readFile(join(dir, 'outputs', '000000000001.segment'));
    expect(bytes.toString('hex')).toBe(written.replaceAll(/\s/g, ''));
  });
});
