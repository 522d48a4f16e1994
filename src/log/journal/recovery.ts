import { join } from 'node:path';
import { SeastateError } from '../../core/errors.ts';
import { Catalog } from './catalog.ts';
import { readMark } from './durable-mark.ts';
import { files, makeFolder, systemCode } from './files.ts';
import { BadBatch, BatchScanner, type Candidate, type FoundBatch, findBatch } from './scanner.ts';
import { listSegments, readSegment, type Segment, segmentPath } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';
import { Store } from './store.ts';

/** What was cut off the end of the last segment. */
export interface Torn {
  readonly path: string;
  readonly bytes: number;
}

/** Opens the files of a journal to write on: finds the end, and cuts off a torn last write. */
export async function recover(
  dir: string,
  skipCorrupt: boolean,
): Promise<{ store: Store; torn: Torn | null }> {
  await makeFolder(dir);
  await clearLeftovers(dir);
  const store = new Store(dir, new Catalog(), skipCorrupt);
  store.segments = await readSegments(dir, store.catalog);
  if (store.segments.length === 0) return { store, torn: null };
  const { tail } = store;
  const size = tail.length;
  await scanTail(store, tail, size);
  const fd = await files.open(tail.path, 'r+');
  try {
    if (tail.length < size) await files.ftruncate(fd, tail.length);
    // The last whole batches may never have been synced, and readers will see them now.
    await files.fdatasync(fd);
  } finally {
    await files.close(fd);
  }
  const torn = tail.length < size ? { path: tail.path, bytes: size - tail.length } : null;
  return { store, torn };
}

/** Files of a writer that was cut short: unfinished ones, and indexes of deleted segments. */
async function clearLeftovers(dir: string): Promise<void> {
  const names = new Set(await files.readdir(dir));
  for (const name of names) {
    const isOrphan = name.endsWith('.index') && !names.has(name.replace(/index$/, 'segment'));
    if (name.endsWith('.tmp') || isOrphan) await files.unlink(join(dir, name));
  }
}

/** Opens the files of a journal beside their writer, as far as the writer says they are durable. */
export async function openBeside(dir: string, skipCorrupt: boolean): Promise<Store> {
  // The writer may unlink a segment between the listing and the reading of its header.
  for (let left = 10; ; left--) {
    const mark = left > 0 ? await readMark(dir) : null;
    const store = new Store(dir, new Catalog(), skipCorrupt);
    try {
      store.segments = await readSegments(dir, store.catalog, mark?.sequence);
      if (store.segments.length === 0 && mark !== null) continue;
      if (store.segments.length === 0) throw missing(dir);
      const { tail } = store;
      const end =
        mark?.sequence === tail.sequence ? Math.min(mark.length, tail.length) : tail.length;
      await scanTail(store, tail, end);
      return store;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      if (left === 0) throw missing(dir);
    }
  }
}

function missing(dir: string): SeastateError {
  return new SeastateError(
    'log_missing',
    `there is no journal in ${dir}: name by --data the folder that a \`seastate run\` or demo writes`,
  );
}

/** Segments of the folder up to number `last`, with their headers read. */
async function readSegments(dir: string, catalog: Catalog, last = Infinity): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const sequence of await listSegments(dir)) {
    if (sequence > last) break;
    const path = segmentPath(dir, sequence);
    const before = segments.at(-1);
    if (before !== undefined && before.sequence + 1 !== sequence) {
      throw new SeastateError(
        'log_corrupt',
        `${segmentPath(dir, before.sequence + 1)} is missing: put it back, or move` +
          ` ${before.path} and every older segment away to go on without them`,
      );
    }
    segments.push(await readSegment(path, catalog));
  }
  return segments;
}

/**
 * Reads the last segment up to `end`: sets the store's next offsets and time, the segment's index,
 * and its length to the end of the last good batch. What follows the last good batch is a torn
 * write, unless a batch behind it shows that it had been durable: then it is damage.
 */
export async function scanTail(store: Store, tail: Segment, end: number): Promise<void> {
  const index = new SegmentIndex();
  tail.index = index;
  store.lastTime = Math.max(store.lastTime, tail.time);
  for (let slot = 0; slot < store.catalog.slots; slot++) store.next[slot] = tail.firsts[slot] ?? 0;
  const fd = await files.open(tail.path, 'r');
  try {
    const range = { fd, seed: tail.seed, end };
    const scanner = new BatchScanner({ ...range, from: tail.start }, store.catalog);
    tail.length = tail.start;
    for (;;) {
      const found = await nextGood(store, scanner);
      if (found instanceof BadBatch) {
        const { position } = found;
        const behind = { ...range, from: position + 1 };
        const proof = await findBatch(behind, store.catalog, (batch) => batch.durable > position);
        if (proof === null) return;
        if (!store.skipCorrupt) throw store.corrupt(tail.path, position, found.message);
        const goOn = (await findBatch(behind, store.catalog))!.position;
        store.corruptBytes += goOn - position;
        scanner.seek(goOn);
        continue;
      }
      if (found === null) return;
      addBatch(store, tail, found);
    }
  } finally {
    await files.close(fd);
  }
}

/** The next batch, which must carry on where its partition stood; or what stands there instead. */
async function nextGood(
  store: Store,
  scanner: BatchScanner,
): Promise<FoundBatch | BadBatch | null> {
  try {
    const batch = await scanner.next(() => true);
    if (batch === null || batch.offset === store.next[batch.slot] || store.skipCorrupt)
      return batch;
    return new BadBatch(batch.position, 'the offsets of the batch do not follow');
  } catch (error) {
    if (error instanceof BadBatch) return error;
    throw error;
  }
}

/** Takes a durable batch of the last segment into the store. */
export function addBatch(store: Store, tail: Segment, batch: Candidate): void {
  store.next[batch.slot] = batch.offset + batch.count;
  store.lastTime = Math.max(store.lastTime, batch.timestamp);
  tail.index?.add(batch.slot, batch.offset, batch.timestamp, batch.position);
  tail.length = batch.position + batch.length;
}
