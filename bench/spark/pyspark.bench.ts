import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sparkJars } from '../../src/cli/spark/java.ts';
import { writeAdapterJson } from '../../src/formats/prometheus-kafka-adapter/write.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { startBroker } from '../../test/parts/kafka.ts';
import type { BenchCase } from '../bench-case.ts';
import { labelsOf } from '../decode/fleet.ts';
import { treeCpuSeconds } from './fixture.ts';

/** A Python with pyspark: bench/spark/pyspark_peer.py says how to make one. */
const python = process.env['SEASTATE_BENCH_PYTHON'] ?? '';
const seriesCount = 20_000;
const scrapes = 25;
const warmBatches = 2;

function connectorJars(): string {
  const wanted = /^(spark-sql-kafka|spark-token-provider|kafka-clients|commons-pool2)/;
  const names = readdirSync(sparkJars).filter((name) => wanted.test(name));
  return names.map((name) => join(sparkJars, name)).join(',');
}

/** CPU of JVM and Python together, after the first micro-batches. */
async function pyspark(): Promise<Record<string, number>> {
  const broker = await startBroker();
  const topic = { name: 'lines', partitions: 4 };
  const log = await openKafkaLog({ brokers: [broker.address], topics: [topic] });
  try {
    const labels = Array.from({ length: seriesCount }, (_, i) => labelsOf(i));
    for (let scrape = 0; scrape < scrapes; scrape++) {
      const records: NewRecord[][] = Array.from({ length: topic.partitions }, () => []);
      const time = 1_700_000_000_000 + scrape * 15_000;
      labels.forEach((pairs, i) => {
        const line = writeAdapterJson(pairs, time, ((i * 7919 + scrape * 31) % 100_003) / 8);
        records[i % topic.partitions]!.push({ headers: {}, value: Buffer.from(line) });
      });
      await Promise.all(records.map((list, partition) => log.append(topic.name, partition, list)));
    }
    const args = [
      fileURLToPath(new URL('./pyspark_peer.py', import.meta.url)),
      broker.address,
      topic.name,
      join(broker.folder, 'checkpoint'),
      connectorJars(),
      '100000',
    ];
    const child = spawn(python, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PYSPARK_PYTHON: python },
    });
    const readings: Promise<{ records: number; cpu: number }>[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"event"')) return;
      const { records } = JSON.parse(line) as { records: number };
      readings.push(treeCpuSeconds(child.pid!).then((cpu) => ({ records, cpu })));
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`PySpark ended with code ${code}`);
    const all = await Promise.all(readings);
    // The last reading may come when the processes are going already.
    const [from, to] = [all[warmBatches - 1]!, all.at(-2)!];
    return { 'CPU s/M': ((to.cpu - from.cpu) * 1e6) / (to.records - from.records) };
  } finally {
    await log.close();
    await broker.close();
  }
}

export const cases: BenchCase[] = existsSync(python)
  ? [
      {
        name: 'pyspark applyInPandasWithState 20k series, 5 samples per series and batch',
        run: pyspark,
      },
    ]
  : [];
