import {
  close,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  open,
  read,
  readdir,
  rename,
  type Stats,
  stat,
  unlink,
  writev,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The file operations of the journal, on plain file descriptors: cheaper than FileHandle. */
export const files = {
  open: promisify(open) as (path: string, flags: string) => Promise<number>,
  close: promisify(close),
  stat: promisify(stat) as (path: string) => Promise<Stats>,
  fstat: promisify(fstat) as (fd: number) => Promise<Stats>,
  fsync: promisify(fsync),
  fdatasync: promisify(fdatasync),
  ftruncate: promisify(ftruncate),
  rename: promisify(rename),
  unlink: promisify(unlink),
  readdir: promisify(readdir) as (path: string) => Promise<string[]>,
};

const readOnce = promisify(read);
const writeOnce = promisify(writev) as (
  fd: number,
  chunks: readonly Uint8Array[],
  position: number,
) => Promise<{ bytesWritten: number }>;

/** Fills `into` from `position` on; returns the bytes read, fewer only at the end of the file. */
export async function readFully(fd: number, into: Uint8Array, position: number): Promise<number> {
  let have = 0;
  while (have < into.length) {
    const { bytesRead } = await readOnce(fd, into, have, into.length - have, position + have);
    if (bytesRead === 0) break;
    have += bytesRead;
  }
  return have;
}

export async function writeFully(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  await writeAll(fd, [bytes], position);
}

/** Writes the chunks one behind the other, in one call if the system takes them in one. */
export async function writeAll(
  fd: number,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = chunks;
  let at = position;
  while (left.length > 0) {
    const { bytesWritten } = await writeOnce(fd, left, at);
    at += bytesWritten;
    left = behind(left, bytesWritten);
  }
}

/** What is left of the chunks when their first `count` bytes are written. */
function behind(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count;
  let i = 0;
  while (i < chunks.length && skip >= chunks[i]!.length) skip -= chunks[i++]!.length;
  if (i === chunks.length) return [];
  return [chunks[i]!.subarray(skip), ...chunks.slice(i + 1)];
}

/** Makes a folder, and the ones above it that are missing, durably. */
export async function makeFolder(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true });
  if (first === undefined) return;
  for (let made = resolve(dir); ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === resolve(first)) return;
  }
}

/** Makes a new name in a folder durable. */
export async function syncFolder(dir: string): Promise<void> {
  const fd = await files.open(dir, 'r');
  try {
    await files.fsync(fd);
  } finally {
    await files.close(fd);
  }
}

/** `ENOENT` and the like; '' when `error` is no system error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether a write failed for want of room: disk, quota, or a limit on file size. */
export function isNoRoom(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(systemCode(error));
}
