import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { type Arrays, Columns, type ColumnsSpec, savedColumns } from '../engine/columns.ts';

/**
 * Columns with slots of their own, given out on demand: most series of a cluster never move and
 * need no model state. Which slot comes next depends on the history of takes and gives alone.
 */
export class Pool<S extends ColumnsSpec> {
  readonly #spec: S;
  readonly #columns: Columns<S>;
  readonly #widths: readonly (readonly [name: string, width: number])[];
  readonly #links = new Columns({ next: 'i32' });
  /** One slot: what `keep` remembers. */
  #kept: Columns<S> | undefined;
  #count = 0;
  /** Head of the list of slots given back, -1 when there is none. */
  #free = -1;

  constructor(spec: S) {
    this.#spec = spec;
    this.#columns = new Columns(spec);
    this.#widths = Object.entries(spec).map(([name, column]) => [
      name,
      typeof column === 'string' ? 1 : (column.width ?? 1),
    ]);
  }

  get arrays(): Arrays<S> {
    return this.#columns.arrays;
  }

  /** A number for each slot given out, whose taker uses it or not; what it is at first is not said. */
  get notes(): Int32Array {
    return this.#links.arrays.next;
  }

  get bytesPerSlot(): number {
    return this.#columns.bytesPerSlot + this.#links.bytesPerSlot;
  }

  /** Slots ever given out. */
  get count(): number {
    return this.#count;
  }

  /** A slot with initial values. Arrays read before this call are dead after it. */
  take(): number {
    const slot = this.#free;
    if (slot >= 0) {
      this.#free = this.#links.arrays.next[slot]!;
      // Given back by another version of the code, it may hold what that one begins with.
      this.#columns.reset(slot);
      return slot;
    }
    this.#columns.reserve(this.#count + 1);
    this.#links.reserve(this.#count + 1);
    return this.#count++;
  }

  give(slot: number): void {
    this.#columns.reset(slot);
    this.#links.arrays.next[slot] = this.#free;
    this.#free = slot;
  }

  /** What `save` wrote, with the columns that stand there. */
  static saved(input: ByteReader): Pool<ColumnsSpec> {
    const { at } = input;
    input.u32();
    input.i32();
    const spec = savedColumns(input);
    input.back(at);
    const pool = new Pool(spec);
    pool.load(input);
    return pool;
  }

  /** Remembers a slot: `putBack` undoes what is done to it from here on. */
  keep(slot: number): void {
    this.#kept ??= new Columns(this.#spec);
    copySlot(this.#widths, this.#columns.arrays, slot, this.#kept.arrays, 0);
  }

  putBack(slot: number): void {
    if (this.#kept) copySlot(this.#widths, this.#kept.arrays, 0, this.#columns.arrays, slot);
  }

  /** Slots that are given out, in order. */
  used(): number[] {
    const free = new Set<number>();
    const { next } = this.#links.arrays;
    for (let slot = this.#free; slot >= 0; slot = next[slot]!) free.add(slot);
    return Array.from({ length: this.#count }, (_, slot) => slot).filter((s) => !free.has(s));
  }

  /** A slot with what a pool of the same columns, it may be this one, has in one of its slots. */
  adopt(from: Pool<S>, slot: number): number {
    const at = this.take();
    this.#columns.copySlot(from.#columns, slot, at);
    return at;
  }

  save(out: ByteWriter): void {
    out.u32(this.#count).i32(this.#free);
    this.#columns.save(out, this.#count);
    this.#links.save(out, this.#count);
  }

  load(input: ByteReader): void {
    this.#count = input.u32();
    this.#free = input.i32();
    this.#columns.load(input);
    this.#links.load(input);
  }
}

/** By elements: most columns are one wide, and a call of `set` costs more than that. */
function copySlot<S extends ColumnsSpec>(
  widths: readonly (readonly [name: string, width: number])[],
  source: Arrays<S>,
  from: number,
  target: Arrays<S>,
  to: number,
): void {
  for (let c = 0; c < widths.length; c++) {
    const [name, width] = widths[c]!;
    const read = source[name]!;
    const write = target[name]!;
    for (let k = 0; k < width; k++) write[to * width + k] = read[from * width + k]!;
  }
}
