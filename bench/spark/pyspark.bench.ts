import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hasSpark, sparkJars } from '../../src/cli/spark/java.ts';
import { writeAdapterJson } from '../../src/formats/prometheus-kafka-adapter/write.ts';
import { type KafkaLog, openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { startBroker } from '../../test/parts/kafka.ts';
import type { BenchCase } from '../bench-case.ts';
import { labelsOf } from '../decode/fleet.ts';
import { treeCpuSeconds } from './fixture.ts';

/** What the peers need, in a folder that nothing else uses; made once, 850 MB. */
const packages = ['pyspark==4.2.0', 'pandas<3', 'pyarrow', 'protobuf', 'numpy'];
const venv = fileURLToPath(new URL('../../.cache/pyspark', import.meta.url));
const python = join(venv, 'bin/python');
const run = promisify(execFile);

const seriesCount = 20_000;
const topic = { name: 'samples', partitions: 4 };
const warmBatches = 2;
/** Samples of a record of packed samples. */
const packed = 2_000;

async function ensurePython(): Promise<void> {
  if (existsSync(join(venv, 'ready'))) return;
  await run('python3', ['-m', 'venv', venv]);
  await run(python, ['-m', 'pip', 'install', '-q', ...packages]);
  await run('touch', [join(venv, 'ready')]);
}

function connectorJars(): string {
  const wanted = /^(spark-sql-kafka|spark-token-provider|kafka-clients|commons-pool2)/;
  const names = readdirSync(sparkJars).filter((name) => wanted.test(name));
  return names.map((name) => join(sparkJars, name)).join(',');
}

const sampleOf = (series: number, scrape: number): number =>
  ((series * 7919 + scrape * 31) % 100_003) / 8;
const timeOf = (scrape: number): number => 1_700_000_000_000 + scrape * 15_000;

/** One JSON record per sample, as prometheus-kafka-adapter writes them. */
async function fillJson(log: KafkaLog, scrapes: number): Promise<void> {
  const labels = Array.from({ length: seriesCount }, (_, i) => labelsOf(i));
  for (let scrape = 0; scrape < scrapes; scrape++) {
    const records: NewRecord[][] = Array.from({ length: topic.partitions }, () => []);
    labels.forEach((pairs, i) => {
      const line = writeAdapterJson(pairs, timeOf(scrape), sampleOf(i, scrape));
      records[i % topic.partitions]!.push({ headers: {}, value: Buffer.from(line) });
    });
    await Promise.all(records.map((list, partition) => log.append(topic.name, partition, list)));
  }
}

/** Records of packed samples: u32 series of its partition, i64 time, f64 value. */
async function fillPacked(log: KafkaLog, scrapes: number): Promise<void> {
  const perPartition = seriesCount / topic.partitions;
  for (let scrape = 0; scrape < scrapes; scrape++) {
    const appends: Promise<number>[] = [];
    for (let partition = 0; partition < topic.partitions; partition++) {
      for (let from = 0; from < perPartition; from += packed) {
        const count = Math.min(packed, perPartition - from);
        const value = Buffer.alloc(count * 20);
        for (let i = 0; i < count; i++) {
          value.writeUInt32LE(from + i, i * 20);
          value.writeBigInt64LE(BigInt(timeOf(scrape)), i * 20 + 4);
          value.writeDoubleLE(sampleOf(partition * perPartition + from + i, scrape), i * 20 + 12);
        }
        appends.push(log.append(topic.name, partition, [{ headers: {}, value }]));
      }
    }
    await Promise.all(appends);
  }
}

interface Peer {
  readonly form: 'pandas' | 'transform' | 'numpy';
  readonly scrapes: number;
  readonly scrapesPerBatch: number;
}

/** CPU of JVM and Python together, after the first micro-batches. */
async function pyspark({ form, scrapes, scrapesPerBatch }: Peer): Promise<Record<string, number>> {
  await ensurePython();
  const broker = await startBroker();
  const log = await openKafkaLog({ brokers: [broker.address], topics: [topic] });
  try {
    await (form === 'numpy' ? fillPacked : fillJson)(log, scrapes);
    let records = 0;
    for (let p = 0; p < topic.partitions; p++) records += (await log.bounds(topic.name, p)).next;
    const args = [
      fileURLToPath(new URL('./pyspark_peer.py', import.meta.url)),
      form,
      broker.address,
      topic.name,
      join(broker.folder, 'checkpoint'),
      connectorJars(),
      String((records / scrapes) * scrapesPerBatch),
    ];
    const child = spawn(python, args, {
      stdio: ['ignore', 'pipe', process.env['SEASTATE_BENCH_LOG'] ? 'inherit' : 'ignore'],
      env: { ...process.env, PYSPARK_PYTHON: python },
    });
    const readings: Promise<{ records: number; cpu: number; time: number }>[] = [];
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (!line.startsWith('{"event"')) return;
      const { records } = JSON.parse(line) as { records: number };
      const time = performance.now();
      readings.push(treeCpuSeconds(child.pid!).then((cpu) => ({ records, cpu, time })));
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`PySpark ended with code ${code}`);
    const all = await Promise.all(readings);
    // The last reading may come when the processes are going already.
    const [from, to] = [all[warmBatches - 1]!, all.at(-2)!];
    const millions = ((to.records - from.records) / records) * scrapes * seriesCount * 1e-6;
    return {
      'CPU s/M': (to.cpu - from.cpu) / millions,
      'M samples/s': (millions / (to.time - from.time)) * 1000,
    };
  } finally {
    await log.close();
    await broker.close();
  }
}

const peer = (name: string, options: Peer): BenchCase => ({
  name: `pyspark ${name} 20k series`,
  run: () => pyspark(options),
});

export const cases: BenchCase[] = hasSpark()
  ? [
      peer('applyInPandasWithState', { form: 'pandas', scrapes: 25, scrapesPerBatch: 5 }),
      peer('transformWithStateInPandas', { form: 'transform', scrapes: 25, scrapesPerBatch: 5 }),
      peer('numpy by partition', { form: 'numpy', scrapes: 500, scrapesPerBatch: 50 }),
    ]
  : [];
