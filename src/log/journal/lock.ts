import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, SeastateError } from '../../core/errors.ts';

/** The right to write in a folder. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes the one right to write in `dir`; `log_locked` names the process that has it. Node cannot
 * lock files, SQLite can: the file `lock` is an empty database, held in a transaction. The system
 * lets go of it when the process ends in whatever way, so no stale lock is ever left, and a pid
 * that was given out anew (every container has a 1) fools nobody. The pid in `lock.pid` is only
 * for people.
 */
export function lockFolder(dir: string): FolderLock {
  const pidPath = join(dir, 'lock.pid');
  const database = new DatabaseSync(join(dir, 'lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new SeastateError('log_locked', refusal(dir, pidPath, error), { cause: error });
  }
  try {
    writeFileSync(pidPath, `${process.pid}\n`);
  } catch {
    // A full disk must not keep anybody from the start, which may make room.
  }
  return {
    release: () => {
      rmSync(pidPath, { force: true });
      database.close();
    },
  };
}

function refusal(dir: string, pidPath: string, error: unknown): string {
  const isBusy = error instanceof Error && 'errcode' in error && error.errcode === 5;
  if (!isBusy) return `cannot lock the folder ${dir}: ${messageOf(error)}`;
  let pid = 'another process';
  try {
    pid = `process ${readFileSync(pidPath, 'utf8').trim()}`;
  } catch {}
  return `the journals in ${dir} are being written by ${pid}: stop it, or use another data folder`;
}
