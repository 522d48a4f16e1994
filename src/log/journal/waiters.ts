/** Readers that wait at the head of a slot. */
export class Waiters {
  readonly #waiting = new Map<number, Set<() => void>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Resolves at the next wake of the slot, or when `signal` aborts. */
  wait(slot: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        if (this.#waiting.get(slot)?.delete(wake)) this.#count--;
        resolve();
      };
      signal.addEventListener('abort', wake);
      const set = this.#waiting.get(slot);
      if (set === undefined) this.#waiting.set(slot, new Set([wake]));
      else set.add(wake);
      this.#count++;
    });
  }

  wake(slot: number): void {
    const set = this.#waiting.get(slot);
    if (set === undefined || set.size === 0) return;
    for (const wake of [...set]) wake();
  }

  wakeAll(): void {
    for (const slot of this.#waiting.keys()) this.wake(slot);
  }
}
