import { formatSelector, type Matcher, matchLabels, parseSelector } from '../core/matchers.ts';
import type { DerivedSeries, Selection, SelectOptions, SeriesView } from './processor.ts';

const unknown = 0;
const yes = 1;
const no = 2;

/** The tracked series: what a selection may be asked about. */
export interface TrackedSeries extends SeriesView {
  isTracked(slot: number): boolean;
}

/** What a selection asks of series. */
type Asked = Pick<TrackedSeries, 'count' | 'label' | 'isTracked'>;

/** Remembers per slot whether the series matches. Derived: asked again when a slot is given out. */
export class CachedSelection implements Selection {
  readonly selector: string;
  readonly mayBeEmpty: boolean;
  readonly #matchers: readonly Matcher[];
  readonly #series: Asked;
  readonly #derived: DerivedSeries | undefined;
  readonly #isTaken: (slot: number) => boolean;
  readonly #released: (selection: CachedSelection) => void;
  #known = new Uint8Array(64);
  /** A slot that matched when it was last looked for. */
  #found = -1;
  /** The same matchers over what is derived, once it is asked for. */
  #beside: CachedSelection | undefined;
  /** Of each matcher alone, once it is asked for. */
  #parts: readonly CachedSelection[] | undefined;

  constructor(
    selector: string | readonly Matcher[],
    series: Asked,
    { mayBeEmpty = false, derived, isTaken = () => false }: SelectOptions = {},
    released: (selection: CachedSelection) => void = () => {},
  ) {
    this.#matchers = typeof selector === 'string' ? parseSelector(selector) : selector;
    this.selector = typeof selector === 'string' ? selector : formatSelector(selector);
    this.mayBeEmpty = mayBeEmpty;
    this.#series = series;
    this.#derived = derived;
    this.#isTaken = isTaken;
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
    const { perSeries = 0 } = this.#derived ?? {};
    for (let which = 0; which < perSeries; which++) this.#beside?.forget(slot * perSeries + which);
  }

  release(): void {
    this.#released(this);
  }

  /** Whether any tracked series matches and is not taken, or what is derived of one. */
  matchesAny(): boolean {
    if (this.#derived) {
      this.#beside ??= new CachedSelection(this.#matchers, derivedOf(this.#series, this.#derived));
    }
    const both = this.#beside ? [this, this.#beside] : [this];
    // One that was found before spares looking through all.
    return both.some((each) => each.#isFound()) || both.some((each) => each.#find());
  }

  #isFound(): boolean {
    return this.#found >= 0 && this.#isMatch(this.#found);
  }

  #isMatch(slot: number): boolean {
    return this.#series.isTracked(slot) && this.has(slot) && !this.#isTaken(slot);
  }

  #find(): boolean {
    for (let slot = 0; slot < this.#series.count; slot++) {
      if (!this.#isMatch(slot)) continue;
      this.#found = slot;
      return true;
    }
    return false;
  }

  /** Whether any tracked series matches, taken or not. */
  matchesTaken(): boolean {
    for (let slot = 0; slot < this.#series.count; slot++) {
      if (this.#series.isTracked(slot) && this.has(slot)) return true;
    }
    return false;
  }

  /** The matchers that no tracked series satisfies, each as a selector of its own. */
  unmet(): string[] {
    if (this.#matchers.length === 1) return this.matchesAny() ? [] : [this.selector];
    const options = this.#derived && { derived: this.#derived };
    this.#parts ??= this.#matchers.map(
      (matcher) => new CachedSelection([matcher], this.#series, options),
    );
    return this.#parts.filter((part) => !part.matchesAny()).map(({ selector }) => selector);
  }
}

/** Derived series as if they were series: `perSeries` slots for each. */
function derivedOf(series: Asked, { perSeries, isThere, labels }: DerivedSeries): Asked {
  const slotOf = (id: number): number => Math.floor(id / perSeries);
  return {
    get count() {
      return series.count * perSeries;
    },
    isTracked: (id) => isThere(slotOf(id), id % perSeries) && series.isTracked(slotOf(id)),
    label: (id, name) =>
      labels(slotOf(id), id % perSeries).find(([label]) => label === name)?.[1] ?? '',
  };
}
