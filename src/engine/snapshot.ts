import { ByteReader, ByteWriter } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';
import type { StageState } from './stage.ts';

export const chunkBytesMax = 1024 * 1024;
const format = 1;

/** Who made a snapshot; the same on every runtime at the same position. */
export interface SnapshotHeader {
  readonly format: number;
  readonly stage: string;
  readonly partition: number;
  readonly partitions: number;
  /** Node version and architecture: another one takes over only at a snapshot. */
  readonly node: string;
  readonly arch: string;
  readonly bundle: string;
  /** Version of the settings in force. */
  readonly settings: number;
  /** Log time, ms; 0 before the first record, absent in snapshots of early versions. */
  readonly time?: number;
}

/** The whole state of a partition, cut into chunks of at most 1 MiB. */
export function saveChunks(
  header: Omit<SnapshotHeader, 'format' | 'time'>,
  state: StageState,
): Uint8Array[] {
  const out = new ByteWriter(chunkBytesMax);
  out.text(JSON.stringify({ format, ...header, time: state.logTime } satisfies SnapshotHeader));
  state.save(out);
  const bytes = out.view();
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytesMax) {
    chunks.push(bytes.subarray(at, Math.min(at + chunkBytesMax, bytes.length)));
  }
  return chunks;
}

export function loadChunks(chunks: readonly Uint8Array[], state: StageState): SnapshotHeader {
  const input = new ByteReader(joined(chunks));
  const header = headerOf(input);
  state.load(input);
  return header;
}

/** Who made a snapshot, without loading it: the header stands in its first chunk. */
export const snapshotHeader = ([first]: readonly Uint8Array[]): SnapshotHeader =>
  headerOf(new ByteReader(first!));

function headerOf(input: ByteReader): SnapshotHeader {
  const header = JSON.parse(input.text()) as SnapshotHeader;
  if (header.format !== format) {
    throw new SeastateError(
      'snapshot_unreadable',
      `the snapshot has format ${header.format}, this program reads ${format}`,
    );
  }
  return header;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
