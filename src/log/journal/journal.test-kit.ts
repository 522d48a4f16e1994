import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text, utf8 } from '../../core/bytes.ts';
import type { Log, LogRecord, NewRecord } from '../log.ts';
import { type JournalLog, openJournals } from './journals.ts';
import type { JournalsOptions } from './options.ts';

/** What the tests of this folder share. */

export const testLimits = { segmentBytes: 16_384, retentionMs: 3_600_000, bytesMax: 1 << 30 };

export const testTopics = [
  { name: 'telemetry', partitions: 4 },
  { name: 'alerts', partitions: 1 },
  { name: 'x-mine', partitions: 2 },
];

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'seastate-journal-'));

export function openTest(dir: string, options: Partial<JournalsOptions> = {}): Promise<JournalLog> {
  return openJournals({
    dir,
    topics: testTopics,
    input: testLimits,
    outputs: testLimits,
    now: () => Date.now(),
    pollMs: 5,
    ...options,
  });
}

/** Runs `body` with an empty folder of its own. */
export async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await newFolder();
  try {
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export const record = (value: string, headers: NewRecord['headers'] = {}): NewRecord => ({
  headers,
  value: utf8(value),
});

export const valuesOf = (records: readonly LogRecord[]): string[] =>
  records.map(({ value }) => (value === null ? 'null' : text(value)));

/** Everything a partition holds from `offset` on, read until the head. */
export async function readAll(
  log: Log,
  topic: string,
  partition: number,
  offset?: number,
  bytesMax?: number,
): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  let at = offset ?? (await log.bounds(topic, partition)).first;
  for (;;) {
    const records = await log.read(topic, partition, at, bytesMax);
    if (records.length === 0) return all;
    all.push(...records);
    at = records.at(-1)!.offset + 1;
  }
}

/** The first `count` records that `follow` yields. */
export async function followSome(
  log: Log,
  topic: string,
  partition: number,
  offset: number,
  count: number,
): Promise<LogRecord[]> {
  const end = new AbortController();
  const all: LogRecord[] = [];
  for await (const records of log.follow(topic, partition, offset, end.signal)) {
    all.push(...records);
    if (all.length >= count) end.abort();
  }
  return all;
}
