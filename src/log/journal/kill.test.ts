import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bytesEqual, utf8 } from '../../core/bytes.ts';
import { xxh32 } from '../../core/xxh32.ts';
import type { LogRecord } from '../log.ts';
import { followSome, inFolder, openTest, readAll } from './journal.test-kit.ts';
import type { JournalLog } from './journals.ts';
import { randomOf, recordOf, type Told } from './test-child.ts';

const rounds = Number(process.env.SEASTATE_KILLS ?? 5);
const seed = Number(process.env.SEASTATE_SEED ?? Date.now() % 1_000_000);

function startChild(...args: string[]): { child: ChildProcess; told: AsyncIterable<Told> } {
  const program = fileURLToPath(import.meta.resolve('./test-child.ts'));
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  return { child, told: parsed(lines) };
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<Told> {
  for await (const line of lines) if (line.endsWith('}')) yield JSON.parse(line);
}

type Acknowledged = Map<string, { topic: string; partition: number; offset: number }>;

/** Runs a writer, kills it `afterMs` after its first acknowledgement; returns all it was given. */
async function killedWriter(dir: string, run: string, afterMs: number): Promise<Acknowledged> {
  const acknowledged: Acknowledged = new Map();
  const { child, told } = startChild('write', dir, run);
  let isDoomed = false;
  for await (const each of told) {
    if (!isDoomed) setTimeout(() => child.kill('SIGKILL'), afterMs);
    isDoomed = true;
    if (!('appended' in each)) continue;
    const { topic, partition, offset, ids } = each.appended;
    ids.forEach((id, i) => {
      acknowledged.set(id, { topic, partition, offset: offset + i });
    });
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return acknowledged;
}

const topics = [
  ['telemetry', 0],
  ['telemetry', 3],
  ['alerts', 0],
  ['x-mine', 1],
] as const;

/** Every record is one that was written, whole, once, in order; and all acknowledged are there. */
async function check(
  log: JournalLog,
  acknowledged: Acknowledged,
): Promise<Map<string, LogRecord[]>> {
  const seen = new Set<string>();
  const all = new Map<string, LogRecord[]>();
  for (const [topic, partition] of topics) {
    const records = await readAll(log, topic, partition, 0);
    all.set(`${topic}/${partition}`, records);
    records.forEach((record, i) => {
      expect(record.offset).toBe(i);
      const id = record.headers.id!;
      expect(seen.has(id)).toBe(false);
      seen.add(id);
      const { value } = recordOf(id);
      expect(value === null ? record.value === null : bytesEqual(record.value!, value)).toBe(true);
      const place = acknowledged.get(id);
      if (place !== undefined) expect(place).toEqual({ topic, partition, offset: i });
    });
  }
  for (const id of acknowledged.keys()) expect(seen.has(id)).toBe(true);
  return all;
}

test(`kill -9 of the writer, ${rounds} times (seed ${seed}): nothing acknowledged is lost`, {
  timeout: 60_000 + rounds * 2000,
}, async () => {
  process.stdout.write(`kill.test.ts: SEASTATE_SEED=${seed}\n`);
  await inFolder(async (dir) => {
    const random = randomOf(seed);
    const acknowledged: Acknowledged = new Map();
    let beside: JournalLog | null = null;
    const stop = new AbortController();
    const followed: LogRecord[][] = [];
    const follows: Promise<void>[] = [];
    for (let round = 0; round < rounds; round++) {
      const more = await killedWriter(dir, `r${round}`, random() * 150);
      for (const [id, place] of more) acknowledged.set(id, place);
      const log = await openTest(dir);
      const all = await check(log, acknowledged);
      await log.close();
      // A reader in this process that stays, over the death and the return of the writers.
      beside ??= await openTest(dir, { readOnly: true });
      if (followed.length === 0) {
        for (const [topic, partition] of topics) {
          const list: LogRecord[] = [];
          followed.push(list);
          follows.push(collect(beside.follow(topic, partition, 0, stop.signal), list));
        }
      }
      if (round < rounds - 1) continue;
      for (const [topic, partition] of topics) {
        const count = all.get(`${topic}/${partition}`)!.length;
        await followSome(beside, topic, partition, 0, count);
      }
      await expect
        .poll(() => [...all.values()].every(({ length }, i) => followed[i]!.length >= length))
        .toBe(true);
      stop.abort();
      await Promise.all(follows);
      expect(followed).toEqual([...all.values()]);
    }
    await beside!.close();
    expect(acknowledged.size).toBeGreaterThanOrEqual(rounds);
  });
});

async function listOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

async function collect(
  follow: AsyncIterable<readonly LogRecord[]>,
  into: LogRecord[],
): Promise<void> {
  for await (const records of follow) into.push(...records);
}

test('two processes read while a third writes, and see the same', async () => {
  await inFolder(async (dir) => {
    const writer = startChild('write', dir, 'w', '30');
    let beside: JournalLog | null = null;
    let told: Promise<Told[]> | null = null;
    const follows: Promise<LogRecord[]>[] = [];
    for await (const _ of writer.told) {
      if (beside !== null) continue;
      beside = await openTest(dir, { readOnly: true });
      // At once: lines that come before somebody listens are lost.
      told = listOf(startChild('read', dir, 'end').told);
      for (const [topic, partition] of topics) {
        follows.push(followSome(beside, topic, partition, 0, 121));
      }
    }
    const log = await openTest(dir);
    for (const [topic, partition] of topics) {
      await log.append(topic, partition, [{ headers: { id: 'end' }, value: null }]);
    }
    const digests = new Map<string, number>();
    for (const each of await told!) {
      if ('read' in each)
        digests.set(`${each.read.topic}/${each.read.partition}`, each.read.digest);
    }
    for (const [i, [topic, partition]] of topics.entries()) {
      const records = await readAll(log, topic, partition);
      expect(await follows[i]).toEqual(records);
      expect(digests.get(`${topic}/${partition}`)).toBe(digestOf(records));
    }
    await beside!.close();
    await log.close();
  });
});

function digestOf(records: readonly LogRecord[]): number {
  let digest = 0;
  for (const { offset, headers, value } of records) {
    digest = xxh32(utf8(`${digest} ${offset} ${headers.id}`));
    if (value !== null) digest = xxh32(value, digest);
  }
  return digest;
}
