import { matchLabels, parseSelector } from '../core/matchers.ts';
import type { Selection, SeriesView } from './processor.ts';

const unknown = 0;
const yes = 1;
const no = 2;

/** Remembers per slot whether the series matches. Derived: asked again when a slot is given out. */
export class CachedSelection implements Selection {
  readonly #matchers;
  readonly #series: SeriesView;
  #known = new Uint8Array(64);

  constructor(selector: string, series: SeriesView) {
    this.#matchers = parseSelector(selector);
    this.#series = series;
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
  }
}
