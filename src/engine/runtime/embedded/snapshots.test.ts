import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { saveChunks } from '../../snapshot.ts';
import { SnapshotStore } from './snapshots.ts';

const hourMs = 3_600_000;
let folder: string;
/** Snapshots that the disk has room for. */
let room: number;

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const files = async () => (await real.readdir(folder)).filter((name) => name.includes('.snap'));
  return {
    ...real,
    writeFile: async (...given: Parameters<typeof real.writeFile>) => {
      const isFull = String(given[0]).includes('.snap') && (await files()).length >= room;
      await real.writeFile(given[0], isFull ? 'half' : given[1], given[2]);
      if (isFull) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    },
  };
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'seastate-snapshots-'));
  room = Number.POSITIVE_INFINITY;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const kept = { hourly: 6, daily: 7 };
const write = (next: number) => {
  const state = { logTime: next * hourMs, apply: () => {}, save: () => {}, load: () => {} };
  const header = { stage: 's', partition: 0, node: '', arch: '', bundle: '', settings: 0 };
  const chunks = saveChunks(header as never, state as never);
  const position = { epoch: 0, next, digest: new Uint8Array(32) };
  return new SnapshotStore(folder).write({ position, outputs: {}, bundle: '', chunks }, kept);
};
const offsets = async () => (await new SnapshotStore(folder).list()).map(({ next }) => next);

test('where there is no room, those of hours and days go first, and the newest two stay', async () => {
  for (const next of [1, 2, 3, 4]) await write(next);
  room = 4;
  await write(5);
  expect(await offsets()).toEqual([3, 4, 5]);
  room = 2;
  await expect(write(6)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await offsets()).toEqual([4, 5]);
  // Nor does what could not be written stay.
  expect(await readdir(folder)).toHaveLength(2);
});

test('a broken one is passed over, and told', async () => {
  await write(1);
  await write(2);
  const store = new SnapshotStore(folder);
  const { name } = (await store.list()).at(-1)!;
  await writeFile(join(folder, name), 'x');
  const told: string[] = [];
  expect((await store.newest((broken) => told.push(broken)))!.position.next).toBe(1);
  expect(told).toEqual([name]);
});
