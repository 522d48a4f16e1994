import type { Labels } from '../labels.ts';
import { Families } from './families.ts';
import { Slabs } from './slabs.ts';
import { Symbols } from './symbols.ts';

/** A series to be: its name, its labels without the external ones, its family. */
export interface NewSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly family: number;
}

/** Value of an external label that each replica fills in for itself. */
export const replicaLabel = '\0replica';

/**
 * The series of one cluster by slot, as columns: the value of the last scrape, and the labels as
 * symbols in order of the names. `words` is the memory of `values`; both are replaced by growth.
 */
export class SeriesTable {
  readonly symbols = new Symbols();
  readonly families = new Families(this.symbols);
  readonly #external: Labels;
  readonly #slots = new Slabs();
  readonly #refSlabs = new Slabs();
  values = new Float64Array(1024);
  words = new Uint32Array(this.values.buffer);
  /** Labels of slot s: names and values in turn, `refs[refsAt[s]]` and the following. */
  refs = new Uint32Array(1 << 14);
  refsAt = new Uint32Array(1024);
  refsCount = new Uint8Array(1024);
  family = new Uint16Array(1024);
  /** Changes when a slot gets another series. */
  born = new Uint32Array(1024);
  #births = 0;
  #live = 0;

  /** `external`: labels that every series of the cluster gets. */
  constructor(external: Labels) {
    this.#external = external;
  }

  get live(): number {
    return this.#live;
  }

  get births(): number {
    return this.#births;
  }

  /** Slots for series, one behind the other; their values are 0. */
  add(series: readonly NewSeries[]): number {
    const start = this.#slots.take(series.length);
    this.#room(start + series.length);
    for (const [index, one] of series.entries()) this.#put(start + index, one);
    this.values.fill(0, start, start + series.length);
    this.#live += series.length;
    return start;
  }

  #put(slot: number, { name, labels, family }: NewSeries): void {
    const all: Record<string, string> = { ...this.#external, ...labels, __name__: name };
    const names = Object.keys(all)
      .filter((key) => all[key] !== '')
      .sort();
    const at = this.#refSlabs.take(names.length * 2);
    if (at + names.length * 2 > this.refs.length) this.refs = grown(this.refs, Uint32Array);
    names.forEach((key, index) => {
      const value = all[key]!;
      this.refs[at + 2 * index] = this.symbols.use(key);
      this.refs[at + 2 * index + 1] =
        value === replicaLabel ? Symbols.replica : this.symbols.use(value);
    });
    this.refsAt[slot] = at;
    this.refsCount[slot] = names.length * 2;
    this.family[slot] = family;
    this.born[slot] = ++this.#births;
  }

  /** Gives slots back; nothing may point to them any more. */
  remove(start: number, count: number): void {
    for (let slot = start; slot < start + count; slot++) {
      const at = this.refsAt[slot]!;
      const length = this.refsCount[slot]!;
      for (let i = at; i < at + length; i++) {
        if (this.refs[i] !== Symbols.replica) this.symbols.release(this.refs[i]!);
      }
      this.#refSlabs.give(at, length);
      this.born[slot] = ++this.#births;
    }
    this.#slots.give(start, count);
    this.#live -= count;
  }

  /** Labels of a slot as text, in order of the names. */
  labels(slot: number, replica: string): [name: string, value: string][] {
    const pairs: [string, string][] = [];
    const at = this.refsAt[slot]!;
    for (let i = at; i < at + this.refsCount[slot]!; i += 2) {
      const value = this.refs[i + 1]!;
      pairs.push([
        this.symbols.text(this.refs[i]!),
        value === Symbols.replica ? replica : this.symbols.text(value),
      ]);
    }
    return pairs;
  }

  #room(slots: number): void {
    if (slots <= this.values.length) return;
    const size = Math.max(slots, this.values.length * 2);
    const values = new Float64Array(size);
    new Uint32Array(values.buffer).set(this.words);
    this.values = values;
    this.words = new Uint32Array(values.buffer);
    this.refsAt = grown(this.refsAt, Uint32Array, size);
    this.refsCount = grown(this.refsCount, Uint8Array, size);
    this.family = grown(this.family, Uint16Array, size);
    this.born = grown(this.born, Uint32Array, size);
  }
}

interface Column {
  readonly length: number;
  set(from: ArrayLike<number>): void;
}

function grown<T extends Column & ArrayLike<number>>(
  column: T,
  make: new (length: number) => T,
  size = column.length * 2,
): T {
  const larger = new make(size);
  larger.set(column);
  return larger;
}
