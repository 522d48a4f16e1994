import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { PartitionStates } from '../../src/cli/partitions.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { outputsOf } from './read-back.ts';
import { checkSnapshots, configOf, inLog, storeOf } from './rebuilt.ts';
import { Sender } from './sender.ts';

const partitions = 2;
let seastate: Seastate;
afterEach(async () => {
  await seastate.close();
});

const processor = (version: string) => `
import { defineProcessor } from 'seastate';
export const counts = defineProcessor({
  name: 'counts',
  version: 1,
  outputs: ['x-counts'],
  create(context) {
    const seen = context.table<{ cluster: number; samples: number }>('seen');
    return {
      samples(block) {
        const row = seen.get('all') ?? seen.set('all', { cluster: block.cluster, samples: 0 });
        row.samples += block.length;
        context.emit({ topic: 'x-counts', type: 'counts', cluster: block.cluster,
          subject: 'all', revision: row.samples, data: { code: '${version}', samples: row.samples } });
      },
    };
  },
});
`;

/**
 * A killed program's folder: many snapshots, a change of users' code, a tail without a snapshot.
 */
async function killedProgram(): Promise<void> {
  const empty = await Seastate.create();
  const yaml = join(empty.folder, 'seastate.yaml');
  const configure = async (version: number) => {
    await writeFile(join(empty.folder, 'counts.ts'), processor(`v${version}`));
    await writeFile(
      yaml,
      `process: {processors: [counts.ts], snapshots: {interval: 1s}}\nsettings: {version: ${version}}\n`,
    );
  };
  await configure(1);
  seastate = Seastate.at(empty.folder, '--partitions', String(partitions), '-c', yaml);
  await seastate.start();
  const load = new Sender(5).run(() => seastate.url);
  const hasCode = async (code: string) =>
    Object.values(await outputsOf(seastate.folder)).some((lines) =>
      lines.some((line) => line.includes(`"code":"${code}"`)),
    );
  await until(() => hasCode('v1'));
  await configure(2);
  expect((await fetch(`${seastate.url}/-/reload`, { method: 'POST' })).status).toBe(200);
  await until(() => hasCode('v2'));
  const newest = () =>
    Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const names = await storeOf(seastate.folder, partition).list();
        return names.length < 2 ? 0 : names.at(-1)!.next;
      }),
    );
  const before = await newest();
  await until(async () => (await newest()).every((next, i) => next > before[i]!));
  await seastate.kill();
  await load.stop();
}

test('the state that a killed program left is rebuilt here as the program does it', async () => {
  await killedProgram();
  const { folder } = seastate;
  await inLog(folder, async (log) => {
    const states = new PartitionStates(configOf(folder), log);
    // A kill may come before the oldest one is taken away.
    expect(await checkSnapshots(folder, log)).toBeGreaterThanOrEqual(2 * partitions);
    for (let partition = 0; partition < partitions; partition++) {
      const newest = (await storeOf(folder, partition).list()).at(-1)!;
      const { next } = await log.bounds('telemetry', partition);
      expect(newest.next).toBeLessThanOrEqual(next);
      const rebuilt = await states.of({ stage: 'cluster', partition });
      expect(rebuilt.from).toBe(newest.next);
      expect(rebuilt.position.next).toBe(next);
      const range = { stage: 'cluster', partition, toTime: rebuilt.logTime - 1 };
      const earlier = await states.of(range);
      expect(earlier.position.next).toBeLessThan(next);
      const beyond = { stage: 'cluster', partition, toOffset: next + 1 };
      await expect(states.of(beyond)).rejects.toThrow('ends at offset');
    }
    await states.end();
  });
  // It runs its tail, goes on and stops: the snapshots of the stop are again what we make.
  await seastate.start();
  expect(await seastate.stop()).toBe(0);
  await inLog(folder, (log) => checkSnapshots(folder, log));
});
