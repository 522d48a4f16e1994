import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Resource versions by path of a watched list. */
type Positions = Record<string, string>;

const saveAfterMs = 1_000;

/**
 * Where the watches of one API server stand, over restarts: a small file. Losing it costs a list,
 * and its repeats are harmless; so does another server under the same name.
 */
export class WatchPositions {
  readonly #path: string;
  readonly #server: string;
  readonly #positions: Positions;
  #saved = '';
  /** One after the other. */
  #saving: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, server: string, positions: Positions) {
    this.#path = path;
    this.#server = server;
    this.#positions = positions;
  }

  static async open(path: string, server: string): Promise<WatchPositions> {
    let positions: Positions = {};
    try {
      const stored = JSON.parse(await readFile(path, 'utf8')) as {
        server?: unknown;
        positions?: Positions;
      };
      if (stored.server === server) positions = { ...stored.positions };
    } catch {
      // Not there yet, or of no use: the watch begins with a list.
    }
    return new WatchPositions(path, server, positions);
  }

  of(list: string): string | undefined {
    return this.#positions[list];
  }

  set(list: string, resourceVersion: string): void {
    this.#positions[list] = resourceVersion;
  }

  forget(list: string): void {
    delete this.#positions[list];
  }

  /** Saves it within a second; what is lost before that comes again, which is harmless. */
  saveSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // A disk that is full now is tried again with the next position.
      this.save().catch(() => {});
    }, saveAfterMs).unref();
  }

  /** Saves it now; nothing is written afterwards. */
  close(): Promise<void> {
    clearTimeout(this.#timer);
    return this.save();
  }

  save(): Promise<void> {
    const saved = this.#saving.then(() => this.#save());
    this.#saving = saved.catch(() => {});
    return saved;
  }

  async #save(): Promise<void> {
    const content = JSON.stringify({ server: this.#server, positions: this.#positions });
    if (content === this.#saved) return;
    await mkdir(dirname(this.#path), { recursive: true });
    const unfinished = `${this.#path}.part`;
    await writeFile(unfinished, content, { flush: true });
    await rename(unfinished, this.#path);
    this.#saved = content;
  }
}
