import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeState } from '../../spark/src/test/fake-stage.ts';
import { runOnce } from '../../src/cli/run-once.ts';
import type { BridgeConfig } from '../../src/cli/spark/bridge-config.ts';
import { sparkJars } from '../../src/cli/spark/java.ts';
import { type Position, startOf } from '../../src/engine/position.ts';
import { SnapshotStore } from '../../src/engine/runtime/embedded/snapshots.ts';
import { type KafkaLog, openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { NewRecord } from '../../src/log/log.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';
import { outputText, readAll, readNumbered } from '../parts/numbered.ts';
import {
  fakeRunner,
  hasSpark,
  type StartedSpark,
  startSpark,
  temporaryFolder,
} from '../parts/spark.ts';

const partitions = 4;
const targets = { alerts: 2 };
/** A busy machine takes minutes for what an idle one does in seconds. */
const slowMs = 240_000;
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

describe.skipIf(!hasSpark())('the Java side of the protocol', { timeout: slowMs }, () => {
  test('reads and writes the published vectors, tells why a runner is of no use, leaves no files', async () => {
    const classes = [at('../../spark/target/classes'), at('../../spark/target/test-classes')];
    const vectors = at('../../src/engine/runner/protocol-vectors.json');
    const classPath = [...classes, `${sparkJars}/*`].join(':');
    const kept = at('../../src/engine/runtime/embedded/kept-vectors.json');
    const scratch = await temporaryFolder();
    const flags = [`-Djava.io.tmpdir=${scratch.path}`, '-cp', classPath];
    const args = [...flags, 'io.seastate.spark.Check', vectors, kept, process.execPath];
    try {
      const { stdout } = await promisify(execFile)('java', args);
      expect(stdout.trim()).toBe('ok');
    } finally {
      await scratch.close();
    }
  });
});

describe.skipIf(!hasSpark() || !hasKafka())(
  'the bridge with a runner that fails',
  { timeout: 4 * slowMs },
  () => {
    let broker: Broker;
    let log: KafkaLog;
    let folder: { path: string; close: () => Promise<void> };
    let spark: StartedSpark | undefined;
    let sent = 0;

    beforeAll(async () => {
      broker = await startBroker();
      folder = await temporaryFolder();
      await mkdir(join(folder.path, 'faults'));
      const topics = [
        { name: 'telemetry', partitions },
        { name: 'alerts', partitions: targets.alerts },
        { name: 'events', partitions: 1 },
      ];
      log = await openKafkaLog({ brokers: [broker.address], topics });
    });
    afterAll(async () => {
      await spark?.job.kill();
      await log?.close();
      await broker?.close();
      await folder?.close();
    });

    const config = (more: Partial<BridgeConfig> = {}): BridgeConfig => ({
      brokers: broker.address,
      kafka: {},
      checkpoint: pathToFileURL(join(folder.path, 'checkpoint')).href,
      snapshots: pathToFileURL(join(folder.path, 'snapshots')).href,
      triggerMs: 0,
      metricsPort: 0,
      // Short, so that snapshots and tails alternate while the test runs.
      snapshotEveryMs: 4_000,
      deadlineMs: 8_000,
      runners: 2,
      command: [process.execPath, fakeRunner, join(folder.path, 'faults')],
      stages: [{ name: 'fake', topic: 'telemetry', partitions, targets }],
      ...more,
    });

    /** Appends `count` records to every partition. */
    async function send(count: number): Promise<void> {
      const appends: Promise<number>[] = [];
      for (let i = 0; i < count; i++) {
        for (let partition = 0; partition < partitions; partition++) {
          const value = Buffer.from(`${sent++} ${'x'.repeat(sent % 300)}`);
          appends.push(
            log.append('telemetry', partition, [{ headers: { kind: 'samples' }, value }]),
          );
        }
      }
      await Promise.all(appends);
    }

    const sendEach = (record: NewRecord) =>
      Promise.all(
        Array.from({ length: partitions }, (_, partition) =>
          log.append('telemetry', partition, [record]),
        ),
      );

    /** What one uninterrupted runner makes of the log, and its states at the end. */
    async function expected(bundles: ReadonlyMap<string, string> = new Map(), skipped?: number) {
      const outputs = new Map<string, string[]>();
      const states: FakeState[] = [];
      for (let partition = 0; partition < partitions; partition++) {
        const setup = { stage: 'fake', partitions, targets };
        let state = new FakeState(setup, partition, startOf(0, 0));
        for (const record of await readAll(log, 'telemetry', partition)) {
          const sha256 = bundles.get(record.headers['bundle'] ?? '');
          if (sha256) {
            const path = pathToFileURL(
              join(folder.path, 'snapshots', 'bundles', `${sha256}.mjs`),
            ).href;
            const next = new FakeState(
              { ...setup, bundle: { path, sha256 } },
              partition,
              state.position,
            );
            next.load(state.save());
            state = next;
          }
          const skip = skipped === record.offset && partition === 3;
          const given = skip ? { ...record, headers: { kind: 'skip' }, value: null } : record;
          for (const output of state.apply([given])) {
            const key = `${output.headers['from']} > ${output.topic}/${output.partition}`;
            const list = outputs.get(key) ?? [];
            outputs.set(key, list);
            list.push(outputText(output));
          }
        }
        states.push(state);
      }
      return { outputs, states };
    }

    async function total(): Promise<number> {
      const { outputs } = await readNumbered(log, ['alerts']);
      return [...outputs.values()].reduce((sum, list) => sum + list.length, 0);
    }

    /** Sum of the ends of the output partitions. */
    async function ends(): Promise<number> {
      const both = await Promise.all([log.bounds('alerts', 0), log.bounds('alerts', 1)]);
      return both[0]!.next + both[1]!.next;
    }

    /** Waits until every record sent has its output. */
    async function settled(): Promise<void> {
      const wanted = [...(await expected(known, skippedOffset)).outputs.values()];
      const count = wanted.reduce((sum, list) => sum + list.length, 0);
      const failure = () => spark!.events.find((event) => event.event === 'failed');
      await expect
        .poll(async () => failure() ?? (await total()), { timeout: slowMs, interval: 200 })
        .toBe(count);
    }
    let known: ReadonlyMap<string, string> = new Map();
    let skippedOffset: number | undefined;

    const fault = (name: string) => writeFile(join(folder.path, 'faults', `${name}-${sent}`), '');
    const progressed = () => spark!.events.filter((event) => event.event === 'progress');

    test('whatever ends a runner, the task runs again from the store', async () => {
      spark = startSpark(config());
      await send(50);
      await settled();
      for (const name of ['kill', 'forget', 'half', 'throw', 'refuse', 'hang', 'kill']) {
        await fault(name);
        await send(25);
        await settled();
      }
      const text = spark.log.join('\n');
      // The task's error carries what is known of the runner's end.
      expect(text).toMatch(/runner \d+: .*\(exit code 137\)/);
      expect(text).toContain('a fault on purpose in partition');
      expect(text).toContain('it did not answer within 8000 ms');
      expect(text).toContain('fault at offset 7');
      expect(text).toContain('seastate skip --stage fake');
    });

    test('a checkpoint record asks for a snapshot exactly there; both runtimes can read it', async () => {
      await send(3);
      await sendEach({ headers: { kind: 'checkpoint' }, value: null });
      await settled();
      const { states } = await expected();
      // It is shared once the outputs before it are safe: with the next records.
      await send(1);
      await settled();
      for (const [partition, state] of states.entries()) {
        const store = new SnapshotStore(join(folder.path, 'snapshots', 'fake', String(partition)));
        const plain = ({ epoch, next, digest }: Position) =>
          `${epoch} ${next} ${Buffer.from(digest).toString('hex')}`;
        await expect
          .poll(async () => plain((await store.newest(() => {}))?.position ?? startOf(0, 0)), {
            timeout: slowMs,
          })
          .toBe(plain(state.position));
        const { time } = (await store.list()).at(-1)!;
        expect(Math.abs(Date.now() - time!)).toBeLessThan(3_600_000);
        const stored = await store.newest(() => {});
        expect(Buffer.concat(stored!.chunks)).toEqual(Buffer.concat(state.save()));
      }
    });

    test('new code takes over at the settings record that names it', async () => {
      const code = ' by new code';
      const sha256 = createHash('sha256').update(code).digest('hex');
      await mkdir(join(folder.path, 'snapshots', 'bundles'), { recursive: true });
      await writeFile(join(folder.path, 'snapshots', 'bundles', `${sha256}.mjs`), code);
      known = new Map([[sha256, sha256]]);
      await send(5);
      const value = Buffer.from(JSON.stringify({ version: 2, content: { bundle: sha256 } }));
      await sendEach({ headers: { kind: 'settings', bundle: sha256 }, value });
      await sendEach({ headers: { kind: 'settings' }, value: Buffer.from('no JSON') });
      for (const content of [{}, { bundle: 'c'.repeat(64) }]) {
        const old = Buffer.from(JSON.stringify({ version: 2, content }));
        await sendEach({ headers: { kind: 'settings' }, value: old });
      }
      await send(20);
      await settled();
    });

    test('driver killed in mid-output, broker killed, orderly end: the outputs stay the same', async () => {
      const killDriver = async (maxOffsetsPerTrigger: number) => {
        const before = await ends();
        const sending = send(500);
        // Outputs are there, and the micro-batch is not committed yet.
        while ((await ends()) === before);
        await spark!.job.kill();
        await sending;
        spark = startSpark(config({ maxOffsetsPerTrigger }));
      };
      await killDriver(4_000);
      await killDriver(160);
      await expect.poll(() => progressed().length, { timeout: slowMs }).toBeGreaterThan(1);
      await broker.kill();
      await broker.restart();
      await send(20);
      await settled();
      // A driver may have committed before the kill reached it.
      while ((await readNumbered(log, ['alerts'])).repeated === 0) {
        await killDriver(40);
        await settled();
      }
    });

    test('its metrics tell the lag of every partition', async () => {
      await send(10);
      await settled();
      await expect.poll(() => progressed().length, { timeout: slowMs }).toBeGreaterThan(0);
      const started = spark!.events.find((event) => event.event === 'started');
      const metrics = async () => {
        const response = await fetch(`http://127.0.0.1:${started!.metricsPort}/metrics`);
        return await response.text();
      };
      const lags = async () => {
        const found =
          /seastate_spark_lag_records\{stage="fake",topic="telemetry",partition="(\d)"\} (\d+)/g;
        return [...(await metrics()).matchAll(found)].map(([, partition, lag]) => [partition, lag]);
      };
      // Outputs are there before the micro-batch that made them is over.
      const none = Array.from({ length: partitions }, (_, partition) => [String(partition), '0']);
      await expect.poll(async () => (await lags()).sort(), { timeout: slowMs }).toEqual(none);
      expect(await metrics()).toMatch(/seastate_spark_records_total\{stage="fake"\} \d+/);
    });

    test('a record that always fails ends the job with a code, and is left out by a skip', async () => {
      for (const name of ['throw', 'kill', 'half']) await fault(name);
      const bounds = await log.bounds('telemetry', 3);
      await log.append('telemetry', 3, [
        { headers: { kind: 'samples' }, value: Buffer.from('poison') },
      ]);
      expect(await spark!.job.ended).toBe(1);
      const failed = spark!.events.find((event) => event.event === 'failed');
      expect(failed).toMatchObject({
        stage: 'fake',
        message: expect.stringContaining(
          `stage fake, partition 3 halted: the record at offset ${bounds.next} ended its runner 3 times`,
        ),
      });
      const store = new SnapshotStore(join(folder.path, 'snapshots', 'fake', '3'));
      expect(await store.attempts()).toMatchObject({ offset: bounds.next, count: 3 });
      // Another record would be refused: the verb knows where it halted.
      const skip = (offset: number) => {
        const at = ['--stage', 'fake', '--partition', '3', '--offset', String(offset)];
        return runOnce(['skip', '--data', folder.path, ...at, '--reason', 'poison']);
      };
      expect((await skip(bounds.next - 1)).err).toContain(`halted at offset ${bounds.next}`);
      expect((await skip(bounds.next)).code).toBe(0);
      skippedOffset = bounds.next;
      // A further stage is a name, a topic and its targets: nothing else is said of it.
      const second = { name: 'second', topic: 'alerts', partitions: 2, targets: { events: 1 } };
      spark = startSpark(config({ triggerMs: -1, stages: [...config().stages, second] }));
      expect(await spark.job.ended).toBe(0);
      expect(await store.attempts()).toBeUndefined();
      const { outputs } = await readNumbered(log, ['alerts']);
      expect(outputs).toEqual((await expected(known, skippedOffset)).outputs);
      for (const partition of [0, 1]) {
        const state = new FakeState({ ...second, stage: 'second' }, partition, startOf(0, 0));
        const made = state.apply(await readAll(log, 'alerts', partition));
        const { outputs: taken } = await readNumbered(log, ['events']);
        expect(taken.get(`second/${partition}/0 > events/0`)).toEqual(made.map(outputText));
      }
      const faults = await readdir(join(folder.path, 'faults'));
      expect(faults.filter((name) => !name.startsWith('.'))).toEqual([]);
    });

    test('a checkpoint of another job is refused by name', async () => {
      const stages = [{ name: 'fake', topic: 'alerts', partitions: 2, targets: { events: 1 } }];
      spark = startSpark(config({ triggerMs: -1, stages }));
      expect(await spark.job.ended).toBe(2);
      expect(spark.log.join('\n')).toMatch(/checkpoint .*fake is of another job.*"alerts"/);
    });

    test('all that was accepted is what one uninterrupted runner makes', async () => {
      const { outputs, repeated } = await readNumbered(log, ['alerts']);
      expect(outputs).toEqual((await expected(known, skippedOffset)).outputs);
      // The driver was killed with outputs written and no commit.
      expect(repeated).toBeGreaterThan(0);
    });
  },
);
