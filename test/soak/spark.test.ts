import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { Dice, EqualityRig } from '../spark/equality-rig.ts';

const wanted = Number(process.env['SEASTATE_KILLS'] ?? 100);
const dice = new Dice();
let rig: EqualityRig;
let embedded: Seastate;

beforeAll(async () => {
  rig = await EqualityRig.start(dice);
  const data = rig.place('process');
  await mkdir(data);
  // What stands in the log is in force: this process writes no settings.
  await writeFile(
    join(data, 'settings.json'),
    JSON.stringify({ version: 99, sha256: '', complete: true }),
  );
  embedded = Seastate.at(data, ...rig.flags('process'));
});
afterAll(async () => {
  await embedded?.kill();
  await rig?.close();
});

/** A whole process over the same Kafka, ended without a word, started again, and compared. */
async function killEmbedded(): Promise<void> {
  await cp(rig.place('snapshots/bundles'), join(embedded.folder, 'snapshots', 'bundles'), {
    recursive: true,
  });
  await embedded.start();
  await rig.scrape(2);
  await sleep(dice.below(1_500));
  await embedded.kill();
  rig.kills++;
  await embedded.start();
  await until(async () => {
    const { partitions } = await embedded.api('status');
    return partitions.every((p: { lag_records: number }) => p.lag_records === 0);
  }, 240_000);
  expect(await embedded.stop()).toBe(0);
  const log = await rig.openLog('process');
  try {
    const made = await rig.outputsOf(log);
    // Heartbeats of its last moments are in the log and were not processed.
    for (const [key, list] of await rig.reference()) {
      const own = made.get(key) ?? [];
      expect(own, key).toEqual(list.slice(0, own.length));
    }
  } finally {
    await log.close();
  }
}

const start = () =>
  rig.startSpark({
    deadlineMs: 8_000,
    // Micro-batches of any size.
    maxOffsetsPerTrigger: [0, 7, 50, 500][dice.below(4)]!,
    snapshotEveryMs: 10_000,
  });

const acts = {
  runner: async () => {
    await rig.scrape(1 + dice.below(3));
    await sleep(dice.below(400));
    await until(() => rig.killRunner());
  },
  task: async () => {
    await until(() => rig.killRunner('SIGSTOP'));
    await rig.scrape(1 + dice.below(3));
  },
  driver: async () => {
    await rig.killDriver(4);
    start();
  },
  broker: async () => {
    await rig.scrape(1);
    await rig.killBroker();
    await rig.scrape(1);
  },
  embedded: killEmbedded,
} as const;
const mix = [
  'runner',
  'runner',
  'runner',
  'runner',
  'task',
  'driver',
  'broker',
  'embedded',
] as const;

test(`${wanted} kills, and equal outputs after each`, async () => {
  process.stdout.write(`SEASTATE_SEED=${dice.seed}\n`);
  start();
  await rig.scrape(3);
  await rig.equal();
  const done: Record<string, number> = {};
  const began = performance.now();
  while (rig.kills < wanted) {
    const act = mix[dice.below(mix.length)]!;
    await acts[act]();
    await rig.equal();
    done[act] = (done[act] ?? 0) + 1;
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stdout.write(`${rig.kills} kills in ${seconds} s: ${JSON.stringify(done)}\n`);
  }
});
