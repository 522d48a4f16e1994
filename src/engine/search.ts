import { formatSelector, type Matcher, matchLabels } from '../core/matchers.ts';
import type { DerivedSeries } from './processor.ts';

/** Series that can be looked through. */
export interface Searched {
  /** Slots ever given out. */
  readonly count: number;
  isTracked(slot: number): boolean;
  /** Value of one label, '' when absent. */
  label(slot: number, name: string): string;
  /** The first tracked slot from `from` on that matches and is accepted; -1: there is none. */
  firstMatch(
    matchers: readonly Matcher[],
    from: number,
    accepts: (slot: number) => boolean,
  ): number;
}

/** Slots that were given out anew and are looked at one by one; more of them, and all are. */
const againMax = 4_096;

/**
 * Whether any series matches. Where none does, only slots that were given out since are looked at
 * the next time, so that asking again costs no more than what has changed.
 */
export class Search {
  readonly #matchers: readonly Matcher[];
  readonly #series: Searched;
  readonly #accepts: (slot: number) => boolean;
  /** A slot that matched when it was last looked for. */
  #found = -1;
  /** No slot below matched, but for those in `again`. */
  #clean = 0;
  #again: number[] = [];

  constructor(
    matchers: readonly Matcher[],
    series: Searched,
    accepts: (slot: number) => boolean = () => true,
  ) {
    this.#matchers = matchers;
    this.#series = series;
    this.#accepts = accepts;
  }

  get selector(): string {
    return formatSelector(this.#matchers);
  }

  /** Whether what was found before is still there: spares looking through all. */
  isFound(): boolean {
    return this.#found >= 0 && this.#isMatch(this.#found);
  }

  find(): boolean {
    const { count } = this.#series;
    const again = this.#again.find((slot) => this.#isMatch(slot));
    this.#found = again ?? this.#series.firstMatch(this.#matchers, this.#clean, this.#accepts);
    this.#clean = this.#found < 0 ? count : 0;
    this.#again = [];
    return this.#found >= 0;
  }

  /** A slot was given out. */
  forget(slot: number): void {
    if (slot >= this.#clean) return;
    if (this.#again.push(slot) <= againMax) return;
    this.#clean = 0;
    this.#again = [];
  }

  #isMatch(slot: number): boolean {
    if (!this.#series.isTracked(slot)) return false;
    const matches = matchLabels(this.#matchers, (name) => this.#series.label(slot, name));
    return matches && this.#accepts(slot);
  }
}

/**
 * The same among what is derived of series, which may come with no slot given out: what did not
 * match is not looked at again while its slot is of the same series.
 */
export class DerivedSearch {
  readonly #matchers: readonly Matcher[];
  readonly #series: Pick<Searched, 'count' | 'isTracked'>;
  readonly #derived: DerivedSeries;
  /** By slot and `which`: 1 of what was there and did not match. */
  #missed = new Uint8Array(0);
  /** Slot and `which` of what matched when it was last looked for. */
  #found: readonly [slot: number, which: number] | undefined;

  constructor(
    matchers: readonly Matcher[],
    series: Pick<Searched, 'count' | 'isTracked'>,
    derived: DerivedSeries,
  ) {
    this.#matchers = matchers;
    this.#series = series;
    this.#derived = derived;
  }

  get selector(): string {
    return formatSelector(this.#matchers);
  }

  isFound(): boolean {
    return this.#found !== undefined && this.#isMatch(...this.#found);
  }

  find(): boolean {
    const { count } = this.#series;
    const { perSeries } = this.#derived;
    if (this.#missed.length < count * perSeries) {
      const bigger = new Uint8Array(count * perSeries * 2);
      bigger.set(this.#missed);
      this.#missed = bigger;
    }
    this.#found = undefined;
    for (let slot = 0; slot < count && !this.#found; slot++) {
      for (let which = 0; which < perSeries && !this.#found; which++) {
        const at = slot * perSeries + which;
        if (this.#missed[at] === 1 || !this.#isThere(slot, which)) continue;
        if (this.#isMatch(slot, which)) this.#found = [slot, which];
        else this.#missed[at] = 1;
      }
    }
    return this.#found !== undefined;
  }

  /** A slot was given out. */
  forget(slot: number): void {
    const { perSeries } = this.#derived;
    this.#missed.fill(0, slot * perSeries, (slot + 1) * perSeries);
  }

  #isThere(slot: number, which: number): boolean {
    return this.#series.isTracked(slot) && this.#derived.isThere(slot, which);
  }

  #isMatch(slot: number, which: number): boolean {
    if (!this.#isThere(slot, which)) return false;
    const labels = this.#derived.labels(slot, which);
    return matchLabels(
      this.#matchers,
      (name) => labels.find(([label]) => label === name)?.[1] ?? '',
    );
  }
}
