import type { Producer } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { defaultLimits } from './options.ts';
import { KafkaWriter } from './producer.ts';
import type { KafkaTopic } from './topics.ts';

test('partitions with ever more to send do not starve the others', async () => {
  const sent: number[][] = [];
  const topic = { name: 't', partitions: 3, batchBytes: 1_200 } as unknown as KafkaTopic;
  const record = { headers: {}, value: new Uint8Array(1_000) };
  const fill = (partition: number): void => {
    // Those that come while it closes are refused.
    writer.append(topic, partition, [record]).catch(() => {});
  };
  const producer = {
    send: async ({ messages }: { messages: readonly { partition: number }[] }) => {
      const partitions = messages.map(({ partition }) => partition);
      sent.push(partitions);
      for (const partition of partitions) {
        if (sent.length < 50 && partition !== 2) fill(partition);
      }
      return {
        offsets: partitions.map((partition) => ({ topic: 't', partition, offset: 0n })),
      };
    },
  } as unknown as Producer;
  const limits = { ...defaultLimits, sendBytes: 2_000, pendingBytes: 1e6 };
  const writer = new KafkaWriter(producer, limits, () => 0);
  for (const partition of [0, 0, 1, 1]) fill(partition);
  const quiet = writer.append(topic, 2, [record]);
  await quiet;
  expect(sent.findIndex((partitions) => partitions.includes(2))).toBeLessThan(3);
  await writer.close();
});
