import { readdir } from 'node:fs/promises';
import { dataLayout, snapshotsOf } from '../../config/layout.ts';
import { SeastateError } from '../../core/errors.ts';
import { keptBefore } from '../../engine/runtime/embedded/kept.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import type { StoredSnapshot } from '../../engine/runtime/embedded/snapshots.ts';
import { codeIn } from '../../engine/runtime/fed-record.ts';
import { openJournals } from '../../log/journal/journals.ts';
import type { Log, LogRecord, TopicSpec } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import { copyBundle, topicsOfBundles } from '../bundles.ts';
import { type CliContext, say } from '../context.ts';
import type { ConfigFlags } from '../flags.ts';
import { loadConfig } from '../load-config.ts';
import { openLogToRead } from '../open-log.ts';
import { runToHeads } from '../run-to-heads.ts';

export interface PullFlags extends ConfigFlags {
  readonly stage: string;
  readonly partition: number;
  readonly at?: number;
  readonly until?: number;
  readonly to: string;
}

/** Longer than any log: nothing that was pulled goes away by itself. */
const foreverMs = 100 * 365 * 86_400_000;
const sizeMax = 2 ** 50;

export async function pull(this: CliContext, flags: PullFlags): Promise<void> {
  const { stage, partition, to } = flags;
  await checkNew(to);
  const { config } = await loadConfig(this, flags);
  const from = snapshotsOf(config.process);
  const folder = dataLayout(to).snapshots;
  const log = await openLogToRead(config, this);
  try {
    const range = await rangeOf(log, flags);
    const { stored, isKept } = await snapshotBefore(log, from, flags, range.at);
    const begin = stored?.position.next ?? 0;
    const end = isKept ? begin : range.end;
    await copySnapshot(stored, from, folder, flags);
    const code = await copyBundles(log, from, folder, stored, { partition, begin, end });
    const tail = await openTail(to, [...log.topics.values(), ...code], partition, begin);
    try {
      if (isKept) {
        say(this, `the log since is gone: ${to} holds the state as it stood at offset ${begin}`);
        return;
      }
      await copyTail(log, tail, partition, begin, end);
      say(this, `partition ${partition}: offsets ${begin} to ${end} are in ${to}`);
      const { snapshots: kept, worker_buffers_size: buffersBytes } = config.process;
      const run = { log: tail.log, stage, folder, threads: 1, buffersBytes, kept };
      const why = await runToHeads({ ...run, snapshotEveryMs: Number.MAX_SAFE_INTEGER });
      if (why !== undefined) throw new SeastateError('halted', why);
      say(this, `it ran on to the end: seastate tail --data ${to} anomalies --from -30d`);
    } finally {
      await tail.log.close();
    }
  } finally {
    await log.close();
  }
}

async function checkNew(folder: string): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  if (found.length === 0) return;
  throw new SeastateError('usage', `${folder} is not empty: name a folder that is new`);
}

interface Range {
  /** Offset of the first record after the wanted time. */
  readonly at: number;
  readonly end: number;
}

async function rangeOf(log: Log, { partition, at, until }: PullFlags): Promise<Range> {
  const { next } = await log.bounds(telemetryTopic, partition);
  const offset = async (time: number | undefined): Promise<number> =>
    time === undefined
      ? next
      : Math.min(next, await log.offsetAt(telemetryTopic, partition, time + 1));
  const range = { at: await offset(at), end: await offset(until) };
  return { at: Math.min(range.at, range.end), end: range.end };
}

/** None where the log begins with nothing; `isKept`: the log since is gone. */
interface Start {
  readonly stored?: StoredSnapshot;
  readonly isKept?: boolean;
}

/** The newest snapshot at or before an offset, with the log since if that reaches back to it. */
async function snapshotBefore(
  log: Log,
  folder: string,
  { stage, partition, at: time }: PullFlags,
  at: number,
): Promise<Start> {
  const { first } = await log.bounds(telemetryTopic, partition);
  const store = snapshotStore(folder, stage, partition);
  const all = await store.list();
  const found = all.filter(({ next }) => next >= first);
  const chosen = found.findLast(({ next }) => next <= at);
  if (chosen) return { stored: await store.read(chosen.name) };
  if (first === 0) return {};
  const [kept] = time !== undefined && at <= first ? keptBefore(all, time) : [];
  if (kept) return { stored: await store.read(kept.name), isKept: true };
  const oldest = found[0]?.time;
  const when = oldest ? `; the oldest is of ${new Date(oldest).toISOString()}` : '';
  throw new SeastateError(
    'rebuild_impossible',
    `stage ${stage}, partition ${partition}: no snapshot of ${folder} is so old with the log since${when}`,
  );
}

async function copySnapshot(
  stored: StoredSnapshot | undefined,
  from: string,
  to: string,
  { stage, partition }: PullFlags,
): Promise<void> {
  const store = snapshotStore(to, stage, partition);
  // The outputs are other ones there: none so far.
  if (stored) await store.write({ ...stored, outputs: {} });
  for (const [offset, why] of await snapshotStore(from, stage, partition).skips()) {
    await store.addSkip(offset, why);
  }
}

/** Copies the bundles that the snapshot and the log since name; returns the topics they write. */
async function copyBundles(
  log: Log,
  from: string,
  to: string,
  stored: StoredSnapshot | undefined,
  range: { partition: number; begin: number; end: number },
): Promise<TopicSpec[]> {
  const names = new Set<string>([stored?.bundle ?? '']);
  for await (const record of recordsOf(log, range)) names.add(codeIn(record)?.bundle ?? '');
  names.delete('');
  for (const name of names) await copyBundle(from, to, name);
  const topics = await topicsOfBundles(to, [...names]);
  return topics.filter((name) => !log.topics.has(name)).map((name) => ({ name, partitions: 1 }));
}

async function* recordsOf(
  log: Log,
  { partition, begin, end }: { partition: number; begin: number; end: number },
): AsyncGenerator<LogRecord> {
  for (let offset = begin; offset < end; ) {
    const records = await log.read(telemetryTopic, partition, offset);
    if (records.length === 0) return;
    for (const record of records) if (record.offset < end) yield record;
    offset = records.at(-1)!.offset + 1;
  }
}

/** A log with a clock that is set by hand: records keep their times and their offsets. */
interface Tail {
  readonly log: Log;
  now: number;
}

async function openTail(
  folder: string,
  topics: readonly TopicSpec[],
  partition: number,
  begin: number,
): Promise<Tail> {
  const tail = { now: 0 } as { now: number; log: Log };
  tail.log = await openJournals({
    dir: dataLayout(folder).log,
    topics,
    input: { segmentBytes: 2 ** 26, retentionMs: foreverMs, bytesMax: sizeMax },
    begin: (topic, p) => (topic === telemetryTopic && p === partition ? begin : 0),
    now: () => tail.now,
  });
  return tail;
}

async function copyTail(from: Log, to: Tail, partition: number, begin: number, end: number) {
  let group: LogRecord[] = [];
  const flush = async (): Promise<void> => {
    const first = group[0];
    if (!first) return;
    to.now = first.timestamp;
    const offset = await to.log.append(telemetryTopic, partition, group);
    group = [];
    if (offset === first.offset) return;
    const text = `offset ${first.offset} follows ${offset - 1}: the log has a gap, it cannot be pulled`;
    throw new SeastateError('rebuild_impossible', text);
  };
  for await (const record of recordsOf(from, { partition, begin, end })) {
    if (group.length > 0 && group[0]!.timestamp !== record.timestamp) await flush();
    group.push(record);
  }
  await flush();
}
