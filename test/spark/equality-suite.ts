import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BridgeConfig, runnerCommand } from '../../src/cli/spark/bridge-config.ts';
import { EmbeddedRuntime } from '../../src/engine/runtime/embedded/runtime.ts';
import { type KafkaLog, openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { Log } from '../../src/log/log.ts';
import { defaultTopics, outputTopics } from '../../src/log/topics.ts';
import { MemoryLog } from '../../src/testing/memory-log.ts';
import { fleetRecords } from '../parts/fleet-records.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';
import { readAll, readNumbered } from '../parts/numbered.ts';
import { hasSpark, type StartedSpark, startSpark, temporaryFolder } from '../parts/spark.ts';

const partitions = 4;
const topics = defaultTopics(partitions);
const targets = Object.fromEntries(outputTopics.map((name) => [name, 1]));
const runnerEntry = new URL('../../src/runner.ts', import.meta.url);
/** A busy machine takes minutes for what an idle one does in seconds. */
const slowMs = 240_000;
const seed = Number(process.env['SEASTATE_SEED'] ?? Date.now() % 1_000_000);
// So that a failure can be run again.
process.stdout.write(`equality test: SEASTATE_SEED=${seed}\n`);
let random = seed;
const pick = (below: number): number => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
  return (random >>> 8) % below;
};

/** Output topics of a runtime at the brokers, so that several read one `telemetry`. */
const namesOf = (runtime: string) =>
  Object.fromEntries(outputTopics.map((name) => [name, `${runtime}.${name}`]));

describe.skipIf(!hasSpark() || !hasKafka())(
  'one log, several runtimes',
  { timeout: 2 * slowMs },
  () => {
    let broker: Broker;
    let folder: { path: string; close: () => Promise<void> };
    let sparkLog: KafkaLog;
    let spark: StartedSpark | undefined;
    const runtimes: EmbeddedRuntime[] = [];
    const warnings: string[] = [];
    let round = 0;
    let kills = 0;

    beforeAll(async () => {
      broker = await startBroker();
      folder = await temporaryFolder();
      sparkLog = await openKafkaLog({ brokers: [broker.address], topics, names: namesOf('spark') });
    });
    afterAll(async () => {
      for (const runtime of runtimes) await runtime.kill();
      await spark?.job.kill();
      await sparkLog?.close();
      await broker?.close();
      await folder?.close();
    });

    const config = (more: Partial<BridgeConfig> = {}): BridgeConfig => ({
      brokers: broker.address,
      kafka: {},
      checkpoint: pathToFileURL(join(folder.path, 'checkpoint')).href,
      snapshots: pathToFileURL(join(folder.path, 'snapshots')).href,
      triggerMs: 0,
      snapshotEveryMs: 15_000,
      deadlineMs: 20_000,
      runners: 2,
      command: runnerCommand({ node: process.execPath, entry: fileURLToPath(runnerEntry) }),
      stages: [
        { name: 'cluster', topic: 'telemetry', partitions, targets, names: namesOf('spark') },
      ],
      ...more,
    });

    async function scrape(rounds: number): Promise<void> {
      for (; rounds > 0; rounds--, round++) {
        const appends: Promise<number>[] = [];
        for (let partition = 0; partition < partitions; partition++) {
          for (const record of fleetRecords(partition, round, Date.now())) {
            appends.push(sparkLog.append('telemetry', partition, [record]));
          }
        }
        await Promise.all(appends);
      }
    }

    function embedded(log: Log, place: string, snapshotEveryMs = 15_000): EmbeddedRuntime {
      const runtime = new EmbeddedRuntime({
        log,
        stage: 'cluster',
        topic: 'telemetry',
        folder: join(folder.path, place),
        entry: runnerEntry,
        threads: 2,
        heapMiB: 256,
        snapshotEveryMs,
        deadlineMs: 20_000,
        warn: (message, details) => warnings.push(`${message} ${JSON.stringify(details)}`),
      });
      runtimes.push(runtime);
      runtime.start();
      return runtime;
    }

    async function caughtUp(runtime: EmbeddedRuntime, log: Log): Promise<void> {
      const lagging = async () => {
        const heads = await Promise.all(
          runtime.status().map(({ partition }) => log.bounds('telemetry', partition)),
        );
        const behind = runtime.status().filter(({ next }, i) => next !== heads[i]!.next);
        const halted = behind.find(({ state }) => state === 'halted');
        if (halted) throw new Error(halted.error);
        return behind.length;
      };
      await expect.poll(lagging, { timeout: slowMs, interval: 50 }).toBe(0);
    }

    /** The same records with the same times in a log of another kind, run without a break. */
    async function uninterrupted() {
      let now = 0;
      const log = new MemoryLog(topics, () => now);
      for (let partition = 0; partition < partitions; partition++) {
        for (const record of await readAll(sparkLog, 'telemetry', partition)) {
          now = record.timestamp;
          await log.append('telemetry', partition, [record]);
        }
      }
      const runtime = embedded(log, `reference-${round}`);
      await caughtUp(runtime, log);
      await runtime.stop();
      return (await readNumbered(log, outputTopics)).outputs;
    }

    const counted = (outputs: ReadonlyMap<string, readonly string[]>): number =>
      [...outputs.values()].reduce((sum, list) => sum + list.length, 0);

    /** Waits until Spark's outputs are those of the reference. */
    async function equal(): Promise<void> {
      const wanted = await uninterrupted();
      await expect
        .poll(
          async () =>
            spark!.events.find((event) => event.event === 'failed') ??
            counted((await readNumbered(sparkLog, outputTopics)).outputs),
          { timeout: slowMs, interval: 300 },
        )
        .toBe(counted(wanted));
      expect((await readNumbered(sparkLog, outputTopics)).outputs).toEqual(wanted);
    }

    /** Whether it was still there to be killed. */
    function killed(pid: number): boolean {
      try {
        return process.kill(pid, 'SIGKILL');
      } catch {
        return false;
      }
    }

    /** Process ids of the runners: the children of the JVM. */
    async function runnerPids(): Promise<number[]> {
      const { pid } = spark!.job;
      const threads = await readdir(`/proc/${pid}/task`);
      const lists = threads.map((thread) =>
        readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
      );
      const children = (await Promise.all(lists)).join(' ').split(/\s+/).filter(Boolean);
      const runners: number[] = [];
      for (const child of children) {
        const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
        if (command.includes('runner.ts')) runners.push(Number(child));
      }
      return runners;
    }

    /** Outputs in the log so far, repeats among them. */
    async function outputEnds(): Promise<number> {
      const ends = await Promise.all(outputTopics.map((topic) => sparkLog.bounds(topic, 0)));
      return ends.reduce((sum, { next }) => sum + next, 0);
    }
    const batches = () => spark!.events.filter((event) => event.event === 'progress').length;

    test('Spark, with its runners killed at random, makes what embedded makes', async () => {
      spark = startSpark(config());
      await scrape(3);
      await equal();
      while (kills < 10) {
        const before = batches();
        await scrape(1 + pick(3));
        if (pick(2) === 0) await sleep(pick(300));
        const pids = await runnerPids();
        if (pids.length > 0 && killed(pids[pick(pids.length)]!)) kills++;
        if (pick(3) === 0) await expect.poll(batches, { timeout: slowMs }).toBeGreaterThan(before);
      }
      await equal();
      expect(spark.log.join('\n')).toMatch(/runner \d+: /);
    });

    test('driver and broker killed, micro-batches of other sizes: still equal', async () => {
      const before = await outputEnds();
      const scraping = scrape(30);
      while ((await outputEnds()) === before);
      await spark!.job.kill();
      await scraping;
      spark = startSpark(config({ maxOffsetsPerTrigger: 13, tailBytesMax: 100_000 }));
      await expect.poll(batches, { timeout: slowMs }).toBeGreaterThan(1);
      await broker.kill();
      await broker.restart();
      await scrape(2);
      await equal();
      expect(await spark.job.stop()).toBe(0);
    });

    test('embedded on Kafka, ended without a word in the middle, makes the same', async () => {
      const log = await openKafkaLog({
        brokers: [broker.address],
        topics,
        names: namesOf('embedded'),
      });
      try {
        for (let life = 0; life < 3; life++) {
          const runtime = embedded(log, 'embedded', 5_000);
          await sleep(300 + pick(700));
          await scrape(2);
          await runtime.kill();
        }
        const last = embedded(log, 'embedded');
        await caughtUp(last, log);
        await last.stop();
        const { outputs } = await readNumbered(log, outputTopics);
        expect(outputs).toEqual(await uninterrupted());
        expect(outputs.get('cluster/0/0 > alerts/0')!.length).toBeGreaterThan(20);
      } finally {
        await log.close();
      }
    });

    test('Spark begins, embedded goes on from its snapshots, Spark takes over again', async () => {
      const runtime = embedded(sparkLog, 'snapshots');
      await scrape(5);
      await caughtUp(runtime, sparkLog);
      await runtime.stop();
      await scrape(5);
      const checkpoint = pathToFileURL(join(folder.path, 'later')).href;
      spark = startSpark(config({ checkpoint, triggerMs: -1 }));
      expect(await spark.job.ended).toBe(0);
      const { outputs } = await readNumbered(sparkLog, outputTopics);
      expect(outputs).toEqual(await uninterrupted());
      expect(warnings.filter((warning) => warning.includes('halted'))).toEqual([]);
    });
  },
);
