import {
  add,
  and,
  block,
  br,
  brIf,
  type Code,
  copyBytes,
  ctz64,
  Frame,
  fillBytes,
  ge,
  giveBack,
  gt,
  i64,
  increase,
  type Local,
  load8,
  load16,
  load32,
  load64,
  loadVector,
  loop,
  lt,
  mul,
  ne,
  ne64,
  or,
  set,
  shl,
  shr,
  shr64,
  store8,
  store16,
  storeVector,
  sub,
  type WasmFunction,
  when,
  wrap,
  xor64,
} from '../../core/wasm.ts';

const hashBits = 14;
/** Bytes of the hash table: one 16-bit position per slot. */
export const tableBytes = 2 << hashBits;
const fragmentBytes = 65_536;

/** Address of the table's slot for the four bytes in `word`. */
const slotOf = (table: Local, word: Local): Code =>
  add(table, shl(shr(mul(word, 0x1e35a7bd), 32 - hashBits), 1));

/**
 * `encode(from, end, to, table)`: the elements of a snappy block for bytes[from, end), greedily
 * matched within fragments of 64 KiB as the reference encoder does it. Returns the address behind
 * what it wrote. Reads and writes up to 64 bytes behind the ends.
 */
export function snappyEncoder(): WasmFunction {
  const frame = new Frame();
  const [from, end, op, table] = frame.parameters();
  const [start, stop, last, ip, literal, word, slot] = frame.locals();
  const [match, size, tries, back] = frame.locals();
  const [difference] = frame.locals('i64');

  const writeLiteral = (until: Local): Code[] => [
    set(size, sub(until, literal)),
    when(
      lt(size, 61),
      [store8(op, shl(sub(size, 1), 2)), increase(op, 1)],
      [
        when(
          lt(size, 257),
          [store8(op, 60 << 2), store8(op, sub(size, 1), 1), increase(op, 2)],
          [store8(op, 61 << 2), store16(op, sub(size, 1), 1), increase(op, 3)],
        ),
      ],
    ),
    when(
      gt(size, 32),
      [copyBytes(op, literal, size)],
      [storeVector(op, loadVector(literal)), storeVector(op, loadVector(literal, 16), 16)],
    ),
    increase(op, size),
  ];
  const writeCopy2 = (count: number | Local): Code[] => [
    store8(op, or(shl(sub(count, 1), 2), 2)),
    store16(op, back, 1),
    increase(op, 3),
  ];
  const writeCopy: Code[] = [
    block(
      'short',
      loop(
        'long',
        brIf('short', lt(size, 68)),
        ...writeCopy2(64),
        set(size, sub(size, 64)),
        br('long'),
      ),
    ),
    when(gt(size, 64), [...writeCopy2(60), set(size, sub(size, 60))]),
    when(
      and(lt(size, 12), lt(back, 2048)),
      [
        store8(op, or(or(shl(shr(back, 8), 5), shl(sub(size, 4), 2)), 1)),
        store8(op, back, 1),
        increase(op, 2),
      ],
      writeCopy2(size),
    ),
  ];
  const extendMatch: Code[] = [
    set(size, 4),
    block(
      'ends',
      loop(
        'extend',
        brIf('ends', gt(add(add(ip, size), 8), stop)),
        set(difference, xor64(load64(add(match, size)), load64(add(ip, size)))),
        when(ne64(difference, i64(0n)), [
          increase(size, wrap(shr64(ctz64(difference), i64(3n)))),
          br('ends'),
        ]),
        increase(size, 8),
        br('extend'),
      ),
    ),
    // The last bytes of a fragment, or none at all after a difference.
    block(
      'same',
      loop(
        'byte',
        brIf('same', ge(add(ip, size), stop)),
        brIf('same', ne(load8(add(match, size)), load8(add(ip, size)))),
        increase(size, 1),
        br('byte'),
      ),
    ),
  ];
  const fragment: Code[] = [
    fillBytes(table, 0, tableBytes),
    set(ip, add(start, 1)),
    set(tries, 32),
    block(
      'matched',
      loop(
        'search',
        brIf('matched', ge(ip, last)),
        set(word, load32(ip)),
        set(slot, slotOf(table, word)),
        set(match, add(start, load16(slot))),
        store16(slot, sub(ip, start)),
        when(ne(load32(match), word), [
          increase(ip, shr(tries, 5)),
          increase(tries, 1),
          br('search'),
        ]),
        when(gt(ip, literal), writeLiteral(ip)),
        ...extendMatch,
        set(back, sub(ip, match)),
        increase(ip, size),
        ...writeCopy,
        set(literal, ip),
        set(tries, 32),
        when(lt(ip, last), [
          set(word, load32(sub(ip, 1))),
          store16(slotOf(table, word), sub(sub(ip, 1), start)),
        ]),
        br('search'),
      ),
    ),
  ];
  return {
    name: 'encode',
    frame,
    body: [
      set(start, from),
      block(
        'done',
        loop(
          'fragments',
          brIf('done', ge(start, end)),
          set(stop, add(start, fragmentBytes)),
          when(gt(stop, end), [set(stop, end)]),
          set(literal, start),
          when(gt(sub(stop, start), 16), [set(last, sub(stop, 15)), ...fragment]),
          when(lt(literal, stop), writeLiteral(stop)),
          set(start, stop),
          br('fragments'),
        ),
      ),
      giveBack(op),
    ],
  };
}
