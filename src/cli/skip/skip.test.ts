import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dataLayout } from '../../config/layout.ts';
import { snapshotStore } from '../../engine/runtime/embedded/runtime.ts';
import { runOnce } from '../run-once.ts';

const folder = mkdtempSync(join(tmpdir(), 'seastate-skip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('only the record that halts is left out, unless forced', async () => {
  const store = snapshotStore(dataLayout(folder).snapshots, 'cluster', 3);
  const skip = (offset: number, ...more: string[]) => {
    const flags = ['--partition', '3', '--offset', String(offset), '--reason', 'a test', ...more];
    return runOnce(['skip', '--data', folder, ...flags]);
  };
  expect(await skip(7)).toMatchObject({ code: 2, err: expect.stringContaining('halted nowhere') });
  await store.setAttempts({ offset: 7, count: 3, error: 'boom' });
  expect(await skip(8)).toMatchObject({ code: 2, err: expect.stringContaining('at offset 7') });
  expect(await store.skips()).toEqual(new Map());
  expect((await skip(7)).code).toBe(0);
  expect((await skip(9, '--force')).code).toBe(0);
  expect(await store.skips()).toEqual(
    new Map([
      [7, 'a test'],
      [9, 'a test'],
    ]),
  );
});
