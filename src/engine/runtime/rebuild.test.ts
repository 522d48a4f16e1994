import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { utf8 } from '../../core/bytes.ts';
import type { LogRecord } from '../../log/log.ts';
import { MemoryLog } from '../../testing/memory-log.ts';
import { startOf } from '../position.ts';
import { snapshotStore } from './embedded/runtime.ts';
import { rebuildState } from './rebuild.ts';

/** As a journal whose damaged bytes were left out. */
class LogWithGap extends MemoryLog {
  reads = 0;

  override async read(...place: Parameters<MemoryLog['read']>): Promise<readonly LogRecord[]> {
    if (++this.reads > 10) throw new Error('it is read for ever');
    return (await super.read(...place)).filter(({ offset }) => offset !== 1);
  }
}

test('a range whose last records are gone ends before them', async () => {
  const log = new LogWithGap([{ name: 'telemetry', partitions: 1 }], () => 1_000);
  const records = ['a', 'b', 'c'].map((text) => ({ headers: {}, value: utf8(text) }));
  await log.append('telemetry', 0, records);
  const taken: number[] = [];
  const standing = () => {
    const position = { ...startOf(0, 0), next: (taken.at(-1) ?? -1) + 1 };
    return { position, logTime: 0, settings: 0 };
  };
  const holder = {
    load: async () => standing(),
    take: async (some: readonly LogRecord[]) => {
      taken.push(...some.map(({ offset }) => offset));
      return standing();
    },
    save: async () => [],
    end: async () => {},
  };
  const store = snapshotStore(join(tmpdir(), 'seastate-there-is-none'), 'cluster', 0);
  const parts = { log, topic: 'telemetry', stage: 'cluster', partition: 0, store };
  const rebuilt = await rebuildState({ ...parts, open: async () => holder }, { toOffset: 2 });
  expect(rebuilt.position.next).toBe(1);
  expect(taken).toEqual([0]);
});
