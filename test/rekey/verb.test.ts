import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOnce } from '../../src/cli/run-once.ts';
import { PartitionState } from '../../src/engine/partition-state.ts';
import { rekeyedState } from '../../src/engine/rekey.ts';
import type { StageOutput } from '../../src/engine/stage.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import type { Log } from '../../src/log/log.ts';
import { NumberedReader } from '../../src/log/numbering.ts';
import { defaultTopics, outputTopics } from '../../src/log/topics.ts';
import { type Broker, hasKafka, startBroker } from '../parts/kafka.ts';
import { outputText, readAll, readNumbered } from '../parts/numbered.ts';
import { fleetLog, placed, settingsRecord, type Unplaced } from './records.ts';
import { clusterStage, setup } from './states.ts';

const startMs = Date.now() - 8 * 60_000;
const records: Unplaced[] = [
  { timestamp: startMs, ...settingsRecord(3, {}) },
  ...fleetLog(5, 4, 8, startMs),
];
const [early, middle, late] = [0, 1, 2].map((third) =>
  records.filter((_, i) => Math.floor((i * 3) / records.length) === third),
) as [Unplaced[], Unplaced[], Unplaced[]];

/** One life of the state: its log, as the verbs see it by its configuration. */
interface Life {
  readonly name: string;
  readonly partitions: number;
  readonly log: string;
}

describe.skipIf(!hasKafka())('journal to Kafka, to another topic, back to a journal', () => {
  let folder: string;
  let broker: Broker;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seastate-rekey-'));
    broker = await startBroker();
  });
  afterAll(async () => {
    await broker?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const kafka = (telemetry: string): string =>
    `{type: kafka, kafka: {brokers: ['${broker.address}'], topics: {telemetry: ${telemetry}}}}`;
  const file = ({ name }: Life): string => join(folder, `${name}.yaml`);

  async function configure(life: Life): Promise<void> {
    const { name, partitions, log } = life;
    const text = `process: {data: ${join(folder, name)}, partitions: ${partitions}, log: ${log}}\n`;
    await writeFile(file(life), text);
  }

  async function open({ name, partitions, log }: Life, now = Date.now): Promise<Log> {
    const topics = defaultTopics(partitions);
    if (log.includes('kafka')) {
      const names = { telemetry: `telemetry-${name}` };
      return await openKafkaLog({ brokers: [broker.address], topics, names });
    }
    return await openJournals({ dir: join(folder, name, 'log'), topics, now });
  }

  async function send(life: Life, given: readonly Unplaced[]): Promise<void> {
    let now = 0;
    const log = await open(life, () => now);
    const parts = Array.from({ length: life.partitions }, (_, p) => p);
    const all = parts.flatMap((p) =>
      placed(given, p, life.partitions).map((record) => ({ p, record })),
    );
    for (const { p, record } of all.sort((a, b) => a.record.timestamp - b.record.timestamp)) {
      now = record.timestamp;
      await log.append('telemetry', p, [record]);
    }
    await log.close();
  }

  /** What the states make of what the log of a life holds, and how the log has it. */
  async function check(life: Life, states: readonly PartitionState[], epoch: number) {
    const log = await open(life);
    const { outputs } = await readNumbered(log, outputTopics);
    for (const [p, state] of states.entries()) {
      const wanted = new Map<string, string[]>();
      const made: StageOutput[] = [];
      for (const record of await readAll(log, 'telemetry', p)) state.apply(record, made);
      for (const output of made) {
        const key = `cluster/${p}/${epoch} > ${output.topic}/${output.partition}`;
        wanted.set(key, [...(wanted.get(key) ?? []), outputText(output)]);
      }
      const found = [...outputs].filter(([key]) => key.startsWith(`cluster/${p}/${epoch} >`));
      expect(new Map(found)).toEqual(wanted);
    }
    await log.close();
  }

  const rekey = (from: Life, to: Life) => runOnce(['rekey', '-c', file(from), '--to', file(to)]);
  const divided = (states: readonly PartitionState[], { partitions }: Life, epoch: number) =>
    Array.from({ length: partitions }, (_, p) =>
      rekeyedState(
        states.map((state, partition) => ({ state, partition })),
        clusterStage,
        setup(p, partitions, epoch),
      ),
    );

  test('each goes on where the one before stood, in a new epoch, and nothing is told twice', async () => {
    const a: Life = { name: 'a', partitions: 2, log: '{type: journal}' };
    const b: Life = { name: 'b', partitions: 3, log: kafka('telemetry-b') };
    const c: Life = { name: 'c', partitions: 2, log: kafka('telemetry-c') };
    const d: Life = { name: 'd', partitions: 1, log: '{type: journal}' };
    for (const life of [a, b, c, d]) await configure(life);
    await send(a, early);
    expect(await rekey(a, b)).toMatchObject({ code: 0, err: expect.stringContaining('epoch 1') });
    let states = Array.from(
      { length: 2 },
      (_, p) => new PartitionState(clusterStage, setup(p, 2, 0)),
    );
    await check(a, states, 0);

    // Once is enough.
    expect(await rekey(a, b)).toMatchObject({
      code: 1,
      err: expect.stringContaining('records in its log already'),
    });
    await send(b, middle);
    expect(await rekey(b, c)).toMatchObject({ code: 0, err: expect.stringContaining('epoch 2') });
    states = divided(states, b, 1);
    await check(b, states, 1);

    // From Kafka too a state comes here with its tail, and makes the same.
    const pulled: Life = { name: 'pulled', partitions: 3, log: '{type: journal}' };
    const at = new Date(startMs).toISOString();
    const to = join(folder, 'pulled');
    const outcome = await runOnce([
      'pull',
      '-c',
      file(b),
      '--partition',
      '2',
      '--at',
      at,
      '--to',
      to,
    ]);
    expect(outcome).toMatchObject({ code: 0 });
    const lists = [pulled, b].map(async (life) => {
      const log = await open(life);
      const { outputs } = await readNumbered(log, outputTopics);
      await log.close();
      return [...outputs].filter(([from]) => from.startsWith('cluster/2/1 >'));
    });
    const [made, wanted] = await Promise.all(lists);
    expect(new Map(made)).toEqual(new Map(wanted));
    expect(made!.flatMap(([, list]) => list).length).toBeGreaterThan(0);

    await send(c, late);
    expect(await rekey(c, d)).toMatchObject({ code: 0, err: expect.stringContaining('epoch 3') });
    states = divided(states, c, 2);
    await check(c, states, 2);

    // The last log has all that was ever told: each alert begins once and ends at most once.
    const log = await open(d);
    for (const topic of ['alerts', 'events'] as const) {
      const reader = new NumberedReader();
      const ids: string[] = [];
      for (const record of await readAll(log, topic, 0)) {
        expect(reader.accept(record)).toBe('take');
        if (record.value) ids.push(JSON.parse(Buffer.from(record.value).toString()).id);
      }
      expect(ids.length).toBeGreaterThan(10);
      expect(new Set(ids).size).toBe(ids.length);
    }
    await log.close();
  });

  test('what is not at rest, or not empty, is refused by name', async () => {
    const a: Life = { name: 'running', partitions: 2, log: '{type: journal}' };
    const b: Life = { name: 'full', partitions: 3, log: '{type: journal}' };
    for (const life of [a, b]) await configure(life);
    await send(a, early.slice(0, 20));
    const running = await open(a);
    const refused = await rekey(a, b);
    await running.close();
    expect(refused.err).toContain('are being written by process');
    expect(await rekey(a, a)).toMatchObject({
      code: 2,
      err: expect.stringContaining('data folder'),
    });
    await send(b, early.slice(0, 20));
    expect((await rekey(a, b)).err).toContain('partition 0 of the target has records in its log');

    const onKafka: Life = { name: 'busy', partitions: 1, log: kafka('telemetry-busy') };
    const empty: Life = { name: 'empty', partitions: 1, log: '{type: journal}' };
    for (const life of [onKafka, empty]) await configure(life);
    const log = await open(onKafka);
    const sent: Promise<number>[] = [];
    const gateway = setInterval(() => {
      sent.push(log.append('telemetry', 0, [{ headers: { kind: 'checkpoint' }, value: null }]));
    }, 500);
    const busy = await rekey(onKafka, empty);
    clearInterval(gateway);
    await Promise.all(sent);
    await log.close();
    expect(busy.err).toContain('records still come');
  });
});
