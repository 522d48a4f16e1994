import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expiredNames, keptBefore, parseName, type SnapshotName, snapshotName } from './kept.ts';

const vectors = JSON.parse(
  readFileSync(new URL('./kept-vectors.json', import.meta.url), 'utf8'),
) as {
  names: { name: string; epoch: number; next: number; time: number }[];
  expired: {
    what: string;
    kept: { hourly: number; daily: number };
    written: string[];
    left: string[];
  }[];
};
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const positionOf = (next: number, epoch = 0) => ({ epoch, next, digest: new Uint8Array(32) });

/** What is left when snapshots are written one after the other. */
function written(names: readonly string[], kept: { hourly: number; daily: number }) {
  let left: SnapshotName[] = [];
  for (const name of names) {
    left.push(parseName(name)!);
    const expired = new Set(expiredNames(left, kept));
    left = left.filter((each) => !expired.has(each.name));
  }
  return left;
}

test.each(vectors.names)('$name says where and when', ({ name, epoch, next, time }) => {
  expect(snapshotName(positionOf(next, epoch), time)).toBe(name);
  expect(parseName(name)).toEqual({
    name,
    epoch,
    next,
    ...(time > 0 && { time: Math.floor(time / 1000) * 1000 }),
  });
});

test.each(vectors.expired)('$what', ({ kept, written: names, left }) => {
  expect(written(names, kept).map(({ name }) => name)).toEqual(left);
});

test('other files are none of them', () => {
  for (const name of ['skips.json', '0-1.snapshot.tmp', '.0-1.snapshot.crc', 'a-b.snapshot']) {
    expect(parseName(name)).toBeUndefined();
  }
});

test('a month of snapshots every five minutes: few are left, and each hour and day has its start', () => {
  const begin = Date.UTC(2026, 9, 1, 7, 2);
  const end = begin + 30 * dayMs;
  const names: string[] = [];
  for (let time = begin; time <= end; time += 300_000) {
    names.push(snapshotName(positionOf(names.length), time));
  }
  const left = written(names, { hourly: 6, daily: 7 });
  expect(left.length).toBeLessThanOrEqual(2 + 7 + 8);
  const nearest = (time: number) => keptBefore(left, time)[0]?.time ?? 0;
  for (let back = 0; back <= 6 * hourMs; back += 60_000) {
    expect(end - back - nearest(end - back)).toBeLessThanOrEqual(hourMs + 300_000);
  }
  for (let back = 0; back <= 7 * dayMs; back += hourMs) {
    expect(end - back - nearest(end - back)).toBeLessThanOrEqual(dayMs + 300_000);
  }
});
