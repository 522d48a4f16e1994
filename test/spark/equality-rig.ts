import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'vitest';
import { type BridgeConfig, runnerCommand } from '../../src/cli/spark/bridge-config.ts';
import { hashVersion } from '../../src/core/placement.ts';
import { runtimeOf } from '../../src/engine/runtime/embedded/runtime.test-kit.ts';
import { type EmbeddedRuntime, snapshotStore } from '../../src/engine/runtime/embedded/runtime.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import { type KafkaLog, openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { Log, LogRecord, NewRecord } from '../../src/log/log.ts';
import { defaultTopics, outputTopics } from '../../src/log/topics.ts';
import { putBundle } from '../../src/user-code/bundle.ts';
import { fleetRecords, fleetSettings } from '../parts/fleet-records.ts';
import { type Broker, startBroker } from '../parts/kafka.ts';
import { NumberedReader, readAll, readNumbered } from '../parts/numbered.ts';
import { type StartedSpark, startSpark, temporaryFolder } from '../parts/spark.ts';
import { bundleUsersCode, type CodeVersion, usersFiles } from './users-code.ts';

export const partitions = 4;
/** A busy machine takes minutes for what an idle one does in seconds. */
export const slowMs = 240_000;
const usersTopics = ['x-kube-api-server', 'x-counts'];
const outputs = [...outputTopics, ...usersTopics];
const topics = [
  ...defaultTopics(partitions),
  ...usersTopics.map((name) => ({ name, partitions: 1 })),
];
const targets = Object.fromEntries(outputs.map((name) => [name, 1]));
const runnerEntry = new URL('../../src/runner.ts', import.meta.url);

/** Output topics of a runtime at the brokers, so that several read one `telemetry`. */
const namesOf = (runtime: string) =>
  Object.fromEntries(outputs.map((name) => [name, `${runtime}.${name}`]));

/** Random choices that a printed seed repeats. */
export class Dice {
  readonly seed = Number(process.env['SEASTATE_SEED'] ?? Date.now() % 1_000_000);
  #state = this.seed;

  below(count: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    return (this.#state >>> 8) % count;
  }
}

/**
 * One `telemetry` on a real broker, read by Spark, by embedded on Kafka, and, as a copy with the
 * same times in a journal on disk, by an embedded runtime that nothing interrupts: the reference.
 */
export class EqualityRig {
  readonly broker: Broker;
  /** The log with Spark's output topics. */
  readonly log: KafkaLog;
  readonly warnings: string[] = [];
  spark!: StartedSpark;
  /** Processes ended without a word so far. */
  kills = 0;
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>;
  readonly #dice: Dice;
  readonly #journal: Log;
  readonly #reference: NumberedReader;
  readonly #bySpark: NumberedReader;
  readonly #runtimes: EmbeddedRuntime[] = [];
  #references = 0;
  #poison: { partition: number; offset: number } | undefined;
  #round = 0;
  #version = 0;
  /** Time of the journal: that of the record that is copied. */
  readonly #copyClock: { ms: number };

  private constructor(parts: {
    broker: Broker;
    log: KafkaLog;
    folder: Awaited<ReturnType<typeof temporaryFolder>>;
    journal: Log;
    dice: Dice;
    copyClock: { ms: number };
  }) {
    this.broker = parts.broker;
    this.log = parts.log;
    this.#folder = parts.folder;
    this.#journal = parts.journal;
    this.#dice = parts.dice;
    this.#reference = new NumberedReader(parts.journal, outputs);
    this.#bySpark = new NumberedReader(parts.log, outputs);
    this.#copyClock = parts.copyClock;
  }

  static async start(dice: Dice): Promise<EqualityRig> {
    const folder = await temporaryFolder();
    const broker = await startBroker();
    const log = await openKafkaLog({ brokers: [broker.address], topics, names: namesOf('spark') });
    const copyClock = { ms: 0 };
    const journal = await openJournals({
      dir: join(folder.path, 'journal'),
      topics,
      now: () => copyClock.ms,
    });
    const made = new EqualityRig({ broker, log, folder, journal, dice, copyClock });
    await made.changeCode('v1');
    return made;
  }

  place(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Checkpoint, and settings that name new code, into every partition. */
  async changeCode(code: CodeVersion): Promise<void> {
    const bundle = await bundleUsersCode(this.#folder.path, code);
    await putBundle(bundle, this.place('snapshots'));
    const content = { ...fleetSettings, bundle: bundle.sha256 };
    const value = Buffer.from(JSON.stringify({ version: ++this.#version, sha256: '', content }));
    await this.#sendEach([
      { headers: { kind: 'checkpoint' }, value: Buffer.from(JSON.stringify({ id: code })) },
      { headers: { kind: 'settings' }, value },
    ]);
  }

  async #sendEach(records: readonly NewRecord[]): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) {
      await this.log.append('telemetry', partition, records);
    }
  }

  /** Appends the records of so many scrapes to every partition. */
  async scrape(rounds: number): Promise<void> {
    for (; rounds > 0; rounds--, this.#round++) {
      const appends: Promise<number>[] = [];
      for (let partition = 0; partition < partitions; partition++) {
        for (const record of fleetRecords(partition, this.#round, Date.now())) {
          appends.push(this.log.append('telemetry', partition, [record]));
        }
      }
      await Promise.all(appends);
    }
  }

  /** A record that ends whatever runner reads it: of a log with other partitions. */
  async poison(partition: number): Promise<number> {
    const value = Buffer.from(JSON.stringify({ partitions: 2 * partitions, hashVersion }));
    const record = { headers: { kind: 'heartbeat' }, value };
    const offset = await this.log.append('telemetry', partition, [record]);
    this.#poison = { partition, offset };
    return offset;
  }

  startSpark(more: Partial<BridgeConfig> = {}): void {
    this.spark = startSpark({
      brokers: this.broker.address,
      kafka: {},
      checkpoint: pathToFileURL(this.place('checkpoint')).href,
      snapshots: pathToFileURL(this.place('snapshots')).href,
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
  }

  get batches(): number {
    return this.spark.events.filter((event) => event.event === 'progress').length;
  }

  /** A KafkaLog whose outputs are another runtime's. */
  openLog(runtime: string): Promise<KafkaLog> {
    return openKafkaLog({ brokers: [this.broker.address], topics, names: namesOf(runtime) });
  }

  /** What the program is started with to read the same log; its outputs are `runtime`'s. */
  flags(runtime: string): string[] {
    const names = Object.entries(namesOf(runtime)).map(
      ([name, at]) => `process.log.kafka.topics.${name}=${at}`,
    );
    const { processors, models } = usersFiles(this.#folder.path, 'v1');
    const settings = [
      'process.log.type=kafka',
      `process.log.kafka.brokers=['${this.broker.address}']`,
      `process.processors=${JSON.stringify(processors)}`,
      `process.models=${JSON.stringify(models)}`,
      'process.snapshots.interval=5s',
      ...names,
    ];
    return ['--partitions', String(partitions), ...settings.flatMap((text) => ['--set', text])];
  }

  /** All outputs in a log. */
  async outputsOf(log: Log): Promise<ReadonlyMap<string, readonly string[]>> {
    return (await readNumbered(log, outputs)).outputs;
  }

  /** An embedded runtime over a log, with its snapshots in a folder of its own or a shared one. */
  async embedded(log: Log, name: string, snapshotEveryMs = 15_000): Promise<EmbeddedRuntime> {
    if (name !== 'snapshots') await this.#copyBundles(name);
    const options = { snapshotEveryMs, deadlineMs: 20_000 };
    const runtime = runtimeOf(log, this.place(name), this.warnings, options);
    this.#runtimes.push(runtime);
    runtime.start();
    return runtime;
  }

  async #copyBundles(name: string): Promise<void> {
    await mkdir(this.place(name), { recursive: true });
    const from = this.place('snapshots/bundles');
    await cp(from, join(this.place(name), 'bundles'), { recursive: true });
  }

  async caughtUp(runtime: EmbeddedRuntime, log: Log): Promise<void> {
    const lagging = async () => {
      const heads = await Promise.all(
        runtime.status().map(({ partition }) => log.bounds('telemetry', partition)),
      );
      const behind = runtime.status().filter(({ next }, i) => next !== heads[i]!.next);
      const halted = behind.find(({ state }) => state === 'halted');
      return halted?.error ?? behind.length;
    };
    await expect.poll(lagging, { timeout: slowMs, interval: 50 }).toBe(0);
  }

  /**
   * What a run without a break makes of the log as it is now; nothing is sent meanwhile. It begins
   * at the beginning each time: what it has written before is compared with what it makes now.
   */
  async reference(): Promise<ReadonlyMap<string, readonly string[]>> {
    await this.#copyToJournal();
    const name = `reference-${++this.#references}`;
    if (this.#poison) {
      const { partition, offset } = this.#poison;
      await snapshotStore(this.place(name), 'cluster', partition).addSkip(offset, 'poison');
    }
    const runtime = await this.embedded(this.#journal, name);
    await this.caughtUp(runtime, this.#journal);
    await runtime.stop();
    return (await this.#reference.read()).outputs;
  }

  /** The same records with the same times, in an order over partitions that keeps time. */
  async #copyToJournal(): Promise<void> {
    const all: { partition: number; record: LogRecord }[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const { next } = await this.#journal.bounds('telemetry', partition);
      const records = await readAll(this.log, 'telemetry', partition, next);
      all.push(...records.map((record) => ({ partition, record })));
    }
    all.sort((a, b) => a.record.timestamp - b.record.timestamp);
    for (const { partition, record } of all) {
      this.#copyClock.ms = record.timestamp;
      const offset = await this.#journal.append('telemetry', partition, [record]);
      const [copy] = await this.#journal.read('telemetry', partition, offset, 1);
      expect([copy!.offset, copy!.timestamp]).toEqual([record.offset, record.timestamp]);
    }
  }

  /** Waits until Spark's outputs are those of the reference, and compares them. */
  async equal(): Promise<void> {
    const wanted = await this.reference();
    const failed = () => this.spark.events.find((event) => event.event === 'failed');
    await expect
      .poll(async () => failed() ?? counted((await this.#bySpark.read()).outputs), {
        timeout: slowMs,
        interval: 300,
      })
      .toBe(counted(wanted));
    expect(this.#bySpark.outputs).toEqual(wanted);
  }

  /**
   * Kills one of Spark's runners, or with SIGSTOP makes it hang until the task gives it up; false
   * when there is none now.
   */
  async killRunner(signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Promise<boolean> {
    const pids = await this.#runnerPids();
    if (pids.length === 0) return false;
    try {
      process.kill(pids[this.#dice.below(pids.length)]!, signal);
    } catch {
      return false;
    }
    this.kills++;
    return true;
  }

  /** Kills the driver once outputs are there that no micro-batch has committed yet. */
  async killDriver(rounds: number): Promise<void> {
    const before = await this.#outputEnds();
    const scraping = this.scrape(rounds);
    while ((await this.#outputEnds()) === before);
    await this.spark.job.kill();
    this.kills++;
    await scraping;
  }

  async killBroker(): Promise<void> {
    await this.broker.kill();
    this.kills++;
    await this.broker.restart();
  }

  /** The children of the JVM. */
  async #runnerPids(): Promise<number[]> {
    const { pid } = this.spark.job;
    const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
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
  async #outputEnds(): Promise<number> {
    const ends = await Promise.all(outputs.map((topic) => this.log.bounds(topic, 0)));
    return ends.reduce((sum, { next }) => sum + next, 0);
  }

  async close(): Promise<void> {
    for (const runtime of this.#runtimes) await runtime.kill();
    await this.spark?.job.kill();
    await this.log.close();
    await this.#journal.close();
    await this.broker.close();
    await this.#folder.close();
  }
}

const counted = (outputs: ReadonlyMap<string, readonly string[]>): number =>
  [...outputs.values()].reduce((sum, list) => sum + list.length, 0);
