import type { Log, LogRecord } from '../../log/log.ts';

export interface RecordRange {
  readonly topic: string;
  /** Log time, ms. */
  readonly from: number;
  readonly to: number;
}

/** A batch of records of one partition. */
export interface Batch {
  readonly partition: number;
  readonly records: readonly LogRecord[];
}

/** What is in the log now, of all partitions of a topic, in the order of log time. */
export async function* recordsNow(log: Log, range: RecordRange): AsyncIterable<Batch> {
  const cursors = await Promise.all(
    partitionsOf(log, range.topic).map(async (partition) => {
      const { next } = await log.bounds(range.topic, partition);
      const offset = await log.offsetAt(range.topic, partition, range.from);
      const records: LogRecord[] = [];
      return { partition, offset, next, records };
    }),
  );
  for (;;) {
    for (const cursor of cursors) {
      if (cursor.records.length > 0 || cursor.offset >= cursor.next) continue;
      const batch = await log.read(range.topic, cursor.partition, cursor.offset);
      cursor.records = batch.filter(({ offset }) => offset < cursor.next);
      cursor.offset = (batch.at(-1)?.offset ?? cursor.next) + 1;
    }
    const waiting = cursors.filter(({ records }) => records.length > 0);
    if (waiting.length === 0) return;
    const first = waiting.reduce((a, b) =>
      b.records[0]!.timestamp < a.records[0]!.timestamp ? b : a,
    );
    const record = first.records.shift()!;
    if (record.timestamp >= range.to) first.records.length = 0;
    else yield { partition: first.partition, records: [record] };
  }
}

/** Calls `onBatch` for what is in the log and what comes, until `signal` aborts. */
export async function followRecords(
  log: Log,
  range: RecordRange,
  signal: AbortSignal,
  onBatch: (batch: Batch) => Promise<void>,
): Promise<void> {
  const following = partitionsOf(log, range.topic).map(async (partition) => {
    const offset = await log.offsetAt(range.topic, partition, range.from);
    for await (const records of log.follow(range.topic, partition, offset, signal)) {
      const wanted = records.filter(({ timestamp }) => timestamp < range.to);
      if (wanted.length > 0) await onBatch({ partition, records: wanted });
      if (wanted.length < records.length || signal.aborted) return;
    }
  });
  await Promise.all(following);
}

function partitionsOf(log: Log, topic: string): number[] {
  const count = log.topics.get(topic)?.partitions ?? 0;
  return Array.from({ length: count }, (_, partition) => partition);
}
