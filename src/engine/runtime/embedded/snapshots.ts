import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from '../../../core/bytes.ts';
import { SeastateError } from '../../../core/errors.ts';
import { isNoRoom } from '../../../log/journal/files.ts';
import { type Position, readPosition, writePosition } from '../../position.ts';
import { snapshotHeader } from '../../snapshot.ts';
import {
  expiredNames,
  type KeptSnapshots,
  parseName,
  type SnapshotName,
  snapshotName,
} from './kept.ts';

const magic = 0x53535331;

/** A snapshot as the embedded runtime keeps it. */
export interface StoredSnapshot {
  readonly position: Position;
  /** Next offset of every output topic partition, by `topic/partition`, when it was made. */
  readonly outputs: Readonly<Record<string, number>>;
  readonly bundle: string;
  readonly chunks: readonly Uint8Array[];
}

/** Why a partition stopped, or did not yet: beside the snapshots, so that a restart knows. */
export interface Attempts {
  /** Offset of the record (or of the batch's first) at which the runner ended. */
  readonly offset: number;
  readonly count: number;
  readonly error: string;
}

/**
 * Files of one partition of a stage: snapshots (written aside, synced, renamed, folder synced),
 * the attempts at a record that ends runners, and the offsets that are to be skipped.
 */
export class SnapshotStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Writes it, and takes away what is not to be kept beside it; without `kept` nothing is. Where
   * there is no room for it, the kept ones of hours and days go first: only the newest are needed.
   */
  async write(snapshot: StoredSnapshot, kept?: KeptSnapshots): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const { time } = snapshotHeader(snapshot.chunks);
    const write = () => this.#replace(snapshotName(snapshot.position, time), encode(snapshot));
    if (!kept) return await write();
    try {
      await write();
    } catch (error) {
      if (!isNoRoom(error) || (await this.#dropExpired({ hourly: 0, daily: 0 })) === 0) throw error;
      await write();
    }
    await this.#dropExpired(kept);
  }

  /** How many there were. */
  async #dropExpired(kept: KeptSnapshots): Promise<number> {
    const names = expiredNames(await this.list(), kept);
    // Another runtime on the same place may be faster.
    for (const name of names) await rm(join(this.#folder, name), { force: true });
    return names.length;
  }

  /** The newest snapshot that can be read; broken ones are told to `onBroken` and passed over. */
  async newest(
    onBroken: (name: string, reason: string) => void,
  ): Promise<StoredSnapshot | undefined> {
    for (const { name } of (await this.list()).reverse()) {
      try {
        return await this.read(name);
      } catch (error) {
        onBroken(name, (error as Error).message);
      }
    }
    return undefined;
  }

  /** The snapshots that are there, the oldest first. */
  async list(): Promise<SnapshotName[]> {
    return (await this.#files()).sort().flatMap((name) => parseName(name) ?? []);
  }

  /** Rejects with `snapshot_broken`, or as the file system does when it is gone. */
  async read(name: string): Promise<StoredSnapshot> {
    return decode(await readFile(join(this.#folder, name)), name);
  }

  async #files(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  async attempts(): Promise<Attempts | undefined> {
    return await this.#json<Attempts>('attempts.json');
  }

  async setAttempts(attempts: Attempts | undefined): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await this.#replace('attempts.json', JSON.stringify(attempts ?? null));
  }

  /** Offsets to be skipped, with the reason given. */
  async skips(): Promise<ReadonlyMap<number, string>> {
    const found = (await this.#json<Record<string, string>>('skips.json')) ?? {};
    return new Map(Object.entries(found).map(([offset, why]) => [Number(offset), why]));
  }

  async addSkip(offset: number, why: string): Promise<void> {
    const skips = new Map(await this.skips()).set(offset, why);
    await mkdir(this.#folder, { recursive: true });
    await this.#replace('skips.json', JSON.stringify(Object.fromEntries(skips)));
  }

  async #json<T>(name: string): Promise<T | undefined> {
    if (!(await this.#files()).includes(name)) return undefined;
    return JSON.parse(await readFile(join(this.#folder, name), 'utf8')) ?? undefined;
  }

  async #replace(name: string, content: Uint8Array | string): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await writeFile(`${path}.tmp`, content, { flush: true });
    } catch (error) {
      // What there is of it would take the room of others.
      await rm(`${path}.tmp`, { force: true });
      throw error;
    }
    await rename(`${path}.tmp`, path);
    const folder = await open(this.#folder);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

/** magic | position | outputs JSON | bundle | n | n x chunk | crc32 of all before */
function encode(snapshot: StoredSnapshot): Uint8Array {
  const out = new ByteWriter(1024 + snapshot.chunks.reduce((sum, c) => sum + c.length + 4, 0));
  out.u32(magic);
  writePosition(out, snapshot.position);
  out.text(JSON.stringify(snapshot.outputs)).text(snapshot.bundle);
  out.u32(snapshot.chunks.length);
  for (const chunk of snapshot.chunks) out.bytes(chunk);
  out.u32(crc32(out.view()));
  return out.view();
}

function decode(bytes: Uint8Array, name: string): StoredSnapshot {
  const body = bytes.subarray(0, -4);
  const crc = bytes.length > 4 ? new ByteReader(bytes, bytes.length - 4).u32() : -1;
  const input = new ByteReader(body);
  if (crc !== crc32(body) || input.u32() !== magic) {
    throw new SeastateError('snapshot_broken', `snapshot ${name} is broken (checksum)`);
  }
  return {
    position: readPosition(input),
    outputs: JSON.parse(input.text()),
    bundle: input.text(),
    chunks: Array.from({ length: input.u32() }, () => input.bytes()),
  };
}
