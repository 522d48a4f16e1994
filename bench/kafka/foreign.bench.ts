import { Producer } from '@platformatic/kafka';
import type { TopicFormat } from '../../src/config/sources.ts';
import { writeAdapterJson } from '../../src/formats/prometheus-kafka-adapter/write.ts';
import { writeVectorJson, writeVectorText } from '../../src/formats/vector/write.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { RecordReader } from '../../src/sources/kafka-topic/made.ts';
import { recordReader } from '../../src/sources/kafka-topic/records.ts';
import { TopicSource } from '../../src/sources/kafka-topic/topic-source.ts';
import { startBroker } from '../../test/parts/kafka.ts';
import type { BenchCase } from '../bench-case.ts';
import { cpuNsPerUnit } from '../cpu.ts';
import { entriesOf } from '../decode/fleet.ts';
import { takesAll } from './takes-all.ts';

const seriesCount = 20_000;
const writers = {
  'vector-text': writeVectorText,
  'vector-json': writeVectorJson,
  'prometheus-kafka-adapter-json': writeAdapterJson,
} as const;
type LineName = keyof typeof writers;

/** One record per series, in one buffer, as a fetch gives them. */
function recordsOf(format: LineName, timeMs: number): Buffer[] {
  const write = writers[format];
  const lines = entriesOf(0, seriesCount, timeMs).map(({ labels, samples }) => {
    const value = samples![0]!.value;
    return Buffer.from(write(labels, timeMs, value === 'stale' ? 0 : value));
  });
  const whole = Buffer.concat(lines);
  let end = 0;
  return lines.map((line) => {
    end += line.length;
    return whole.subarray(end - line.length, end);
  });
}

const placed = (values: readonly Buffer[]) =>
  values.map((value, offset) => ({
    partition: 0,
    record: { offset, timestamp: 0, headers: {}, value },
  }));

/** Records to requests for the gateway: parse, encode, compress. */
async function decode(format: LineName): Promise<Record<string, number>> {
  const scrapes = [0, 15_000].map((ms) => placed(recordsOf(format, 1_700_000_000_250 + ms)));
  const reader: RecordReader = recordReader({
    format,
    requestSamples: 20_000,
    decodedBytesMax: 1 << 26,
    events: { rule: { fields: [], cluster: undefined }, bytesMax: 1 << 22, now: Date.now },
  });
  let turn = 0;
  const ns = cpuNsPerUnit(seriesCount, () => reader.read(scrapes[turn++ % 2]!));
  return { 'CPU s/M': ns / 1000, 'B/record': scrapes[0]![0]!.record.value.length };
}

/** From a topic of a real broker, with fetch, merge and commits; the gateway answers at once. */
async function source(format: TopicFormat & LineName): Promise<Record<string, number>> {
  const broker = await startBroker();
  const topic = { name: 'foreign', partitions: 4 };
  const kafka = { brokers: [broker.address] };
  const log = await openKafkaLog({ ...kafka, topics: [topic] });
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: kafka.brokers });
  const scrapes = 25;
  try {
    for (let n = 0; n < scrapes; n++) {
      const timestamp = 1_700_000_000_000 + n * 15_000;
      const messages = recordsOf(format, timestamp).map((value, i) => ({
        topic: topic.name,
        partition: i % topic.partitions,
        value,
      }));
      for (let at = 0; at < messages.length; at += 5_000) {
        await producer.send({ acks: -1, messages: messages.slice(at, at + 5_000) });
      }
    }
    const total = scrapes * seriesCount;
    const reader = await TopicSource.open(
      {
        name: 'bench',
        tenant: 'default',
        kafka,
        topic: topic.name,
        format,
        group: 'bench',
        start: 'earliest',
        holdMs: 500,
      },
      takesAll,
    );
    const running = reader.run();
    const until = async (samples: number): Promise<void> => {
      while (reader.counters.samples < samples) await new Promise((r) => setTimeout(r, 2));
    };
    // The first scrapes teach the series.
    await until(total / 5);
    const first = reader.counters.samples;
    const before = process.cpuUsage();
    await until(total);
    const { user, system } = process.cpuUsage(before);
    await reader.close();
    await running;
    return { 'CPU s/M': (user + system) / (total - first) };
  } finally {
    await producer.close();
    await log.close();
    await broker.close();
  }
}

export const cases: BenchCase[] = (Object.keys(writers) as LineName[]).flatMap((format) => [
  { name: `kafka decode ${format}`, run: () => decode(format) },
  { name: `kafka source ${format}`, run: () => source(format) },
]);
