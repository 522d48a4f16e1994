import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inFolder, openTest, readAll, record, testLimits } from './journal.test-kit.ts';
import type { Told } from './test-child.ts';

const big = { headers: {}, value: new Uint8Array(30_000).fill(7) };

/** Whether a program runs here with these arguments. */
function can(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function sizeOfSegments(dir: string): number {
  const names = readdirSync(dir).filter((name) => !/^(durable|.*\.index)$/.test(name));
  return names.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

describe('no room on the disk', () => {
  test.for([
    ['within a segment', 1 << 24],
    ['at the change of segments', 1 << 16],
  ] as const)(
    '%s: the group is refused, the journal cut back, and goes on when there is room',
    async ([, segmentBytes], context) => {
      const input = { ...testLimits, segmentBytes };
      await inFolder(async (dir) => {
        if (!can('mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir)) {
          context.skip('SKIPPED: a full disk needs the right to mount a tmpfs');
        }
        try {
          const filler = join(dir, 'filler');
          await writeFile(filler, new Uint8Array(1_000_000));
          const log = await openTest(dir, { input });
          const results = await Promise.allSettled(
            Array.from({ length: 100 }, () => log.append('telemetry', 0, [big])),
          );
          const single = async (): Promise<string> => {
            for (;;) {
              const code = await log.append('telemetry', 1, [big]).catch((error) => error.code);
              if (code === 'log_full') return code;
            }
          };
          await single();
          const refused = results.filter((result) => result.status === 'rejected');
          expect(refused[0]!.reason).toMatchObject({ code: 'log_full', retry: 'later' });
          const { bytes, fullRejections } = log.journalStats().input;
          expect(sizeOfSegments(join(dir, 'input'))).toBe(bytes);
          expect(fullRejections).toBe(refused.length + 1);
          await rm(filler);
          const { next } = await log.bounds('telemetry', 0);
          expect(await log.append('telemetry', 0, [big])).toBe(next);
          await log.close();
          const again = await openTest(dir, { input });
          expect(await readAll(again, 'telemetry', 0)).toHaveLength(next + 1);
          expect(again.journalStats().input.truncatedTails).toBe(0);
          await again.close();
        } finally {
          execFileSync('umount', [dir]);
        }
      });
    },
  );

  test('a limit on file size is taken likewise', async (context) => {
    if (!can('prlimit', '--version')) context.skip('SKIPPED: prlimit is not here');
    await inFolder(async (dir) => {
      const program = fileURLToPath(import.meta.resolve('./test-child.ts'));
      const args = ['--fsize=1000000:', process.execPath, program, 'fill', dir];
      const child = spawn('prlimit', args, { stdio: ['pipe', 'pipe', 'inherit'] });
      const told: Told[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        told.push(JSON.parse(line));
        if (told.length > 1) continue;
        execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:']);
        child.stdin.end('room\n');
      }
      expect(told).toEqual([
        { refused: 'log_full', retry: 'later', records: 33 },
        { refused: 'none', retry: 'none', records: 34 },
      ]);
    });
  });
});

test('any other failure of a write ends the journal for good, loudly', async () => {
  await inFolder(async (dir) => {
    const log = await openTest(dir);
    await log.append('telemetry', 0, [record('durable')]);
    const stop = new AbortController();
    const following = (async () => {
      for await (const _ of log.follow('telemetry', 0, 0, stop.signal));
    })();
    following.catch(() => undefined);
    // A new segment has no folder to be made in: as good as a disk that went away.
    await rename(join(dir, 'input'), join(dir, 'gone'));
    const appends = [1, 2, 3].map(() => log.append('telemetry', 0, [big]));
    for (const result of await Promise.allSettled(appends)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'log_failed' } });
    }
    await expect(following).rejects.toMatchObject({ code: 'log_failed', retry: 'never' });
    expect(log.failure?.message).toMatch(/ENOENT.*stop the process/);
    const later = log.append('telemetry', 0, [record('later')]);
    await expect(later).rejects.toMatchObject({ code: 'log_failed' });
    expect(await log.append('alerts', 0, [record('the other journal')])).toBe(0);
    await log.close();
    await rename(join(dir, 'gone'), join(dir, 'input'));
    const again = await openTest(dir);
    expect(await readAll(again, 'telemetry', 0)).toHaveLength(1);
    await again.close();
  });
});
