import { type Matcher, matchLabels, parseSelector } from '../core/matchers.ts';
import type { DerivedSeries, Selection, SelectOptions, SeriesView } from './processor.ts';
import { DerivedSearch, Search, type Searched } from './search.ts';

const unknown = 0;
const yes = 1;
const no = 2;

/** The tracked series: what a selection may be asked about. */
export interface TrackedSeries extends SeriesView, Pick<Searched, 'isTracked' | 'firstMatch'> {}

/** Remembers per slot whether the series matches. Derived: asked again when a slot is given out. */
export class CachedSelection implements Selection {
  readonly selector: string;
  readonly mayBeEmpty: boolean;
  readonly #matchers: readonly Matcher[];
  readonly #series: Searched;
  readonly #released: (selection: CachedSelection) => void;
  #known = new Uint8Array(64);
  /** Among series that are not taken, and among what is derived of any. */
  readonly #searches: readonly AnySearch[];
  /** Among those that may be taken. */
  readonly #takenOnes: Search | undefined;
  readonly #derived: DerivedSeries | undefined;
  /** For each matcher alone, once it is asked for. */
  #parts: readonly (readonly AnySearch[])[] | undefined;

  constructor(
    selector: string,
    series: Searched,
    { mayBeEmpty = false, derived, isTaken }: SelectOptions = {},
    released: (selection: CachedSelection) => void = () => {},
  ) {
    this.selector = selector;
    this.#matchers = parseSelector(selector);
    this.mayBeEmpty = mayBeEmpty;
    this.#series = series;
    this.#released = released;
    this.#derived = derived;
    this.#searches = this.#searchesFor(this.#matchers, isTaken && ((slot) => !isTaken(slot)));
    this.#takenOnes = isTaken && new Search(this.#matchers, series);
  }

  #searchesFor(matchers: readonly Matcher[], accepts?: (slot: number) => boolean): AnySearch[] {
    const own = new Search(matchers, this.#series, accepts);
    return this.#derived ? [own, new DerivedSearch(matchers, this.#series, this.#derived)] : [own];
  }

  has(slot: number): boolean {
    if (slot >= this.#known.length) {
      const bigger = new Uint8Array(Math.max(slot + 1, this.#known.length * 2));
      bigger.set(this.#known);
      this.#known = bigger;
    }
    if (this.#known[slot] === unknown) {
      const matches = matchLabels(this.#matchers, (name) => this.#series.label(slot, name));
      this.#known[slot] = matches ? yes : no;
    }
    return this.#known[slot] === yes;
  }

  forget(slot: number): void {
    if (slot < this.#known.length) this.#known[slot] = unknown;
    this.#takenOnes?.forget(slot);
    for (const searches of [this.#searches, ...(this.#parts ?? [])]) {
      for (const search of searches) search.forget(slot);
    }
  }

  release(): void {
    this.#released(this);
  }

  /** Whether any tracked series matches and is not taken, or what is derived of one. */
  matchesAny(): boolean {
    return anyOf(this.#searches);
  }

  /** Whether any tracked series matches, taken or not, where some are taken. */
  matchesTaken(): boolean {
    return this.#takenOnes !== undefined && anyOf([this.#takenOnes]);
  }

  /** The matchers that no tracked series satisfies, each as a selector of its own. */
  unmet(): string[] {
    if (this.#matchers.length === 1) return this.matchesAny() ? [] : [this.selector];
    this.#parts ??= this.#matchers.map((matcher) => this.#searchesFor([matcher]));
    return this.#parts.filter((part) => !anyOf(part)).map(([own]) => own!.selector);
  }
}

type AnySearch = Search | DerivedSearch;

const anyOf = (searches: readonly AnySearch[]): boolean =>
  searches.some((each) => each.isFound()) || searches.some((each) => each.find());
