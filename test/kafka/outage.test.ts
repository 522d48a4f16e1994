import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { afterEach, describe, expect, test } from 'vitest';
import type { KafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { KafkaLimits } from '../../src/log/kafka/options.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { type Broker, hasKafka, startBroker, startCluster } from '../parts/kafka.ts';

const topics = [{ name: 'telemetry', partitions: 2 }];
const record = (text: string): NewRecord => ({ headers: {}, value: Buffer.from(text) });
/** Three brokers on a busy machine take minutes to start. */
const slow = { timeout: 360_000 };
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!hasKafka())('brokers that fail', () => {
  const brokers: Broker[] = [];
  const logs: KafkaLog[] = [];
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close();
    await Promise.all(brokers.splice(0).map((broker) => broker.close()));
  });

  async function open(limits: Partial<KafkaLimits>): Promise<KafkaLog> {
    const addresses = brokers.map((broker) => broker.address);
    const log = await openKafkaLog({ brokers: addresses, topics, limits });
    logs.push(log);
    return log;
  }

  /**
   * Appends numbers one after another while `trouble` happens, and afterwards some more. What was
   * acknowledged must be there, in order, once; what was refused may be there.
   */
  async function appendThrough(log: KafkaLog, trouble: () => Promise<void>) {
    const acknowledged: number[] = [];
    const codes = new Set<string>();
    let stop = false;
    const appending = (async () => {
      for (let i = 0; !stop; i++) {
        await log
          .append('telemetry', 1, [record(String(i))])
          .then(() => acknowledged.push(i))
          .catch((error) => codes.add(error.code));
        await sleep(10);
      }
    })();
    await sleep(300);
    await trouble();
    const soFar = acknowledged.length;
    await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(soFar + 20);
    stop = true;
    await appending;
    // With limits that no machine reaches.
    const reader = await open({});
    const { next } = await reader.bounds('telemetry', 1);
    const written: number[] = [];
    for (let at = 0; at < next; ) {
      const records = await reader.read('telemetry', 1, at);
      written.push(...records.map((one) => Number(Buffer.from(one.value!).toString())));
      at = records.at(-1)!.offset + 1;
    }
    const wanted = new Set(acknowledged);
    expect(written.filter((number) => wanted.has(number))).toEqual(acknowledged);
    return { codes, acknowledged };
  }

  test('a broker killed and started again: refused meanwhile, then on as before', async () => {
    const [broker] = [await startBroker()];
    brokers.push(broker!);
    const log = await open({ deadlineMs: 1_000, pendingBytes: 50_000 });
    const stop = new AbortController();
    const followed: number[] = [];
    const following = (async () => {
      for await (const records of log.follow('telemetry', 1, 0, stop.signal)) {
        followed.push(...records.map((one) => one.offset));
      }
    })();
    const { codes } = await appendThrough(log, async () => {
      await broker!.kill();
      const many = Array.from({ length: 40 }, () =>
        log.append('telemetry', 0, [record('x'.repeat(4_000))]).then(
          () => '',
          (e) => e.message,
        ),
      );
      const messages = await Promise.all(many);
      expect(messages.every((message) => message !== '')).toBe(true);
      expect(messages.at(-1)).toContain('bytes wait for the brokers already');
      expect(log.pendingBytes).toBeLessThanOrEqual(50_000);
      await broker!.restart();
    });
    expect([...codes]).toEqual(['log_unavailable']);
    const { next } = await log.bounds('telemetry', 1);
    // What was refused at last may be written a moment later.
    await expect.poll(() => followed.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(next);
    expect(followed).toEqual(followed.map((_, i) => i));
    stop.abort();
    await following;
  });

  test('a broker that hangs: refused at the deadline, then on as before', async () => {
    const [broker] = [await startBroker()];
    brokers.push(broker!);
    const log = await open({ deadlineMs: 1_000, requestTimeoutMs: 1_500 });
    const { codes } = await appendThrough(log, async () => {
      broker!.pause();
      await sleep(4_000);
      broker!.resume();
    });
    expect([...codes]).toEqual(['log_unavailable']);
  });

  test('a disk that takes no more: refused, nothing acknowledged is lost', async () => {
    const broker = await startBroker();
    brokers.push(broker);
    const log = await open({ deadlineMs: 1_000 });
    const big = record('x'.repeat(500_000));
    const taken = (each: NewRecord) =>
      expect
        .poll(
          () =>
            log.append('telemetry', 0, [each]).then(
              () => 'ok',
              (e) => e.code,
            ),
          {
            timeout: 60_000,
          },
        )
        .toBe('ok');
    // A young broker on a busy machine may take longer than the deadline.
    await taken(big);
    // No file of the broker may grow beyond this: its writes fail as on a full disk.
    await promisify(execFile)('prlimit', ['--pid', String(broker.pid), '--fsize=1000000']);
    let acknowledged = 1;
    let refused = '';
    while (refused === '' && acknowledged < 20) {
      await log.append('telemetry', 0, [big]).then(
        () => acknowledged++,
        (error) => {
          refused = error.code;
        },
      );
    }
    expect(refused).toBe('log_unavailable');
    await broker.restart();
    await taken(record('after'));
    expect((await log.bounds('telemetry', 0)).next).toBeGreaterThanOrEqual(acknowledged + 1);
  });

  test('three brokers, the leader is killed: another leads, nothing is lost', slow, async () => {
    brokers.push(...(await startCluster(3)));
    const log = await open({ deadlineMs: 30_000 });
    const { codes } = await appendThrough(log, async () => {
      const victim = brokers[await leaderOf(log)]!;
      await victim.kill();
    });
    expect([...codes]).toEqual([]);
  });

  test('topics that were made while a broker was away are told when it is back', slow, async () => {
    brokers.push(...(await startCluster(3)));
    const addresses = brokers.map(({ address }) => address);
    const told: object[] = [];
    const openAt = async (at: readonly string[], ...names: string[]): Promise<void> => {
      const wanted = names.map((name) => ({ name, partitions: 2 }));
      const warn = (_message: string, details: object): void => void told.push(details);
      logs.push(await openKafkaLog({ brokers: at, topics: wanted, warn }));
    };
    await brokers[2]!.kill();
    const left = addresses.slice(0, 2);
    await expect.poll(() => counted(left), { timeout: 60_000 }).toEqual([2, 2]);
    await openAt(left, 'telemetry');
    expect(told).toEqual([]);
    await brokers[2]!.restart();
    await expect.poll(() => counted(addresses), { timeout: 60_000 }).toEqual([3, 3, 3]);
    await openAt(addresses, 'telemetry', 'alerts');
    expect(told).toEqual([{ replicas: { telemetry: 2 }, wanted: 3 }]);
  });
});

/** How many brokers each of these counts. */
const counted = (addresses: readonly string[]): Promise<number[]> =>
  Promise.all(
    addresses.map(async (address) => {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: [address] });
      try {
        return (await admin.metadata({ topics: [] })).brokers.size;
      } finally {
        await admin.close();
      }
    }),
  );

/** Index of the broker that leads telemetry/1. */
async function leaderOf(log: KafkaLog): Promise<number> {
  return (await log.leader('telemetry', 1)) - 1;
}
