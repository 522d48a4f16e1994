import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';

/** A slot gets an entry when this many bytes of the segment passed since its last one. */
const entryEveryBytes = 256 * 1024;
const indexMagic = 0x58495345;

interface Entries {
  readonly offsets: number[];
  readonly times: number[];
  readonly positions: number[];
}

/**
 * Sparse index of one segment: for each slot some of its batches (offset, timestamp, position in
 * the file), always the first. A derived thing: it can be made again from the batches' headers.
 */
export class SegmentIndex {
  readonly #slots = new Map<number, Entries>();

  /** Every batch must be told, in order. */
  add(slot: number, offset: number, time: number, position: number): void {
    let entries = this.#slots.get(slot);
    if (entries === undefined) {
      entries = { offsets: [], times: [], positions: [] };
      this.#slots.set(slot, entries);
    } else if (position - entries.positions.at(-1)! < entryEveryBytes) {
      return;
    }
    entries.offsets.push(offset);
    entries.times.push(time);
    entries.positions.push(position);
  }

  /** Where to read from to find `offset`; -1 when the segment holds nothing of the slot. */
  positionOf(slot: number, offset: number): number {
    const entries = this.#slots.get(slot);
    if (entries === undefined) return -1;
    return entries.positions[Math.max(0, lastAtMost(entries.offsets, offset))]!;
  }

  /** Where to read from to find the first batch at or after a time; -1 as above. */
  positionOfTime(slot: number, time: number): number {
    const entries = this.#slots.get(slot);
    if (entries === undefined) return -1;
    return entries.positions[Math.max(0, lastAtMost(entries.times, time - 1))]!;
  }

  /** Writes the index beside its segment, whose header's CRC and length it carries. */
  async save(path: string, seed: number, length: number): Promise<void> {
    const out = new ByteWriter(1024);
    out.u32(indexMagic).u32(0).u32(seed).u32(length).u32(this.#slots.size);
    for (const [slot, { offsets, times, positions }] of this.#slots) {
      out.u32(slot).u32(offsets.length);
      for (let i = 0; i < offsets.length; i++) {
        out.i64(offsets[i]!).i64(times[i]!).u32(positions[i]!);
      }
    }
    out.setU32(4, crc32(out.view().subarray(8)));
    try {
      await writeFile(`${path}.tmp`, out.view());
      await rename(`${path}.tmp`, path);
    } catch (error) {
      await rm(`${path}.tmp`, { force: true });
      throw error;
    }
  }

  /** The index of a segment; null when it is missing, damaged, or of another segment. */
  static async load(path: string, seed: number, length: number): Promise<SegmentIndex | null> {
    const bytes = await readFile(path).catch(() => null);
    if (bytes === null || bytes.length < 20) return null;
    const input = new ByteReader(bytes);
    if (input.u32() !== indexMagic || input.u32() !== crc32(bytes.subarray(8))) return null;
    if (input.u32() !== seed || input.u32() !== length) return null;
    const index = new SegmentIndex();
    for (let left = input.u32(); left > 0; left--) {
      const slot = input.u32();
      const entries: Entries = { offsets: [], times: [], positions: [] };
      for (let more = input.u32(); more > 0; more--) {
        entries.offsets.push(input.i64());
        entries.times.push(input.i64());
        entries.positions.push(input.u32());
      }
      index.#slots.set(slot, entries);
    }
    return index;
  }
}

/** Index of the last element of a rising list that is <= value; -1 when all are greater. */
function lastAtMost(list: readonly number[], value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
