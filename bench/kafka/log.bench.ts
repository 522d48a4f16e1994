import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { startBroker } from '../../test/parts/kafka.ts';
import type { BenchCase } from '../bench-case.ts';

const partitions = 16;
const recordBytes = 32_000;
const totalBytes = 256 << 20;

/** CPU of this process per MB appended with acks=all, and read again. */
async function appendAndRead(): Promise<Record<string, number>> {
  const broker = await startBroker();
  const topic = { name: 'telemetry', partitions };
  const log = await openKafkaLog({ brokers: [broker.address], topics: [topic] });
  try {
    const record: NewRecord = {
      headers: { kind: 'samples', tenant: 'bench', cluster: 'c', encoding: 'snappy' },
      value: Buffer.alloc(recordBytes, 7),
    };
    const count = Math.floor(totalBytes / recordBytes);
    const megabytes = (count * recordBytes) / 1e6;
    let cpu = process.cpuUsage();
    let start = performance.now();
    const lane = async (first: number): Promise<void> => {
      for (let n = first; n < count; n += 64) {
        await log.append(topic.name, n % partitions, [record]);
      }
    };
    await Promise.all(Array.from({ length: 64 }, (_, first) => lane(first)));
    const appended = process.cpuUsage(cpu);
    const appendSeconds = (performance.now() - start) / 1000;
    cpu = process.cpuUsage();
    start = performance.now();
    for (let partition = 0; partition < partitions; partition++) {
      for (let at = 0; ; ) {
        const records = await log.read(topic.name, partition, at);
        if (records.length === 0) break;
        at = records.at(-1)!.offset + 1;
      }
    }
    const read = process.cpuUsage(cpu);
    return {
      'append CPU ms/MB': (appended.user + appended.system) / 1000 / megabytes,
      'append MB/s': megabytes / appendSeconds,
      'read CPU ms/MB': (read.user + read.system) / 1000 / megabytes,
      'read MB/s': megabytes / ((performance.now() - start) / 1000),
    };
  } finally {
    await log.close();
    await broker.close();
  }
}

/** Time to the acknowledgement of single records, one after the other. */
async function latency(): Promise<Record<string, number>> {
  const broker = await startBroker();
  const topic = { name: 'telemetry', partitions: 1 };
  const log = await openKafkaLog({ brokers: [broker.address], topics: [topic] });
  try {
    const times: number[] = [];
    for (let n = 0; n < 1_200; n++) {
      const start = performance.now();
      await log.append(topic.name, 0, [{ headers: {}, value: Buffer.alloc(1_000) }]);
      if (n >= 200) times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return { 'p50 ms': times[500]!, 'p99 ms': times[990]! };
  } finally {
    await log.close();
    await broker.close();
  }
}

export const cases: BenchCase[] = [
  { name: 'kafka append and read', run: appendAndRead },
  { name: 'kafka acknowledgement', run: latency },
];
