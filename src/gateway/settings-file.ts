import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../log/journal/files.ts';
import type { SettingsMark } from './control.ts';

/** The mark of the settings that were written last. */
export class SettingsFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined when there is none: the settings are written once more, and readers skip repeats. */
  async read(): Promise<SettingsMark | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8'));
    } catch {
      return undefined;
    }
  }

  async write(mark: SettingsMark): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.tmp`;
    await writeFile(temporary, JSON.stringify(mark), { flush: true });
    await rename(temporary, this.#path);
    await syncFolder(dirname(this.#path));
  }
}
