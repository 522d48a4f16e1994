import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { partitionState } from '../../src/cli/partitions.ts';
import { dataLayout } from '../../src/config/layout.ts';
import { openConfig } from '../../src/config/open.ts';
import { ByteWriter } from '../../src/core/bytes.ts';
import { snapshotStore } from '../../src/engine/runtime/embedded/runtime.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { Log } from '../../src/log/log.ts';
import { Seastate, until } from '../parts/seastate.ts';
import { outputsOf } from './read-back.ts';
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

/** A killed program's folder: many snapshots, a change of users' code, a tail without a snapshot. */
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
  await sleep(1_500);
  await seastate.kill();
  await load.stop();
}

const config = () =>
  openConfig({
    overrides: [{ path: 'process.data', value: seastate.folder, source: 'test' }],
    env: {},
  }).config;

async function inLog<T>(use: (log: Log) => Promise<T>): Promise<T> {
  const dir = join(seastate.folder, 'log');
  const log = await openJournals({ dir, topics: [], now: Date.now, readOnly: true });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

const storeOf = (partition: number) =>
  snapshotStore(dataLayout(seastate.folder).snapshots, 'cluster', partition);

/** Each snapshot that is there is what the records before it make, from the very first one. */
async function checkSnapshots(log: Log): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const snapshots = await storeOf(partition).list();
    expect(snapshots.length).toBe(2);
    for (const { name, next } of snapshots) {
      const { position, bundle, chunks } = await storeOf(partition).read(name);
      const range = { stage: 'cluster', partition, toOffset: next, fromTime: 0 };
      const rebuilt = await partitionState(config(), log, range);
      expect(rebuilt).toMatchObject({ from: 0, bundle });
      // The digest is over all input and all outputs.
      expect(hex(rebuilt.position.digest)).toBe(hex(position.digest));
      const state = new ByteWriter();
      rebuilt.state.save(state);
      expect(hex(Buffer.concat(chunks)).endsWith(hex(state.view()))).toBe(true);
    }
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the state that a killed program left is rebuilt here as the program does it', async () => {
  await killedProgram();
  await inLog(async (log) => {
    await checkSnapshots(log);
    for (let partition = 0; partition < partitions; partition++) {
      const newest = (await storeOf(partition).list()).at(-1)!;
      const { next } = await log.bounds('telemetry', partition);
      expect(newest.next).toBeLessThanOrEqual(next);
      const rebuilt = await partitionState(config(), log, { stage: 'cluster', partition });
      expect(rebuilt.from).toBe(newest.next);
      expect(rebuilt.position.next).toBe(next);
      const earlier = { stage: 'cluster', partition, toTime: rebuilt.logTime - 1 };
      expect((await partitionState(config(), log, earlier)).position.next).toBeLessThan(next);
      const beyond = { stage: 'cluster', partition, toOffset: next + 1 };
      await expect(partitionState(config(), log, beyond)).rejects.toThrow('ends at offset');
    }
  });
  // It runs its tail, goes on and stops: the snapshots of the stop are again what we make.
  await seastate.start();
  expect(await seastate.stop()).toBe(0);
  await inLog(checkSnapshots);
});
