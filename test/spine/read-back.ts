import { join } from 'node:path';
import { SeriesReader } from '../../src/formats/remote-write/series-reader.ts';
import { isStale } from '../../src/formats/remote-write/stale.ts';
import { decodeBody } from '../../src/formats/snappy/body-encoding.ts';
import { Scratch } from '../../src/formats/snappy/snappy.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { Log, LogRecord } from '../../src/log/log.ts';

async function withLog<T>(folder: string, read: (log: Log) => Promise<T>): Promise<T> {
  const log = await openJournals({
    dir: join(folder, 'log'),
    topics: [],
    now: Date.now,
    readOnly: true,
  });
  try {
    return await read(log);
  } finally {
    await log.close();
  }
}

async function* recordsOf(log: Log, topic: string): AsyncGenerator<LogRecord> {
  const { partitions } = log.topics.get(topic)!;
  for (let p = 0; p < partitions; p++) {
    let { first: offset, next } = await log.bounds(topic, p);
    while (offset < next) {
      for (const record of await log.read(topic, p, offset)) {
        offset = record.offset + 1;
        yield record;
      }
    }
  }
}

/** Every sample of a topic of a data folder as `label values time value`. */
export function samplesOf(folder: string, topic = 'telemetry'): Promise<Set<string>> {
  return withLog(folder, async (log) => {
    const found = new Set<string>();
    const reader = new SeriesReader();
    const scratch = new Scratch();
    for await (const { headers, value } of recordsOf(log, topic)) {
      if (headers['kind'] !== 'samples') continue;
      const columns = reader.read(decodeBody(headers['encoding']!, value!, 1 << 28, scratch));
      for (let i = 0; i < columns.length; i++) {
        const labels = reader
          .labels(columns.series[i]!)
          .map(([, text]) => text)
          .join(' ');
        const shown = isStale(columns.words, i) ? 'stale' : columns.values[i];
        found.add(`${labels} ${columns.times[i]} ${shown}`);
      }
    }
    return found;
  });
}

/** Numbered outputs of a data folder by `from topic`: number, headers and bytes, in order. */
export function outputsOf(folder: string): Promise<Record<string, string[]>> {
  return withLog(folder, async (log) => {
    const found: Record<string, string[]> = {};
    for (const { name } of log.topics.values()) {
      if (name === 'telemetry') continue;
      for await (const { headers, value } of recordsOf(log, name)) {
        const key = `${headers['from']} ${name}`;
        const lines = found[key] ?? [];
        found[key] = lines;
        lines.push(`${JSON.stringify(headers)} ${value && Buffer.from(value).toString()}`);
      }
    }
    return found;
  });
}

/** Records of one kind in a data folder's `telemetry`. */
export function recordsOfKind(folder: string, kind: string): Promise<LogRecord[]> {
  return withLog(folder, async (log) => {
    const found: LogRecord[] = [];
    for await (const record of recordsOf(log, 'telemetry')) {
      if (record.headers['kind'] === kind) found.push(record);
    }
    return found;
  });
}

/** `data` of the outputs of one topic in a data folder. */
export function dataOf(folder: string, topic: string): Promise<object[]> {
  return withLog(folder, async (log) => {
    const found: object[] = [];
    for await (const { value } of recordsOf(log, topic)) {
      if (value) found.push(JSON.parse(Buffer.from(value).toString()).data);
    }
    return found;
  });
}
