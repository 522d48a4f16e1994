import { formatSelector, type Matcher, matchLabels, parseSelector } from '../core/matchers.ts';
import type { Selection, SelectOptions, SeriesView } from './processor.ts';

const unknown = 0;
const yes = 1;
const no = 2;

/** The tracked series: what a selection may be asked about. */
export interface TrackedSeries extends SeriesView {
  isTracked(slot: number): boolean;
}

/** Remembers per slot whether the series matches. Derived: asked again when a slot is given out. */
export class CachedSelection implements Selection {
  readonly selector: string;
  readonly mayBeEmpty: boolean;
  readonly #matchers: readonly Matcher[];
  readonly #series: TrackedSeries;
  readonly #released: (selection: CachedSelection) => void;
  #known = new Uint8Array(64);
  /** A slot that matched when it was last looked for. */
  #found = -1;
  /** Of each matcher alone, once it is asked for. */
  #parts: readonly CachedSelection[] | undefined;

  constructor(
    selector: string | readonly Matcher[],
    series: TrackedSeries,
    { mayBeEmpty = false }: SelectOptions = {},
    released: (selection: CachedSelection) => void = () => {},
  ) {
    this.#matchers = typeof selector === 'string' ? parseSelector(selector) : selector;
    this.selector = typeof selector === 'string' ? selector : formatSelector(selector);
    this.mayBeEmpty = mayBeEmpty;
    this.#series = series;
    this.#released = released;
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
    for (const part of this.#parts ?? []) part.forget(slot);
  }

  release(): void {
    this.#released(this);
  }

  /** Whether any tracked series matches. */
  matchesAny(): boolean {
    const isMatch = (slot: number) => this.#series.isTracked(slot) && this.has(slot);
    if (this.#found >= 0 && isMatch(this.#found)) return true;
    for (let slot = 0; slot < this.#series.count; slot++) {
      if (!isMatch(slot)) continue;
      this.#found = slot;
      return true;
    }
    return false;
  }

  /** The matchers that no tracked series satisfies, each as a selector of its own. */
  unmet(): string[] {
    if (this.#matchers.length === 1) return this.matchesAny() ? [] : [this.selector];
    this.#parts ??= this.#matchers.map((matcher) => new CachedSelection([matcher], this.#series));
    return this.#parts.filter((part) => !part.matchesAny()).map(({ selector }) => selector);
  }
}
