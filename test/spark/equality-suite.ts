import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runOnce } from '../../src/cli/run-once.ts';
import { hasKafka } from '../parts/kafka.ts';
import { hasSpark } from '../parts/spark.ts';
import { Dice, EqualityRig, slowMs } from './equality-rig.ts';
import { upgraded } from './users-code.ts';

const dice = new Dice();
// So that a failure can be run again.
process.stdout.write(`equality test: SEASTATE_SEED=${dice.seed}\n`);

describe.skipIf(!hasSpark() || !hasKafka())(
  'one log: Spark, embedded on Kafka, embedded on a journal',
  { timeout: 6 * slowMs },
  () => {
    let rig: EqualityRig;
    /** What partition 0 told on a topic of JSON. */
    const told = (outputs: ReadonlyMap<string, readonly string[]>, topic: string) => {
      const values = outputs.get(`cluster/0/0 > ${topic}/0`)!.map((text) => JSON.parse(text)[1]);
      const texts = values.filter((value) => value !== null);
      return texts.map((value) => JSON.parse(Buffer.from(value, 'base64').toString()).data);
    };

    beforeAll(async () => {
      rig = await EqualityRig.start(dice);
    });
    afterEach(({ task }) => {
      // What a failed job said: its tasks' failures stand only there.
      if (task.result?.state !== 'fail') return;
      const said =
        rig?.spark?.log.filter((line) => /runner \d+: |halted|Lost task/.test(line)) ?? [];
      process.stdout.write(`${said.slice(-20).join('\n')}\n`);
    });
    afterAll(async () => {
      process.stdout.write(`equality test: ${rig?.kills} kills\n`);
      await rig?.close();
    });

    test('Spark, with a runner killed at every batch, while the code changes', async () => {
      rig.startSpark();
      await rig.scrape(3);
      await rig.equal();
      // Some die between batches, unnoticed: until tasks have failed of it as well.
      const failures = () => rig.spark.log.join('\n').match(/runner \d+: /g)?.length ?? 0;
      while (rig.kills < 6 || failures() < 2) {
        const before = rig.batches;
        const sending = rig.scrape(1 + dice.below(3));
        await sleep(dice.below(250));
        const isKilled = await rig.killRunner();
        await sending;
        if (isKilled && rig.kills === 3) await rig.changeCode('v2');
        if (isKilled)
          await expect.poll(() => rig.batches, { timeout: slowMs }).toBeGreaterThan(before);
      }
      await rig.equal();
    });

    test('driver and broker killed, micro-batches of other sizes: still equal', async () => {
      await rig.killDriver(12);
      rig.startSpark({ maxOffsetsPerTrigger: 31, tailBytesMax: 100_000 });
      // The batch that the driver had begun may hold all that there was.
      await rig.scrape(4);
      await expect.poll(() => rig.batches, { timeout: slowMs }).toBeGreaterThan(1);
      await rig.killBroker();
      await rig.scrape(2);
      await rig.equal();
      expect(await rig.spark.job.stop()).toBe(0);
    });

    test('embedded on Kafka, ended without a word in the middle, makes the same', async () => {
      const log = await rig.openLog('embedded');
      try {
        for (let life = 0; life < 3; life++) {
          const runtime = await rig.embedded(log, 'embedded', 5_000);
          await sleep(300 + dice.below(700));
          await rig.scrape(2);
          await runtime.kill();
          rig.kills++;
        }
        const last = await rig.embedded(log, 'embedded');
        await rig.caughtUp(last, log);
        await last.stop();
        expect(await rig.outputsOf(log)).toEqual(await rig.reference());
      } finally {
        await log.close();
      }
    });

    test('Spark begins, embedded goes on from its snapshots, Spark takes over again', async () => {
      const runtime = await rig.embedded(rig.log, 'snapshots');
      await rig.scrape(5);
      await rig.caughtUp(runtime, rig.log);
      await runtime.stop();
      await rig.scrape(5);
      const checkpoint = pathToFileURL(rig.place('later')).href;
      // On the way a record that ends runners; left out, it leaves the same mark on both.
      const offset = await rig.poison(2);
      await rig.scrape(2);
      rig.startSpark({ checkpoint, triggerMs: -1 });
      expect(await rig.spark.job.ended).toBe(1);
      expect(rig.spark.events.find((event) => event.event === 'failed')).toMatchObject({
        message: expect.stringContaining(
          `stage cluster, partition 2 halted: the record at offset ${offset} ended its runner 3 times`,
        ),
      });
      const at = ['--partition', '2', '--offset', String(offset), '--reason', 'a test'];
      expect(await runOnce(['skip', '--data', rig.place('.'), ...at])).toMatchObject({ code: 0 });
      rig.startSpark({ checkpoint, triggerMs: -1 });
      expect(await rig.spark.job.ended).toBe(0);
      await rig.equal();
      expect(rig.warnings.filter((warning) => warning.includes('halted'))).toEqual([]);
      expect(rig.kills).toBeGreaterThanOrEqual(10);
    });

    // At the end: a quick machine makes few rounds while runners are killed.
    test('the log holds what the proof is about', async () => {
      const outputs = await rig.reference();
      const count = (topic: string) => outputs.get(`cluster/0/0 > ${topic}/0`)?.length ?? 0;
      const own = ['alerts', 'anomalies', 'events', 'scores'];
      for (const topic of [...own, 'x-kube-api-server', 'x-counts']) {
        expect(count(topic), topic).toBeGreaterThan(2);
      }
      const codes = told(outputs, 'x-counts').map(({ code }) => code);
      expect([codes[0], codes.at(-1)]).toEqual(['v1', 'v2']);
      // The model of a user, before and after its change: what it knew stands in `expected`.
      const swells = told(outputs, 'anomalies').filter(({ model }) => model === 'swell');
      const seen = swells.map(({ expected }) => expected).filter((count) => count !== null);
      expect(Math.min(...seen)).toBeLessThan(100);
      expect(Math.max(...seen)).toBeGreaterThan(upgraded + 5);
      const { counters } = told(outputs, 'status').at(-1)!;
      expect(Object.keys(counters).filter((name) => name.includes('_model_'))).toEqual([]);
    });
  },
);
