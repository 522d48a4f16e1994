import type { ByteReader, ByteWriter } from '../core/bytes.ts';
import { SeastateError } from '../core/errors.ts';

/**
 * State as typed arrays indexed by slot: no object per series. A column is declared once, grows
 * with the slots, is cleared to its initial value when a slot is given out, and is written to a
 * snapshot up to the slots in use, so that a restored state cannot be told from a kept one.
 */
export type ColumnType = 'f64' | 'f32' | 'i32' | 'u32' | 'u16' | 'i8' | 'u8';

export interface ColumnSpec {
  readonly type: ColumnType;
  /** Elements per slot, 1 by default: element k of a slot is at `slot * width + k`. */
  readonly width?: number;
  /** What a new slot holds, 0 by default. */
  readonly initial?: number;
}

export type ColumnsSpec = Readonly<Record<string, ColumnType | ColumnSpec>>;

interface ArrayOf {
  f64: Float64Array<ArrayBuffer>;
  f32: Float32Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  u32: Uint32Array<ArrayBuffer>;
  u16: Uint16Array<ArrayBuffer>;
  i8: Int8Array<ArrayBuffer>;
  u8: Uint8Array<ArrayBuffer>;
}
type AnyArray = ArrayOf[ColumnType];
type TypeOf<C> = C extends ColumnType
  ? C
  : C extends { type: infer T extends ColumnType }
    ? T
    : never;

/** The arrays by column name. Read them from here on each call: growth replaces them. */
export type Arrays<S extends ColumnsSpec> = { readonly [K in keyof S]: ArrayOf[TypeOf<S[K]>] };

const constructors: { [T in ColumnType]: new (length: number) => ArrayOf[T] } = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  u16: Uint16Array,
  i8: Int8Array,
  u8: Uint8Array,
};

/** Elements of a column, so that the place of any of them is a number of 31 bits. */
const elementsMax = 2 ** 31;
/** A slot that takes more is a mistake: with some 16 slots at first and millions later. */
const widthMax = 65_536;

/** What is wrong with a declaration that came past the compiler; undefined: nothing. */
export function columnsFault(spec: unknown): string | undefined {
  if (typeof spec !== 'object' || spec === null) return 'its state must be an object of columns';
  for (const [name, column] of Object.entries(spec)) {
    const full = typeof column === 'string' ? { type: column } : (column ?? {});
    const { type, width = 1, initial = 0 } = full;
    if (!Object.hasOwn(constructors, type))
      return `column ${name} has no type "${type}": there are ${Object.keys(constructors).join(', ')}`;
    if (!(Number.isInteger(width) && width >= 1 && width <= widthMax))
      return `column ${name} cannot be ${width} wide: from 1 to ${widthMax}`;
    if (typeof initial !== 'number') return `column ${name} begins with ${initial}: no number`;
  }
  return undefined;
}

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly width: number;
  readonly initial: number;
}

export class Columns<S extends ColumnsSpec> {
  readonly arrays: Arrays<S>;
  readonly #columns: readonly Column[];
  /** Slots that the widest column has room for. */
  readonly #most: number;
  #capacity = 0;

  constructor(spec: S) {
    this.#columns = Object.entries(spec).map(([name, column]) => {
      const full: ColumnSpec = typeof column === 'string' ? { type: column } : column;
      return { name, type: full.type, width: full.width ?? 1, initial: full.initial ?? 0 };
    });
    const widest = this.#columns.reduce((most, { width }) => Math.max(most, width), 1);
    this.#most = Math.floor(elementsMax / widest);
    this.arrays = {} as Arrays<S>;
    this.reserve(16);
  }

  /** Bytes that one slot takes. */
  get bytesPerSlot(): number {
    const bytes = (c: Column): number => c.width * new constructors[c.type](0).BYTES_PER_ELEMENT;
    return this.#columns.reduce((sum, column) => sum + bytes(column), 0);
  }

  /**
   * Makes room for slots below `count`; arrays read before this call are dead after it. Throws
   * `state_full` where they would have more than 2^31 elements.
   */
  reserve(count: number): void {
    if (count <= this.#capacity) return;
    if (count > this.#most) {
      const message = `a partition holds ${this.#most} states of this kind, not ${count}: use more partitions`;
      throw new SeastateError('state_full', message);
    }
    const old = this.#capacity;
    this.#capacity = Math.min(this.#most, Math.max(count, Math.ceil(old * 1.5)));
    const arrays = this.arrays as Record<string, AnyArray>;
    for (const { name, type, width, initial } of this.#columns) {
      const grown = new constructors[type](this.#capacity * width);
      if (old > 0) grown.set(arrays[name]!);
      if (initial !== 0) grown.fill(initial, old * width);
      arrays[name] = grown;
    }
  }

  /** Gives a slot its initial values again. */
  reset(slot: number): void {
    const arrays = this.arrays as Record<string, AnyArray>;
    for (const { name, width, initial } of this.#columns) {
      arrays[name]!.fill(initial, slot * width, (slot + 1) * width);
    }
  }

  /** Takes over one slot of the same columns of another state; there must be room for `to`. */
  copySlot(from: Columns<S>, slot: number, to: number): void {
    const [theirs, ours] = [from.arrays, this.arrays] as Record<string, AnyArray>[];
    for (const { name, width } of this.#columns) {
      const array = theirs![name]!;
      for (let k = 0; k < width; k++) ours![name]![to * width + k] = array[slot * width + k]!;
    }
  }

  /** Writes the slots below `count`. */
  save(out: ByteWriter, count: number): void {
    const arrays = this.arrays as Record<string, AnyArray>;
    out.u32(count).u16(this.#columns.length);
    for (const { name, type, width } of this.#columns) {
      const used = arrays[name]!.subarray(0, count * width);
      out.text(name).text(type).u32(width);
      out.bytes(new Uint8Array(used.buffer, used.byteOffset, used.byteLength));
    }
  }

  /**
   * Reads what `save` wrote, by name: a column that is new here keeps its initial value, one that
   * is gone is skipped, and one whose type or width changed is converted element by element
   * (further elements keep the initial value). Returns the number of slots.
   */
  load(input: ByteReader): number {
    const count = input.u32();
    this.reserve(count);
    const arrays = this.arrays as Record<string, AnyArray>;
    for (let left = input.u16(); left > 0; left--) {
      const name = input.text();
      const type = input.text() as ColumnType;
      const width = input.u32();
      const bytes = input.bytes();
      const column = this.#columns.find((c) => c.name === name);
      if (!column) continue;
      const make = constructors[type];
      if (!make) throw new SeastateError('snapshot_unreadable', `column type "${type}" is unknown`);
      const saved = new make(bytes.length / new make(0).BYTES_PER_ELEMENT);
      new Uint8Array(saved.buffer).set(bytes);
      copyColumn(saved, width, arrays[name]!, column.width, count);
    }
    return count;
  }
}

/**
 * The declaration of columns as `save` wrote them, without what new slots hold; reads over them.
 */
export function savedColumns(input: ByteReader): ColumnsSpec {
  const spec: Record<string, ColumnSpec> = {};
  input.u32();
  for (let left = input.u16(); left > 0; left--) {
    const name = input.text();
    spec[name] = { type: input.text() as ColumnType, width: input.u32() };
    input.bytes();
  }
  return spec;
}

function copyColumn(from: AnyArray, fromWidth: number, to: AnyArray, width: number, count: number) {
  if (fromWidth === width) {
    to.set(from);
    return;
  }
  const shared = Math.min(fromWidth, width);
  for (let slot = 0; slot < count; slot++) {
    for (let k = 0; k < shared; k++) to[slot * width + k] = from[slot * fromWidth + k]!;
  }
}
