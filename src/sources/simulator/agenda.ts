/** What is to be done at a moment. `run` may put more on the agenda, itself too. */
export interface Appointment {
  run(nowMs: number): void;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly appointment: Appointment;
}

/** A queue of things to do, in order of time and, at one moment, of arrival. A binary heap. */
export class Agenda {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** The next moment, or Infinity. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** `atMs` is rounded to whole ms. */
  at(atMs: number, appointment: Appointment): void {
    const heap = this.#heap;
    const entry = { atMs: Math.round(atMs), order: this.#order++, appointment };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  call(atMs: number, run: (nowMs: number) => void): void {
    this.at(atMs, { run });
  }

  /** Does what is next; returns its moment. */
  runNext(): number {
    const { atMs, appointment } = this.#take();
    appointment.run(atMs);
    return atMs;
  }

  #take(): Entry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    const length = heap.length;
    if (length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
