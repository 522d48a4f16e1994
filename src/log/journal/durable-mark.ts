import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { files, writeFully } from './files.ts';

/**
 * How far the journal is durable, for readers in other processes: the file `durable` holds
 * `u32 crc | i64 sequence | i64 length`, written over and over, never synced. It is only ever
 * behind the truth.
 */
export interface Mark {
  readonly sequence: number;
  readonly length: number;
}

const markPath = (dir: string): string => join(dir, 'durable');

export class MarkWriter {
  readonly #fd: number;
  #wanted: Mark | null = null;
  #writing: Promise<void> | null = null;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async open(dir: string): Promise<MarkWriter> {
    return new MarkWriter(await files.open(markPath(dir), 'w+'));
  }

  /** Tells the newest mark soon; ones in between may be left out. */
  publish(mark: Mark): void {
    this.#wanted = mark;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#wanted !== null) {
      const bytes = encode(this.#wanted);
      this.#wanted = null;
      // A mark that cannot be written only makes readers wait for the next one.
      await writeFully(this.#fd, bytes, 0).catch(() => undefined);
    }
    this.#writing = null;
  }

  async close(): Promise<void> {
    await this.#writing;
    await files.close(this.#fd);
  }
}

function encode(mark: Mark): Uint8Array {
  const out = new ByteWriter(20).u32(0).i64(mark.sequence).i64(mark.length);
  out.setU32(0, crc32(out.view().subarray(4)));
  return out.view();
}

/** The mark as last written; null when there is none, or when it is being written right now. */
export async function readMark(dir: string): Promise<Mark | null> {
  const bytes = await readFile(markPath(dir)).catch(() => null);
  if (bytes === null || bytes.length !== 20) return null;
  const input = new ByteReader(bytes);
  if (input.u32() !== crc32(bytes.subarray(4))) return null;
  return { sequence: input.i64(), length: input.i64() };
}
