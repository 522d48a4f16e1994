import { join } from 'node:path';
import { expect } from 'vitest';
import { PartitionStates } from '../../src/cli/partitions.ts';
import { dataLayout } from '../../src/config/layout.ts';
import { openConfig } from '../../src/config/open.ts';
import type { Config } from '../../src/config/schema.ts';
import { snapshotStore } from '../../src/engine/runtime/embedded/runtime.ts';
import { openJournals } from '../../src/log/journal/journals.ts';
import type { Log } from '../../src/log/log.ts';

export const configOf = (folder: string): Config =>
  openConfig({
    overrides: [{ path: 'process.data', value: folder, source: 'test' }],
    env: {},
  }).config;

export async function inLog<T>(folder: string, use: (log: Log) => Promise<T>): Promise<T> {
  const dir = join(folder, 'log');
  const log = await openJournals({ dir, topics: [], now: Date.now, readOnly: true });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

export const storeOf = (folder: string, partition: number) =>
  snapshotStore(dataLayout(folder).snapshots, 'cluster', partition);

/**
 * Each snapshot in a data folder is what the records before it make, from the very first one;
 * returns how many there are.
 */
export async function checkSnapshots(folder: string, log: Log): Promise<number> {
  let count = 0;
  const states = new PartitionStates(configOf(folder), log);
  for (let partition = 0; partition < log.topics.get('telemetry')!.partitions; partition++) {
    const store = storeOf(folder, partition);
    for (const { name, next } of await store.list()) {
      const { position, bundle, chunks } = await store.read(name);
      const range = { stage: 'cluster', partition, toOffset: next, fromTime: 0 };
      const rebuilt = await states.of(range);
      expect(rebuilt).toMatchObject({ from: 0, bundle });
      // The digest is over all input and all outputs.
      expect(hex(rebuilt.position.digest)).toBe(hex(position.digest));
      const made = await rebuilt.state.save();
      expect(hex(Buffer.concat(made))).toBe(hex(Buffer.concat(chunks)));
      count++;
    }
  }
  await states.end();
  return count;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
