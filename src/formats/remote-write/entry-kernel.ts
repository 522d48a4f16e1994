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
  gt,
  i64,
  increase,
  type Local,
  load32,
  load64,
  loadDouble,
  loop,
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
 * `encodeEntry(frame, vector, vectorEnd, sample, sampleEnd, out)` writes the labels of a series
 * (the vector of its symbol ids) and its samples as fields of a TimeSeries of protocol 2. Returns
 * where that ends, or 0 when a symbol has no number in this request yet.
 *
 * Memory 0 is the message with its columns, 1 the tables, 2 the output. The frame (memory 2) has
 * the address of the map, the mask and the shift of its cells, and the addresses of times, values
 * and start times.
 */
export const encoderFrameBytes = 24;

function encodeEntry(): WasmFunction {
  const frame = new Frame();
  const [slots, vector, vectorEnd, sample, sampleEnd, out] = frame.parameters();
  const [map, mask, shift, id, cell, ref, p, size] = frame.locals();
  const [rest, bits] = frame.locals('i64');
  const missing: Code = giveBack(0);

  const writeRef: Code[] = [
    set(id, add(load32(vector, 0, tables), 1)),
    set(cell, shr(mul(id, hashFactor), shift)),
    block(
      'found',
      loop(
        'probe',
        set(ref, load32(add(map, shl(cell, 3)), 0, output)),
        brIf('found', eq(ref, id)),
        when(eqz(ref), [missing]),
        set(cell, and(add(cell, 1), mask)),
        br('probe'),
      ),
    ),
    set(ref, load32(add(map, shl(cell, 3)), 4, output)),
    block(
      'written',
      when(gt(0x80, ref), [store8(p, ref, 0, output), increase(p, 1), br('written')]),
      loop(
        'long',
        store8(p, or(ref, 0x80), 0, output),
        increase(p, 1),
        set(ref, shr(ref, 7)),
        brIf('long', ge(ref, 0x80)),
      ),
      store8(p, ref, 0, output),
      increase(p, 1),
    ),
  ];
  /** The packed refs stand behind one byte for their length; longer ones move. */
  const writeRefs: Code[] = [
    store8(out, 0x0a, 0, output),
    set(p, add(out, 2)),
    block(
      'refsEnd',
      loop(
        'refs',
        brIf('refsEnd', ge(vector, vectorEnd)),
        ...writeRef,
        increase(vector, 4),
        br('refs'),
      ),
    ),
    set(size, sub(sub(p, out), 2)),
    when(
      gt(0x80, size),
      [store8(out, size, 1, output)],
      [
        copyBytes(add(out, 3), add(out, 2), size, output),
        store16(out, or(or(and(size, 0x7f), 0x80), shl(shr(size, 7), 8)), 1, output),
        increase(p, 1),
      ],
    ),
  ];
  const writeTime: Code[] = [
    store8(p, 0x10, 0, output),
    increase(p, 1),
    block(
      'timeEnd',
      // Any time from 1971 to 2109 takes six bytes.
      when(lt64(sub64(rest, i64(1n << 35n)), i64((1n << 42n) - (1n << 35n))), [
        set(bits, and64(rest, i64(0x7fn))),
        ...[1n, 2n, 3n, 4n, 5n].map((k) =>
          set(bits, or64(bits, and64(shl64(rest, i64(k)), i64(0x7fn << (8n * k))))),
        ),
        store64(p, or64(bits, i64(0x80_8080_8080n)), 0, output),
        increase(p, 6),
        br('timeEnd'),
      ]),
      ...varint(rest, p),
    ),
  ];
  const writeSample: Code[] = [
    store16(p, 0x12, 0, output),
    store8(p, 0x09, 2, output),
    set(size, p),
    store64(p, load64(add(load32(slots, 16, output), shl(sample, 3)), 0, message), 3, output),
    increase(p, 11),
    set(rest, fromDouble(loadDouble(add(load32(slots, 12, output), shl(sample, 3)), 0, message))),
    ...writeTime,
    set(rest, fromDouble(loadDouble(add(load32(slots, 20, output), shl(sample, 3)), 0, message))),
    when(eqz(eqz64(rest)), [store8(p, 0x18, 0, output), increase(p, 1), ...varint(rest, p)]),
    store8(size, sub(sub(p, size), 2), 1, output),
  ];
  return {
    name: 'encodeEntry',
    frame,
    body: [
      set(map, load32(slots, 0, output)),
      set(mask, load32(slots, 4, output)),
      set(shift, load32(slots, 8, output)),
      ...writeRefs,
      block(
        'samplesEnd',
        loop(
          'samples',
          brIf('samplesEnd', ge(sample, sampleEnd)),
          ...writeSample,
          increase(sample, 1),
          br('samples'),
        ),
      ),
      giveBack(p),
    ],
  };
}

/** Writes `rest` as a varint and uses it up. */
function varint(rest: Local, p: Local): Code[] {
  return [
    block(
      'last',
      loop(
        'varint',
        brIf('last', lt64(rest, i64(0x80n))),
        store8(p, or(wrap(rest), 0x80), 0, output),
        increase(p, 1),
        set(rest, shr64(rest, i64(7n))),
        br('varint'),
      ),
    ),
    store8(p, wrap(rest), 0, output),
    increase(p, 1),
  ];
}

export const entryModule = compile([encodeEntry()], 3);
