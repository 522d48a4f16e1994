import { compile } from '../../core/heap.ts';
import {
  add,
  and,
  and64,
  block,
  br,
  brIf,
  type Code,
  copyBytes,
  eq,
  eqz,
  eqz64,
  Frame,
  fromDouble,
  ge,
  giveBack,
  i64,
  increase,
  type Local,
  load32,
  load64,
  loadDouble,
  loop,
  lt,
  lt64,
  mul,
  or,
  or64,
  set,
  shl,
  shl64,
  shr,
  shr64,
  store8,
  store16,
  store64,
  sub,
  sub64,
  type WasmFunction,
  when,
  wrap,
} from '../../core/wasm.ts';

const message = 0;
const tables = 1;
const output = 2;

/** A cell of the map from symbol ids to symbol numbers of the request: id + 1 (0: free), number. */
export const cellBytes = 8;
export const hashFactor = 0x9e3779b1;

/**
 * The frame (memory 2): address of the map, mask and shift of its cells, and the addresses of
 * times, values and start times (memory 0).
 */
export const encoderFrameBytes = 24;

interface Locals {
  readonly slots: Local;
  readonly vector: Local;
  readonly vectorEnd: Local;
  readonly sample: Local;
  readonly out: Local;
  /** Where the next byte goes. */
  readonly p: Local;
  readonly map: Local;
  readonly mask: Local;
  readonly shift: Local;
  readonly id: Local;
  readonly cell: Local;
  readonly ref: Local;
  readonly size: Local;
  readonly rest: Local;
  readonly bits: Local;
}

/** Looks the symbol at `vector` up in the map; leaves the function when it is not there. */
const findRef = ({ vector, map, mask, shift, id, cell, ref }: Locals): Code[] => [
  set(id, add(load32(vector, 0, tables), 1)),
  set(cell, shr(mul(id, hashFactor), shift)),
  block(
    'found',
    loop(
      'probe',
      set(ref, load32(add(map, shl(cell, 3)), 0, output)),
      brIf('found', eq(ref, id)),
      when(eqz(ref), [giveBack(0)]),
      set(cell, and(add(cell, 1), mask)),
      br('probe'),
    ),
  ),
  set(ref, load32(add(map, shl(cell, 3)), 4, output)),
];

const writeRef = ({ ref, p }: Locals): Code[] => [
  block(
    'last',
    loop(
      'more',
      brIf('last', lt(ref, 0x80)),
      store8(p, or(ref, 0x80), 0, output),
      increase(p, 1),
      set(ref, shr(ref, 7)),
      br('more'),
    ),
  ),
  store8(p, ref, 0, output),
  increase(p, 1),
];

/** The packed refs stand behind one byte for their length; longer ones move. */
const writeRefs = (locals: Locals): Code[] => {
  const { vector, vectorEnd, out, p, size } = locals;
  return [
    store8(out, 0x0a, 0, output),
    set(p, add(out, 2)),
    block(
      'refsEnd',
      loop(
        'refs',
        brIf('refsEnd', ge(vector, vectorEnd)),
        ...findRef(locals),
        ...writeRef(locals),
        increase(vector, 4),
        br('refs'),
      ),
    ),
    set(size, sub(sub(p, out), 2)),
    when(
      lt(size, 0x80),
      [store8(out, size, 1, output)],
      [
        copyBytes(add(out, 3), add(out, 2), size, output),
        store16(out, or(or(and(size, 0x7f), 0x80), shl(shr(size, 7), 8)), 1, output),
        increase(p, 1),
      ],
    ),
  ];
};

/** Writes `rest` as a varint and uses it up. */
const writeVarint = ({ rest, p }: Locals): Code[] => [
  block(
    'last',
    loop(
      'more',
      brIf('last', lt64(rest, i64(0x80n))),
      store8(p, or(wrap(rest), 0x80), 0, output),
      increase(p, 1),
      set(rest, shr64(rest, i64(7n))),
      br('more'),
    ),
  ),
  store8(p, wrap(rest), 0, output),
  increase(p, 1),
];

/** The time in `rest` as a field: any from 1971 to 2109 takes six bytes. */
const writeTime = (locals: Locals): Code[] => {
  const { rest, bits, p } = locals;
  return [
    store8(p, 0x10, 0, output),
    increase(p, 1),
    block(
      'timeEnd',
      when(lt64(sub64(rest, i64(1n << 35n)), i64((1n << 42n) - (1n << 35n))), [
        set(bits, and64(rest, i64(0x7fn))),
        ...[1n, 2n, 3n, 4n, 5n].map((k) =>
          set(bits, or64(bits, and64(shl64(rest, i64(k)), i64(0x7fn << (8n * k))))),
        ),
        store64(p, or64(bits, i64(0x80_8080_8080n)), 0, output),
        increase(p, 6),
        br('timeEnd'),
      ]),
      ...writeVarint(locals),
    ),
  ];
};

const writeSample = (locals: Locals): Code[] => {
  const { slots, sample, p, size, rest } = locals;
  const element = (slot: number): Code => add(load32(slots, slot, output), shl(sample, 3));
  return [
    set(size, p),
    store8(p, 0x12, 0, output),
    store8(p, 0x09, 2, output),
    store64(p, load64(element(16), 0, message), 3, output),
    increase(p, 11),
    set(rest, fromDouble(loadDouble(element(12), 0, message))),
    ...writeTime(locals),
    set(rest, fromDouble(loadDouble(element(20), 0, message))),
    when(eqz(eqz64(rest)), [store8(p, 0x18, 0, output), increase(p, 1), ...writeVarint(locals)]),
    store8(size, sub(sub(p, size), 2), 1, output),
  ];
};

/**
 * `encodeEntry(frame, vector, vectorEnd, sample, sampleEnd, out)` writes the labels of a series
 * (the vector of its symbol ids, in memory 1) and its samples as fields of a TimeSeries of
 * protocol 2. Returns where that ends, or 0 when a symbol has no number in this request yet.
 */
function encodeEntry(): WasmFunction {
  const frame = new Frame();
  const [slots, vector, vectorEnd, sample, sampleEnd, out] = frame.parameters();
  const [p, map, mask, shift, id, cell, ref, size] = frame.locals();
  const [rest, bits] = frame.locals('i64');
  const some = { slots, vector, vectorEnd, sample, out, p, map, mask, shift };
  const locals: Locals = { ...some, id, cell, ref, size, rest, bits };
  return {
    name: 'encodeEntry',
    frame,
    body: [
      set(map, load32(slots, 0, output)),
      set(mask, load32(slots, 4, output)),
      set(shift, load32(slots, 8, output)),
      ...writeRefs(locals),
      block(
        'samplesEnd',
        loop(
          'samples',
          brIf('samplesEnd', ge(sample, sampleEnd)),
          ...writeSample(locals),
          increase(sample, 1),
          br('samples'),
        ),
      ),
      giveBack(p),
    ],
  };
}

export const entryModule = compile([encodeEntry()], 3);
