/** A timer that is given more ends at once. */
const timerMaxMs = 2 ** 31 - 1;

/**
 * The time that something as a whole may take, for its steps to share. Reads the monotonic clock.
 */
export class Deadline {
  readonly #totalMs: number;
  readonly #start = performance.now();

  constructor(totalMs: number) {
    this.#totalMs = totalMs;
  }

  /** ms until this share of the whole time has passed, for a timer; 0 where it has. */
  left(share = 1): number {
    const left = this.#start + this.#totalMs * share - performance.now();
    return Math.max(0, Math.min(left, timerMaxMs));
  }
}

/** False where it is not settled after `ms`: it goes on, and nobody learns of its end. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const isDone = work.then(() => true);
  // Whoever gave up is not to be ended by it.
  isDone.catch(() => {});
  try {
    return await Promise.race([isDone, late]);
  } finally {
    clearTimeout(timer);
  }
}
