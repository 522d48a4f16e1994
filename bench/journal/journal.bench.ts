import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JournalLog, openJournals } from '../../src/log/journal/journals.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { defaultTopics } from '../../src/log/topics.ts';
import type { BenchCase } from '../bench-case.ts';

const partitions = 16;
const mebi = 1024 * 1024;
/** A request of 2,000 samples, about: what a gateway appends. */
const valueBytes = 40_000;

const headers = {
  kind: 'samples',
  tenant: 'default',
  cluster: '9d5b7a52-3f0c-4c1d-8a57-0b9cf9a1c001',
  encoding: 'snappy',
};

async function inFolder<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'seastate-bench-'));
  try {
    return await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const open = (dir: string, cacheBytes?: number): Promise<JournalLog> =>
  openJournals({
    dir,
    topics: defaultTopics(partitions),
    now: () => Date.now(),
    ...(cacheBytes !== undefined && { cacheBytes }),
  });

/** Bytes that look compressed, and differ. */
function newRecord(length: number, seed: number): NewRecord {
  const value = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    value[i] = state >>> 24;
  }
  return { headers, value };
}

const samples = Array.from({ length: 32 }, (_, i) => newRecord(valueBytes, i));

const cpuMicros = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

/** `count` records over all partitions, at most `atOnce` of them waiting. */
async function fill(log: JournalLog, records: readonly NewRecord[], count: number, atOnce: number) {
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      await log.append('telemetry', i % partitions, [records[i % records.length]!]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
}

async function append(length: number, count: number, atOnce: number) {
  const records = samples.map((_, i) => newRecord(length, i));
  return inFolder(async (dir) => {
    const log = await open(dir);
    await fill(log, records, Math.ceil(count / 10), atOnce);
    const { groups: groupsBefore, syncMs: syncBefore } = log.journalStats().input;
    const cpu = process.cpuUsage();
    const start = performance.now();
    await fill(log, records, count, atOnce);
    const seconds = (performance.now() - start) / 1000;
    const micros = cpuMicros(cpu);
    const { groups, syncMs } = log.journalStats().input;
    await log.close();
    return {
      cpuMicrosPerRecord: micros / count,
      cpuMicrosPerMB: micros / ((count * length) / 1e6),
      recordsPerSecond: count / seconds,
      megabytesPerSecond: (count * length) / 1e6 / seconds,
      groupsPerSecond: (groups - groupsBefore) / seconds,
      syncShareOfTime: (syncMs - syncBefore) / 1000 / seconds,
    };
  });
}

/** One append at a time, now and then: what a sender waits for on an idle machine. */
async function latency() {
  return inFolder(async (dir) => {
    const log = await open(dir);
    const took: number[] = [];
    for (let i = 0; i < 220; i++) {
      await sleep(5);
      const start = performance.now();
      await log.append('telemetry', i % partitions, [samples[i % samples.length]!]);
      if (i >= 20) took.push(performance.now() - start);
    }
    took.sort((a, b) => a - b);
    const { syncMs, groups } = log.journalStats().input;
    await log.close();
    const at = (share: number): number => took[Math.floor(took.length * share)]!;
    return { p50Ms: at(0.5), p99Ms: at(0.99), meanSyncMs: syncMs / groups };
  });
}

/** Follows one partition of 16, or scans all, from the disk. */
async function readBack() {
  const count = 8000;
  return inFolder(async (dir) => {
    let log = await open(dir);
    await fill(log, samples, count, 256);
    await log.close();
    log = await open(dir, 0);
    const megabytes = (count * valueBytes) / 1e6;
    const one = await measured(async () => {
      for (let offset = 0; ; ) {
        const records = await log.read('telemetry', 3, offset);
        if (records.length === 0) return;
        offset = records.at(-1)!.offset + 1;
      }
    });
    const from = Array.from({ length: partitions }, (_, partition) => ({
      topic: 'telemetry',
      partition,
      offset: 0,
    }));
    const all = await measured(async () => {
      await log.scan('input', from, () => undefined);
    });
    await log.close();
    return {
      scanMegabytesPerSecond: megabytes / (all.ms / 1000),
      scanCpuMicrosPerMB: all.micros / megabytes,
      onePartitionFileMegabytesPerSecond: megabytes / (one.ms / 1000),
      onePartitionCpuMicrosPerMB: one.micros / (megabytes / partitions),
    };
  });
}

async function measured(body: () => Promise<void>): Promise<{ ms: number; micros: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await body();
  return { ms: performance.now() - start, micros: cpuMicros(cpu) };
}

/** How long it takes to be ready with many segments: 160 is 10 GB of segments of 64 MiB. */
async function openMany() {
  return inFolder(async (dir) => {
    const limits = { segmentBytes: mebi, retentionMs: 1e9, bytesMax: 100_000 * mebi };
    const options = {
      dir,
      topics: defaultTopics(partitions),
      now: () => Date.now(),
      input: limits,
    };
    let log = await openJournals(options);
    await fill(log, samples, 160 * 25, 256);
    const { segments } = log.journalStats().input;
    await log.close();
    const opened = await measured(async () => {
      log = await openJournals(options);
    });
    await log.close();
    const full = await inFolder(async (other) => {
      const one = await open(other);
      await fill(one, samples, 1600, 256);
      await one.close();
      return measured(async () => (await open(other)).close());
    });
    return { segments, openMs: opened.ms, openFullTail64MiBMs: full.ms };
  });
}

export const cases: BenchCase[] = [
  { name: 'journal append 40 kB, 64 at once', run: () => append(valueBytes, 12_000, 64) },
  { name: 'journal append 40 kB, 8 at once', run: () => append(valueBytes, 6000, 8) },
  { name: 'journal append 500 B, 256 at once', run: () => append(500, 40_000, 256) },
  { name: 'journal append latency, light load', run: latency },
  { name: 'journal read', run: readBack },
  { name: 'journal open', run: openMany },
];
