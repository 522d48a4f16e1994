import { formatSelector, type Matcher, matchLabels } from '../core/matchers.ts';

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
  readonly #isSteady: boolean;
  /** A slot that matched when it was last looked for. */
  #found = -1;
  /** No slot below matched, but for those in `again`. */
  #clean = 0;
  #again: number[] = [];

  /** Not steady: series may come to match without their slot being given out. */
  constructor(
    matchers: readonly Matcher[],
    series: Searched,
    accepts: (slot: number) => boolean = () => true,
    isSteady = true,
  ) {
    this.#matchers = matchers;
    this.#series = series;
    this.#accepts = accepts;
    this.#isSteady = isSteady;
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
    this.#clean = this.#found < 0 && this.#isSteady ? count : 0;
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
