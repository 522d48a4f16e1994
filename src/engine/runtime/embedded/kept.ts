import type { Position } from '../../position.ts';

const suffix = '.snapshot';
/** The newest ones: when the last one cannot be read, the one before it is. */
const newestKept = 2;
const hourMs = 3_600_000;

/** How many hours and days of log time back the first snapshot of each is kept. */
export interface KeptSnapshots {
  readonly hourly: number;
  readonly daily: number;
}

/** What the name of a snapshot says. */
export interface SnapshotName {
  readonly name: string;
  readonly epoch: number;
  readonly next: number;
  /** Log time, ms; undefined where it was made before any record or by an early version. */
  readonly time?: number;
}

/** EPOCH-OFFSET-TIME.snapshot: the order of names is that of the log. */
export function snapshotName({ epoch, next }: Position, time = 0): string {
  const moment = new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${pad(epoch, 6)}-${pad(next, 16)}${time > 0 ? `-${moment}` : ''}${suffix}`;
}

const pattern = /^(\d+)-(\d+)(?:-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z)?\.snapshot$/;

/** Undefined for another file. */
export function parseName(name: string): SnapshotName | undefined {
  const match = pattern.exec(name);
  if (!match) return undefined;
  const [epoch, next, year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const where = { name, epoch: epoch!, next: next! };
  if (match[3] === undefined) return where;
  return { ...where, time: Date.UTC(year!, month! - 1, day, hour, minute, second) };
}

/**
 * Names that are not to be kept, of a partition's, the oldest first: neither among the newest two
 * nor the first of an hour or day that is not too long ago. Spark's side decides in the same way:
 * kept-vectors.json is checked from both.
 */
export function expiredNames(names: readonly SnapshotName[], kept: KeptSnapshots): string[] {
  const newest = names.at(-1)?.time ?? 0;
  const seen = new Set<string>();
  /** Whether it is the first of its period, at most `count` periods before the newest one's. */
  const isFirst = (time: number, periodMs: number, count: number): boolean => {
    const period = Math.floor(time / periodMs);
    const key = `${periodMs} ${period}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return count > 0 && period >= Math.floor(newest / periodMs) - count;
  };
  return names
    .filter(({ time }, i) => {
      const isHourly = time !== undefined && isFirst(time, hourMs, kept.hourly);
      const isDaily = time !== undefined && isFirst(time, 24 * hourMs, kept.daily);
      return i < names.length - newestKept && !isHourly && !isDaily;
    })
    .map(({ name }) => name);
}

/** Those of that log time (ms) or before it, the newest first: where the log since is gone. */
export const keptBefore = (names: readonly SnapshotName[], time: number): SnapshotName[] =>
  names.filter((each) => each.time !== undefined && each.time <= time).reverse();

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
