import {
  add,
  and,
  and64,
  block,
  br,
  brIf,
  type Code,
  eq,
  eq64,
  extend,
  Frame,
  ge,
  giveBack,
  gt,
  i64,
  increase,
  type Local,
  load8,
  load32,
  load64,
  loop,
  ne,
  or,
  or64,
  set,
  shl,
  shl64,
  shr64,
  store32,
  store64,
  storeDouble,
  sub,
  toDouble,
  type WasmFunction,
  when,
} from '../../core/wasm.ts';

/**
 * Where the walks of walk-kernel.ts find what they fill: 32-bit words, 0 address of the message;
 * then count and capacity of symbols (1), series (3), refs (5), samples (7); histograms (9) and
 * exemplars (10) so far; from 12 on the addresses of the columns of `WriteColumns` named here.
 */
export const columnNames = [
  'symbolStart',
  'symbolEnd',
  'labelStart',
  'labelEnd',
  'sampleFrom',
  'histogramFrom',
  'exemplarFrom',
  'helpRef',
  'unitRef',
  'metadataType',
  'refs',
  'times',
  'values',
  'startTimes',
] as const;
export const firstColumn = 12;
export const frameSlots = firstColumn + columnNames.length;

/** Label that leaves the field at hand to TypeScript. */
export const odd = 'odd';

/** What both walks share: `walk(at, end, frame)` returns the address of the field it leaves. */
export class Walk {
  readonly frame = new Frame();
  readonly at: Local;
  readonly end: Local;
  readonly slots: Local;
  readonly base: Local;
  readonly symbol: Local;
  readonly symbolMax: Local;
  readonly entry: Local;
  readonly entryMax: Local;
  readonly ref: Local;
  readonly refMax: Local;
  readonly sample: Local;
  readonly sampleMax: Local;
  /** Samples with those of the open entry. */
  readonly open: Local;
  readonly p: Local;
  readonly tag: Local;
  readonly size: Local;
  readonly more: Local;
  readonly bits: Local;
  readonly entryEnd: Local;
  readonly partEnd: Local;
  readonly cell: Local;
  readonly value: Local;
  readonly time: Local;
  readonly start: Local;

  constructor() {
    const { frame } = this;
    [this.at, this.end, this.slots] = frame.parameters();
    [this.base, this.symbol, this.symbolMax, this.entry, this.entryMax] = frame.locals();
    [this.ref, this.refMax, this.sample, this.sampleMax, this.open] = frame.locals();
    [this.p, this.tag, this.size, this.more, this.bits] = frame.locals();
    [this.entryEnd, this.partEnd, this.cell] = frame.locals();
    [this.value, this.time, this.start] = frame.locals('i64');
  }

  column(name: (typeof columnNames)[number]): Code {
    return load32(this.slots, 4 * (firstColumn + columnNames.indexOf(name)));
  }

  /** Address of an element of four bytes. */
  element(name: (typeof columnNames)[number], index: Local): Code {
    return add(this.column(name), shl(index, 2));
  }

  /** A varint of at most three bytes at `p`. */
  smallVarint(into: Local): Code[] {
    const { p, more } = this;
    return [
      set(into, load8(p)),
      increase(p, 1),
      when(ge(into, 0x80), [
        set(more, load8(p)),
        increase(p, 1),
        set(into, or(and(into, 0x7f), shl(and(more, 0x7f), 7))),
        when(ge(more, 0x80), [
          set(more, load8(p)),
          increase(p, 1),
          brIf(odd, ge(more, 0x80)),
          set(into, or(into, shl(more, 14))),
        ]),
      ]),
    ];
  }

  /** A length at `p` and where it ends; all of it lies before `end`. */
  nested(into: Local, end: Local): Code[] {
    const { p, size } = this;
    return [
      ...this.smallVarint(size),
      brIf(odd, gt(p, end)),
      brIf(odd, gt(size, sub(end, p))),
      set(into, add(p, size)),
    ];
  }

  #varint64(into: Local): Code[] {
    const { p, more, bits } = this;
    return [
      set(into, i64(0n)),
      set(bits, 0),
      loop(
        'varint',
        set(more, load8(p)),
        increase(p, 1),
        set(into, or64(into, shl64(extend(and(more, 0x7f)), extend(bits)))),
        increase(bits, 7),
        when(ge(more, 0x80), [brIf(odd, ge(bits, 70)), br('varint')]),
      ),
    ];
  }

  /** The sample message from `p` to `partEnd`, as sample number `open`. */
  readSample(withStart: boolean): Code[] {
    const { p, tag, partEnd, value, time, start, open, cell, size } = this;
    const group = (shift: bigint, mask: bigint): Code => and64(shr64(time, i64(shift)), i64(mask));
    const plain: Code[] = [
      set(time, load64(p, 10)),
      when(eq64(and64(time, i64(0x8080_8080_8080n)), i64(0x80_8080_8080n)), [
        set(value, load64(p, 1)),
        set(
          time,
          [
            group(1n, 0x3f80n),
            group(2n, 0x1f_c000n),
            group(3n, 0xfe0_0000n),
            group(4n, 0x7_f000_0000n),
            group(5n, 0x3f8_0000_0000n),
          ].reduce((sum, part) => or64(sum, part), and64(time, i64(0x7fn))),
        ),
        set(p, partEnd),
      ]),
    ];
    return [
      brIf(odd, ge(open, this.sampleMax)),
      set(value, i64(0n)),
      set(time, i64(0n)),
      set(start, i64(0n)),
      block(
        'read',
        // What nearly every sample is: the value, then a time of six bytes.
        when(and(eq(size, 16), and(eq(load8(p), 0x09), eq(load8(p, 9), 0x10))), plain),
        brIf('read', eq(p, partEnd)),
        set(time, i64(0n)),
        loop(
          'field',
          brIf('read', ge(p, partEnd)),
          set(tag, load8(p)),
          increase(p, 1),
          when(eq(tag, 0x09), [set(value, load64(p)), increase(p, 8), br('field')]),
          when(eq(tag, 0x10), [...this.#varint64(time), br('field')]),
          ...(withStart ? [when(eq(tag, 0x18), [...this.#varint64(start), br('field')])] : []),
          br(odd),
        ),
      ),
      brIf(odd, ne(p, partEnd)),
      set(cell, shl(open, 3)),
      storeDouble(add(this.column('times'), cell), toDouble(time)),
      store64(add(this.column('values'), cell), value),
      storeDouble(add(this.column('startTimes'), cell), toDouble(start)),
      increase(open, 1),
    ];
  }

  /** Counts the open entry, whose labels are [from, to). */
  commit(from: Code | Local, to: Code | Local): Code[] {
    const { entry, open, sample, slots } = this;
    const put = (name: (typeof columnNames)[number], value: Code | Local, plus = 0): Code =>
      store32(this.element(name, entry), value, plus);
    return [
      put('labelStart', from),
      put('labelEnd', to),
      put('sampleFrom', sample),
      put('sampleFrom', open, 4),
      put('histogramFrom', load32(slots, 36)),
      put('histogramFrom', load32(slots, 36), 4),
      put('exemplarFrom', load32(slots, 40)),
      put('exemplarFrom', load32(slots, 40), 4),
      set(sample, open),
      increase(entry, 1),
      set(this.at, this.entryEnd),
    ];
  }

  /** The whole function around the reading of one field, which ends by `br('fields')`. */
  function(name: string, field: Code[]): WasmFunction {
    const counters: [Local, number][] = [
      [this.base, 0],
      [this.symbol, 1],
      [this.symbolMax, 2],
      [this.entry, 3],
      [this.entryMax, 4],
      [this.ref, 5],
      [this.refMax, 6],
      [this.sample, 7],
      [this.sampleMax, 8],
    ];
    return {
      name,
      frame: this.frame,
      body: [
        ...counters.map(([local, slot]) => set(local, load32(this.slots, 4 * slot))),
        block(odd, loop('fields', brIf(odd, ge(this.at, this.end)), ...field, br('fields'))),
        ...counters.map(([local, slot]) => store32(this.slots, local, 4 * slot)),
        giveBack(this.at),
      ],
    };
  }
}
