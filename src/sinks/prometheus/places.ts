import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReaderState } from '../../log/numbering.ts';
import type { ActiveState } from './active.ts';

/** Version of the file; another one is as good as none. */
const version = 1;

/** How far a partition of a topic was sent. */
export interface Place {
  /** The record to be read next. */
  readonly next: number;
  /** The next number of every writer. */
  readonly readers: ReaderState;
  /** Of topic `events`: the intervals that are open, as they were told. */
  readonly active?: ActiveState;
}

/** The places of a sink by `topic/partition`, in a file that is replaced as a whole. */
export class Places {
  readonly #path: string;
  readonly #places: Map<string, Place>;
  /** One write at a time. */
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#places = new Map(Object.entries(read(path)));
  }

  get(where: string): Place | undefined {
    return this.#places.get(where);
  }

  /** Resolves when the place is on disk. Rejects with the error of the disk. */
  set(where: string, place: Place): Promise<void> {
    this.#places.set(where, place);
    const before = this.#writing.catch(() => {});
    this.#writing = before.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const text = JSON.stringify({ version, places: Object.fromEntries(this.#places) });
    await mkdir(dirname(this.#path), { recursive: true });
    const file = await open(`${this.#path}.new`, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
  }
}

function read(path: string): Record<string, Place> {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8'));
    return file.version === version ? file.places : {};
  } catch {
    return {};
  }
}
