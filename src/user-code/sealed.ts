import { Worker } from 'node:worker_threads';
import { messageOf, SeastateError } from '../core/errors.ts';
import { watchBuffers } from '../engine/runner/buffers.ts';
import type { Functions, Opening, Word } from './sealed-thread.ts';

export interface SealedOptions {
  /**
   * Loading users' code, a call, and each step that a call tells of, are given up after this, ms.
   */
  readonly deadlineMs: number;
  /** Heap of the thread, MiB. */
  readonly heapMiB: number;
  /** MiB that typed arrays and other buffers, which no heap limit counts, may take. */
  readonly buffersMiB: number;
}

/** For work over whole states, which are buffers, as runners have it. */
export const likeRunner: SealedOptions = {
  ...{ deadlineMs: 60_000, heapMiB: 4_096, buffersMiB: Number.POSITIVE_INFINITY },
};

/** Our own part may take this long to load, ms: a busy machine is no fault of the users' code. */
const startMs = 60_000;
/** A thread that was asked to end and is still there is cut off, ms. */
const endMs = 5_000;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/**
 * Users' code in a thread of its own, sealed as a runner's: the one way in which a command runs it.
 * A job is a module of ours whose `open` is given the bundle's module there, and returns what can
 * be called from here, one call at a time.
 */
export class Sealed<F extends Functions> {
  readonly #worker: Worker;
  readonly #deadlineMs: number;
  readonly #exited: Promise<void>;
  readonly #whose: string;
  #waiting: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  #doing = '';
  #gone: SeastateError | undefined;
  readonly #unwatch: () => void;

  private constructor(opening: Opening, { deadlineMs, heapMiB, buffersMiB }: SealedOptions) {
    this.#deadlineMs = deadlineMs;
    this.#whose = opening.bundle === undefined ? 'the shipped code' : 'your code';
    this.#worker = new Worker(new URL('./sealed-thread.ts', import.meta.url), {
      workerData: opening,
      execArgv: ['--permission', '--allow-fs-read=*'],
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    this.#unwatch = watchBuffers(this.#worker, buffersMiB, (what) => {
      this.#fail(what);
      void this.#worker.terminate();
    });
    this.#worker.on('message', (word: Word) => this.#take(word));
    this.#worker.once('error', (error) => this.#fail(messageOf(error)));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail('it ended without a word');
        resolve();
      });
    });
  }

  /** Opens a job with the bundle at `bundle`, if any. Throws what loading threw. */
  static async open<F extends Functions>(
    job: URL,
    bundle: string | undefined,
    options: SealedOptions,
  ): Promise<Sealed<F>> {
    const sealed = new Sealed<F>({ job: job.href, bundle }, options);
    try {
      await sealed.#answer(Math.max(startMs, options.deadlineMs));
      return sealed;
    } catch (error) {
      await sealed.end();
      throw error;
    }
  }

  /** Throws what the function threw; `bundle_failed` when it does not end or takes all memory. */
  async call<K extends keyof F & string>(
    name: K,
    ...args: Parameters<F[K]>
  ): Promise<ReturnType<F[K]>> {
    if (this.#gone) throw this.#gone;
    this.#doing = this.#whose;
    this.#worker.postMessage({ name, args });
    return (await this.#answer(this.#deadlineMs)) as ReturnType<F[K]>;
  }

  /** Cut off in its work a thread may take the whole process with it: it ends by itself. */
  async end(): Promise<void> {
    this.#gone ??= new SeastateError('bundle_failed', 'it was ended');
    this.#unwatch();
    this.#worker.postMessage(null);
    const cut = setTimeout(() => void this.#worker.terminate(), endMs);
    await this.#exited;
    clearTimeout(cut);
  }

  #answer(limitMs: number): Promise<unknown> {
    this.#watch(limitMs);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #watch(limitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(`no end within ${limitMs / 1000} s`);
      void this.#worker.terminate();
    }, limitMs);
  }

  #take(word: Word): void {
    if ('doing' in word) {
      this.#doing = word.doing;
      this.#watch(this.#deadlineMs);
    } else if ('error' in word) this.#settle(({ reject }) => reject(errorOf(word.error)));
    else this.#settle(({ resolve }) => resolve(word.answer));
  }

  /** The thread is of no use any more. */
  #fail(what: string): void {
    this.#unwatch();
    const told = this.#doing === '' ? what : `${this.#doing}: ${what}`;
    this.#gone ??= new SeastateError('bundle_failed', told);
    this.#settle(({ reject }) => reject(this.#gone!));
  }

  #settle(tell: (waiting: Waiting) => void): void {
    clearTimeout(this.#timer);
    this.#doing = '';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) tell(waiting);
  }
}

function errorOf({ code, message, stack }: Extract<Word, { error: object }>['error']): Error {
  const error = code === undefined ? new Error(message) : new SeastateError(code, message);
  return Object.assign(error, { stack });
}
