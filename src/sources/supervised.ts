import { messageOf } from '../core/errors.ts';
import { newCounters, type SourceCounters } from './counters.ts';

/** How a source goes. */
export interface SourceStatus {
  /** `kind/name`. */
  readonly source: string;
  readonly tenant: string;
  readonly state: 'opening' | 'reading' | 'waiting' | 'stopped';
  /** Why it waits; null while it reads. */
  readonly error: string | null;
  /** Records that are not read yet; null where nobody can tell. */
  readonly lag: number | null;
  readonly counters: SourceCounters;
}

/** What a source is given for one run. */
export interface Run {
  readonly signal: AbortSignal;
  readonly counters: SourceCounters;
  /** Told once it reads; `lag` gives the records that are not read yet, null: unknown. */
  readonly reading: (lag: () => number | null) => void;
}

export interface SupervisedOptions {
  readonly kind: string;
  readonly name: string;
  readonly tenant: string;
  /** Opens the source and reads until the signal aborts; rejects when it cannot go on. */
  readonly run: (run: Run) => Promise<void>;
  /** The longest pause between two attempts. */
  readonly retryMaxMs: number;
}

export interface SupervisedParts {
  /** In [0, 1). */
  readonly random: () => number;
  readonly warn: (fields: object, message: string) => void;
}

const firstPauseMs = 500;
const noLag = (): number | null => null;

/** Runs a source for ever: one that fails is opened again after a pause, and holds up nobody. */
export class Supervised {
  readonly counters: SourceCounters = newCounters();
  readonly #options: SupervisedOptions;
  readonly #parts: SupervisedParts;
  readonly #stop = new AbortController();
  #state: SourceStatus['state'] = 'opening';
  #error: string | null = null;
  #lag = noLag;
  #running: Promise<void> | undefined;

  constructor(options: SupervisedOptions, parts: SupervisedParts) {
    this.#options = options;
    this.#parts = parts;
  }

  get source(): string {
    return `${this.#options.kind}/${this.#options.name}`;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    this.#state = 'stopped';
  }

  status(): SourceStatus {
    const { tenant } = this.#options;
    const { source, counters } = this;
    return {
      ...{ source, tenant, counters },
      state: this.#state,
      error: this.#error,
      lag: this.#lag(),
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      this.#state = 'opening';
      try {
        const reading = (lag: () => number | null): void => {
          failures = 0;
          this.#state = 'reading';
          this.#error = null;
          this.#lag = lag;
        };
        await this.#options.run({ signal, counters: this.counters, reading });
      } catch (error) {
        if (signal.aborted) return;
        this.#fails(error);
      }
      await pause(this.#pauseMs(failures++), signal);
      this.counters.restarts++;
    }
  }

  #fails(error: unknown): void {
    const message = messageOf(error);
    // The same trouble again and again is told once.
    if (message !== this.#error) {
      this.#parts.warn({ source: this.source, error: message }, 'a source waits: tried again soon');
    }
    this.#state = 'waiting';
    this.#error = message;
    this.#lag = noLag;
  }

  /** Twice as long each time, with jitter, so that many do not come back at once. */
  #pauseMs(failures: number): number {
    const whole = Math.min(this.#options.retryMaxMs, firstPauseMs * 2 ** Math.min(failures, 20));
    return whole * (0.5 + this.#parts.random() / 2);
  }
}

/** Resolves after `ms`, at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
