import { randomInt } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { Seastate, until } from '../parts/seastate.ts';
import { outputsOf, samplesOf } from './read-back.ts';
import { Sender } from './sender.ts';

const rounds = Number(process.env['SEASTATE_KILLS'] ?? 5);
const opened: Seastate[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const seastate of opened.splice(0)) await seastate.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

test(`killed ${rounds} times under load: nothing acknowledged is gone, outputs are those of one run`, async () => {
  const seed = Number(process.env['SEASTATE_SEED'] ?? randomInt(1e9));
  process.stdout.write(`seed ${seed}\n`);
  const seastate = await Seastate.create(
    '--partitions',
    '4',
    '--set',
    'process.snapshots.interval=5s',
  );
  opened.push(seastate);
  const sender = new Sender(seed);
  for (let round = 0; round < rounds; round++) {
    await seastate.start();
    const load = sender.run(() => seastate.url);
    await sleep(sender.between(300, 2_500));
    await seastate.kill();
    await load.stop();
  }
  await seastate.start();
  const load = sender.run(() => seastate.url);
  await sleep(2_000);
  await until(() => sender.acknowledged.size > 1_000);
  await load.stop();
  expect(await seastate.stop()).toBe(0);

  const stored = await samplesOf(seastate.folder);
  const missing = [...sender.acknowledged].filter((sample) => !stored.has(sample));
  expect(missing.slice(0, 5)).toEqual([]);

  // The same input in an empty folder, run once by a process that nothing interrupts.
  const folder = await mkdtemp(join(tmpdir(), 'seastate-'));
  folders.push(folder);
  await cp(join(seastate.folder, 'log', 'input'), join(folder, 'log', 'input'), {
    recursive: true,
  });
  const again = Seastate.at(folder, '--partitions', '4');
  opened.push(again);
  await again.start();
  await until(async () => {
    const { partitions } = await again.api('status');
    return partitions.every((p: { lag_records: number }) => p.lag_records === 0);
  });
  await again.stop();
  const [interrupted, whole] = [await outputsOf(seastate.folder), await outputsOf(folder)];
  expect(Object.keys(interrupted).length).toBeGreaterThan(4);
  for (const [key, numbers] of Object.entries(interrupted)) {
    expect(numbers, key).toEqual(whole[key]!.slice(0, numbers.length));
  }
});
