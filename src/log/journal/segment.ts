import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { SeastateError } from '../../core/errors.ts';
import type { TopicSpec } from '../log.ts';
import type { Catalog } from './catalog.ts';
import { files, readFully, syncFolder, writeFully } from './files.ts';
import { SegmentIndex } from './segment-index.ts';

/**
 * A segment file: a header, then batches. The header (FORMAT.md):
 *
 *     u32 magic | u32 crc32 of all that follows | u32 length of the header | u16 version
 *     | i64 sequence | i64 created ms | i64 time ms | u16 topics
 *     | per topic: text name, u16 partitions, i64 first offset of each
 */
const segmentMagic = 0x4c534553;
const segmentVersion = 1;
const fixedBytes = 12;

export interface SegmentHeader {
  /** Segments of a journal are numbered without gaps. */
  readonly sequence: number;
  /** ms, by the wall clock. */
  readonly created: number;
  /** Newest timestamp (ms) of the journal when the segment began: nothing in it is older. */
  readonly time: number;
  /** First offset of every slot. Slots of topics that came later are missing: theirs is 0. */
  readonly firsts: readonly number[];
}

export interface Segment extends SegmentHeader {
  readonly path: string;
  /** CRC of the header: the seed of its batches' CRCs. */
  readonly seed: number;
  /** Where the first batch begins. */
  readonly start: number;
  /** Bytes up to the end of the last durable batch. */
  length: number;
  /** Loaded when first needed. */
  index: SegmentIndex | null;
}

export function segmentPath(dir: string, sequence: number): string {
  return join(dir, `${String(sequence).padStart(12, '0')}.segment`);
}

export const indexPath = (segment: string): string => segment.replace(/\.segment$/, '.index');

/** Sequence numbers of the segments in a folder, in order. */
export async function listSegments(dir: string): Promise<number[]> {
  const names = await files.readdir(dir);
  const sequences = names.filter((name) => /^\d{12}\.segment$/.test(name)).map(Number.parseFloat);
  return sequences.sort((a, b) => a - b);
}

/**
 * Makes a durable segment file that holds its header only. It appears under its name with the
 * header complete, so a header that does not check is damage, never an unfinished write.
 */
export async function createSegment(
  dir: string,
  header: SegmentHeader,
  topics: readonly TopicSpec[],
): Promise<{ fd: number; segment: Segment }> {
  const path = segmentPath(dir, header.sequence);
  const bytes = encodeHeader(header, topics);
  const seed = new ByteReader(bytes, 4).u32();
  const fd = await files.open(`${path}.tmp`, 'w+');
  try {
    await writeFully(fd, bytes, 0);
    await files.fsync(fd);
    await files.rename(`${path}.tmp`, path);
    await syncFolder(dir);
  } catch (error) {
    await files.close(fd);
    await files.unlink(`${path}.tmp`).catch(() => undefined);
    throw error;
  }
  const { length } = bytes;
  const index = new SegmentIndex();
  return { fd, segment: { ...header, path, seed, start: length, length, index } };
}

function encodeHeader(header: SegmentHeader, topics: readonly TopicSpec[]): Uint8Array {
  const out = new ByteWriter();
  out.u32(segmentMagic).u32(0).u32(0).u16(segmentVersion);
  out.i64(header.sequence).i64(header.created).i64(header.time).u16(topics.length);
  let slot = 0;
  for (const topic of topics) {
    out.text(topic.name).u16(topic.partitions);
    for (let i = 0; i < topic.partitions; i++) out.i64(header.firsts[slot++] ?? 0);
  }
  out.setU32(8, out.length);
  out.setU32(4, crc32(out.view().subarray(8)));
  return out.take();
}

/** Reads a segment's header and size; new topics go into `catalog`. Damage is `log_corrupt`. */
export async function readSegment(path: string, catalog: Catalog): Promise<Segment> {
  const fd = await files.open(path, 'r');
  try {
    const { size } = await files.fstat(fd);
    const bytes = await readHeaderBytes(fd, size);
    const seed = bytes === null ? 0 : crc32(bytes.subarray(8));
    if (bytes === null || seed !== new ByteReader(bytes, 4).u32()) {
      throw new SeastateError(
        'log_corrupt',
        `${path}: the segment's header (position 0) is damaged: restore the file from a copy,` +
          ` or move it and every older segment of this folder away to go on without them`,
      );
    }
    const header = decodeHeader(path, bytes, catalog);
    return { ...header, path, seed, start: bytes.length, length: size, index: null };
  } finally {
    await files.close(fd);
  }
}

async function readHeaderBytes(fd: number, size: number): Promise<Uint8Array | null> {
  const fixed = new Uint8Array(fixedBytes);
  if ((await readFully(fd, fixed, 0)) < fixedBytes) return null;
  const input = new ByteReader(fixed);
  if (input.u32() !== segmentMagic) return null;
  input.u32();
  const length = input.u32();
  if (length <= fixedBytes || length > size) return null;
  const bytes = new Uint8Array(length);
  return (await readFully(fd, bytes, 0)) === length ? bytes : null;
}

function decodeHeader(path: string, bytes: Uint8Array, catalog: Catalog): SegmentHeader {
  const input = new ByteReader(bytes, fixedBytes);
  const version = input.u16();
  if (version !== segmentVersion) {
    throw new SeastateError(
      'log_version',
      `${path} has format ${version}, this program reads ${segmentVersion}: use the version of` +
        ` Seastate that wrote it, or another data folder`,
    );
  }
  const sequence = input.i64();
  const created = input.i64();
  const time = input.i64();
  const firsts: number[] = [];
  for (let left = input.u16(); left > 0; left--) {
    const topic = { name: input.text(), partitions: input.u16() };
    catalog.add(topic);
    for (let i = 0; i < topic.partitions; i++) firsts.push(input.i64());
  }
  return { sequence, created, time, firsts };
}
