import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BridgeConfig, runnerCommand } from '../../src/cli/spark/bridge-config.ts';
import { localSettings } from '../../src/cli/spark/java.ts';
import { type SparkEvent, SparkJob } from '../../src/cli/spark/job.ts';
import { hashVersion } from '../../src/core/placement.ts';
import { LineSamples } from '../../src/formats/line-samples/line-samples.ts';
import { LineRequestEncoder } from '../../src/formats/line-samples/request.ts';
import { encodeRequest } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';
import { type KafkaLog, openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { defaultTopics, outputTopics } from '../../src/log/topics.ts';
import { type Broker, startBroker } from '../../test/parts/kafka.ts';
import { labelsOf } from '../decode/fleet.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const recordSamples = 2_000;
const ballast = ['ballast-20', 'ballast-100'];
/** Processors that do not run, so that alerts and the bench's own do; and so that all do. */
export const alertsAndEwma = ['anomalies', 'events', ...ballast];
export const everything = ballast;
/** As `alertsAndEwma`, with so many bytes of state per series more. */
export const withBallast = {
  0: alertsAndEwma,
  320: without('ballast-20'),
  1664: without('ballast-100'),
};

function without(name: string): string[] {
  return alertsAndEwma.filter((other) => other !== name);
}

/** A broker, a log of `partitions`, and a folder, for Spark jobs over the same records. */
export class SparkFixture {
  readonly partitions: number;
  readonly folder: string;
  readonly broker: Broker;
  readonly log: KafkaLog;
  /** sha-256 of the bench's processors. */
  readonly bundle: string;
  readonly disabled: readonly string[];
  #jobs = 0;

  private constructor(
    partitions: number,
    folder: string,
    broker: Broker,
    log: KafkaLog,
    bundle: string,
    disabled: readonly string[],
  ) {
    this.partitions = partitions;
    this.folder = folder;
    this.broker = broker;
    this.log = log;
    this.bundle = bundle;
    this.disabled = disabled;
  }

  /** `disabled`: processors beside the bench's own that do not run; alerts do. */
  static async start(
    partitions = 4,
    disabled: readonly string[] = alertsAndEwma,
  ): Promise<SparkFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'seastate-bench-'));
    const broker = await startBroker();
    const topics = defaultTopics(partitions);
    const log = await openKafkaLog({ brokers: [broker.address], topics });
    const source = at('./processors.mjs');
    const bundle = createHash('sha256')
      .update(await readFile(source))
      .digest('hex');
    await mkdir(join(folder, 'bundles'));
    await copyFile(source, join(folder, 'bundles', `${bundle}.mjs`));
    const fixture = new SparkFixture(partitions, folder, broker, log, bundle, disabled);
    await fixture.#settings();
    return fixture;
  }

  /** The record that makes every partition run the bench's processors. */
  async #settings(): Promise<void> {
    const content = { bundle: this.bundle, disabled: this.disabled };
    const sha256 = createHash('sha256').update(JSON.stringify(content)).digest('hex');
    const value = Buffer.from(JSON.stringify({ version: 1, sha256, content }));
    for (let partition = 0; partition < this.partitions; partition++) {
      await this.log.append('telemetry', partition, [{ headers: { kind: 'settings' }, value }]);
    }
  }

  /** Appends scrapes of `series` series, 15 s apart, the last one now. */
  async fill(series: number, scrapes: number): Promise<void> {
    const perPartition = Math.floor(series / this.partitions);
    for (let partition = 0; partition < this.partitions; partition++) {
      const samples = new LineSamples(Number.POSITIVE_INFINITY);
      const encoder = new LineRequestEncoder();
      const ids: number[] = [];
      for (let i = 0; i < perPartition; i++) {
        const labels = labelsOf(partition * perPartition + i);
        ids.push(samples.byLabels(labels.map(([name, value]) => [name, value])));
      }
      const headers = {
        kind: 'samples',
        tenant: 'bench',
        cluster: `c${partition}`,
        encoding: 'snappy',
      };
      const start = Date.now() - scrapes * 15_000;
      for (let scrape = 0; scrape < scrapes; scrape++) {
        const appends: Promise<number>[] = [];
        for (let from = 0; from < perPartition; from += recordSamples) {
          const to = Math.min(perPartition, from + recordSamples);
          samples.clear();
          for (let i = from; i < to; i++) {
            samples.add(ids[i]!, start + scrape * 15_000, ((i * 7919 + scrape * 31) % 100_003) / 8);
          }
          const value = compress(encoder.encode(samples, 0, samples.count));
          appends.push(this.log.append('telemetry', partition, [{ headers, value }]));
        }
        await Promise.all(appends);
      }
    }
  }

  /** A record of `count` samples now; its first value asks the echo for an output. */
  async probe(partition: number, count: number): Promise<void> {
    const now = Date.now();
    const samples = Array.from({ length: count }, (_, i) => ({
      labels: [['__name__', 'probe'] as const, ['i', String(i)] as const],
      samples: [{ time: now, value: i === 0 ? -1 : i }],
    }));
    const headers = {
      kind: 'samples',
      tenant: 'bench',
      cluster: `c${partition}`,
      encoding: 'snappy',
    };
    const value = compress(encodeRequest(samples));
    await this.log.append('telemetry', partition, [{ headers, value }]);
  }

  async heartbeat(partition: number): Promise<void> {
    const value = Buffer.from(JSON.stringify({ partitions: this.partitions, hashVersion }));
    await this.log.append('telemetry', partition, [{ headers: { kind: 'heartbeat' }, value }]);
  }

  config(more: Partial<BridgeConfig> = {}): BridgeConfig {
    const checkpoint = pathToFileURL(join(this.folder, `checkpoint-${++this.#jobs}`)).href;
    const targets = Object.fromEntries(outputTopics.map((name) => [name, 1]));
    return {
      brokers: this.broker.address,
      kafka: {},
      checkpoint,
      triggerMs: -1,
      runners: 2,
      deadlineMs: 300_000,
      command: runnerCommand({
        node: process.execPath,
        entry: at('../../src/runner.ts'),
        heapMiB: 1024,
      }),
      stages: [{ name: 'cluster', topic: 'telemetry', partitions: this.partitions, targets }],
      ...more,
    };
  }

  /** Runs the bridge, with the bundles of the bench, or the Java peer. */
  run(config: BridgeConfig, peer: boolean, onEvent: (event: SparkEvent) => void): SparkJob {
    // The bundle is taken from the place of snapshots; snapshots themselves are not wanted there.
    const snapshots = peer ? {} : { snapshots: pathToFileURL(this.folder).href };
    const other = {
      main: 'io.seastate.spark.JavaPeer',
      classes: at('../../spark/target/test-classes'),
    };
    const spark = { ...localSettings(2), ...config.spark };
    return SparkJob.start(
      { ...config, ...snapshots, spark },
      {
        heapMiB: 2048,
        onEvent,
        ...(peer ? { other } : {}),
        ...(process.env['SEASTATE_BENCH_LOG']
          ? { onLog: (l) => process.stderr.write(`${l}\n`) }
          : {}),
      },
    );
  }

  /** Forgets the snapshots that a job left, so that the next one begins at the beginning. */
  async forget(): Promise<void> {
    await rm(join(this.folder, 'cluster'), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.log.close();
    await this.broker.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const ticksPerSecond = 100;

/** CPU seconds of a process so far: its own, and those of its children that are there. */
export async function cpuSeconds(pid: number): Promise<{ own: number; children: number }> {
  const own = await cpuOf(pid);
  let children = 0;
  for (const child of await childrenOf(pid)) children += await cpuOf(child).catch(() => 0);
  return { own, children };
}

async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((id) => readFile(`/proc/${pid}/task/${id}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
}

/** CPU seconds of a process and everything below it, ended children among them. */
export async function treeCpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (stat === '') return 0;
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  let sum = fields.reduce((total, ticks) => total + ticks, 0) / ticksPerSecond;
  for (const child of await childrenOf(pid).catch(() => [])) sum += await treeCpuSeconds(child);
  return sum;
}
