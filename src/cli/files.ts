import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { unreadable } from '../core/unreadable.ts';

/** The bytes of a file that the user named. Error: `usage`. */
export async function readNamed(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw unreadable('usage', file, error);
  }
}

/** Before anything is said or written: whether such a file can be read later. Error: `usage`. */
export async function checkReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
    if ((await stat(file)).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  } catch (error) {
    throw unreadable('usage', file, error);
  }
}
