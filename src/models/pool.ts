import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { type Arrays, Columns, type ColumnsSpec } from '../engine/columns.ts';

/**
 * Columns with slots of their own, given out on demand: most series of a cluster never move and
 * need no model state. Which slot comes next depends on the history of takes and gives alone.
 */
export class Pool<S extends ColumnsSpec> {
  readonly #spec: S;
  readonly #columns: Columns<S>;
  readonly #links = new Columns({ next: 'i32' });
  #count = 0;
  /** Head of the list of slots given back, -1 when there is none. */
  #free = -1;

  constructor(spec: S) {
    this.#spec = spec;
    this.#columns = new Columns(spec);
  }

  get arrays(): Arrays<S> {
    return this.#columns.arrays;
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

  /** Copies all columns of one slot over another. */
  copy(from: number, to: number): void {
    for (const [name, column] of Object.entries(this.#spec)) {
      const width = typeof column === 'string' ? 1 : (column.width ?? 1);
      const array = this.#columns.arrays[name]!;
      array.copyWithin(to * width, from * width, (from + 1) * width);
    }
  }

  /** A slot with what another pool of the same columns has in one of its slots. */
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
