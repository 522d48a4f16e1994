import { Producer } from '@platformatic/kafka';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { TopicSource } from '../../src/sources/kafka-topic/topic-source.ts';
import { startBroker } from '../../test/parts/kafka.ts';
import type { BenchCase } from '../bench-case.ts';
import { logLines } from '../events/filter.ts';
import { takesAll } from './takes-all.ts';

const rounds = 20;

/**
 * A topic of platform logs with one Kubernetes event in a thousand, from a real broker: fetch,
 * merge, filter, commits. MB per second of CPU time of this process, and of the clock.
 */
async function source(): Promise<Record<string, number>> {
  const broker = await startBroker();
  const topic = { name: 'logs', partitions: 4 };
  const kafka = { brokers: [broker.address] };
  const log = await openKafkaLog({ ...kafka, topics: [topic] });
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: kafka.brokers });
  try {
    const values = logLines().map((line) => Buffer.from(line));
    const bytes = rounds * values.reduce((sum, { length }) => sum + length, 0);
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < values.length; at += 2_000) {
        const messages = values
          .slice(at, at + 2_000)
          .map((value, i) => ({ topic: topic.name, partition: i % topic.partitions, value }));
        await producer.send({ acks: -1, messages });
      }
    }
    const total = rounds * values.length;
    const reader = await TopicSource.open(
      {
        ...{ name: 'bench', tenant: 'default', kafka, topic: topic.name, group: 'bench' },
        ...{ format: 'kubernetes-events', start: 'earliest', holdMs: 500 },
        clusters: { fields: [], cluster: 'c1' },
      },
      takesAll,
    );
    const running = reader.run();
    const until = async (records: number): Promise<void> => {
      while (reader.counters.records < records) await new Promise((r) => setTimeout(r, 2));
    };
    await until(total / 5);
    const first = reader.counters.records;
    const before = process.cpuUsage();
    const start = performance.now();
    await until(total);
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - start) / 1000;
    const megabytes = (bytes * (1 - first / total)) / 1e6;
    await reader.close();
    await running;
    const missed = total / 1000 - reader.counters.events;
    return {
      'MB/CPU s': megabytes / ((user + system) / 1e6),
      'MB/s': megabytes / seconds,
      'events missed': missed,
    };
  } finally {
    await producer.close();
    await log.close();
    await broker.close();
  }
}

export const cases: BenchCase[] = [
  { name: 'kafka source kubernetes-events among platform logs', run: source },
];
