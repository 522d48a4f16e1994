import { compile } from '../../core/heap.ts';
import {
  add,
  anyBit,
  block,
  br,
  brIf,
  type Code,
  extend,
  Frame,
  ge,
  giveBack,
  gt,
  i64,
  increase,
  type Local,
  load32,
  load64,
  loadVector,
  loop,
  lt,
  ne,
  ne64,
  set,
  shl,
  shl64,
  store32,
  sub,
  type WasmFunction,
  when,
  xor64,
  xorVector,
} from '../../core/wasm.ts';

/**
 * Next-entry prediction: each entry of a table remembers which one followed it, and what comes is
 * compared with that one first. The kernels go on while this holds; hashing is left to TypeScript.
 *
 * Memory 0 is the message and its columns; memory 1 the tables. An entry has 16 bytes: address and
 * size of its item, next id (-1: none), hash. Entry id is number id + 1 of its table; number 0
 * only knows which id comes first.
 */
export const entryBytes = 16;

const message = 0;
const table = 1;

/** Puts the predicted entry of `after` into the locals, or leaves to `missed`. */
function predict(entries: Local, after: Local, id: Local, start: Local, size: Local): Code[] {
  const entry = size;
  return [
    set(entry, add(shl(add(after, 1), 4), entries)),
    set(id, load32(entry, 8, table)),
    brIf('missed', gt(id, 0x7fff_ffff)),
    set(entry, add(shl(add(id, 1), 4), entries)),
    set(start, load32(entry, 0, table)),
    set(size, load32(entry, 4, table)),
  ];
}

/** Leaves to `missed` unless `size` bytes at `a` (message) and at `b` (table) are equal. */
function compareBytes(a: Local, b: Local, size: Local, k: Local, last: Local): Code[] {
  const differ64 = (offset: Code | number): Code =>
    ne64(load64(add(a, offset), 0, message), load64(add(b, offset), 0, table));
  const differ16 = (offset: Local): Code =>
    anyBit(xorVector(loadVector(add(a, offset), 0, message), loadVector(add(b, offset), 0, table)));
  return [
    block(
      'equal',
      when(lt(size, 16), [
        when(ge(size, 8), [
          brIf('missed', differ64(0)),
          brIf('missed', differ64(sub(size, 8))),
          br('equal'),
        ]),
        brIf('equal', lt(size, 1)),
        brIf(
          'missed',
          ne64(
            shl64(xor64(load64(a, 0, message), load64(b, 0, table)), extend(sub(64, shl(size, 3)))),
            i64(0n),
          ),
        ),
        br('equal'),
      ]),
      set(k, 0),
      set(last, sub(size, 16)),
      loop('vectors', brIf('missed', differ16(k)), increase(k, 16), brIf('vectors', lt(k, last))),
      brIf('missed', differ16(last)),
    ),
  ];
}

/**
 * `matchRanges(entries, starts, ends, ids, base, index, count, after)`: compares the byte ranges of
 * the message from `index` on, writes the ids of those that were predicted, and returns the index
 * of the first that was not.
 */
function matchRanges(): WasmFunction {
  const frame = new Frame();
  const [entries, starts, ends, ids, base, index, count, after] = frame.parameters();
  const [id, start, size, at, k, last] = frame.locals();
  return {
    name: 'matchRanges',
    frame,
    body: [
      block(
        'missed',
        loop(
          'ranges',
          brIf('missed', ge(index, count)),
          ...predict(entries, after, id, start, size),
          set(at, load32(add(starts, shl(index, 2)))),
          brIf('missed', ne(sub(load32(add(ends, shl(index, 2))), at), size)),
          increase(at, base),
          ...compareBytes(at, start, size, k, last),
          store32(add(ids, shl(index, 2)), id),
          set(after, id),
          increase(index, 1),
          br('ranges'),
        ),
      ),
      giveBack(index),
    ],
  };
}

/**
 * `matchVectors(entries, starts, ends, ids, refs, map, mapSize, index, count, after)`: the same for
 * series as vectors map[refs[starts[index]]] ... A ref that the map does not have is a miss.
 */
function matchVectors(): WasmFunction {
  const frame = new Frame();
  const [entries, starts, ends, ids, refs, map, mapSize, index, count, after] = frame.parameters();
  const [id, start, size, at, ref, until] = frame.locals();
  return {
    name: 'matchVectors',
    frame,
    body: [
      block(
        'missed',
        loop(
          'vectors',
          brIf('missed', ge(index, count)),
          ...predict(entries, after, id, start, size),
          set(at, shl(load32(add(starts, shl(index, 2))), 2)),
          set(until, shl(load32(add(ends, shl(index, 2))), 2)),
          brIf('missed', ne(sub(until, at), size)),
          increase(at, refs),
          increase(until, refs),
          block(
            'equal',
            loop(
              'refs',
              brIf('equal', ge(at, until)),
              set(ref, load32(at)),
              brIf('missed', ge(ref, mapSize)),
              brIf('missed', ne(load32(add(map, shl(ref, 2))), load32(start, 0, table))),
              increase(at, 4),
              increase(start, 4),
              br('refs'),
            ),
          ),
          store32(add(ids, shl(index, 2)), id),
          set(after, id),
          increase(index, 1),
          br('vectors'),
        ),
      ),
      giveBack(index),
    ],
  };
}

/** `spread(from, ids, count, out)`: ids[i] into out[from[i]] up to out[from[i + 1]]. */
function spread(): WasmFunction {
  const frame = new Frame();
  const [from, ids, count, out] = frame.parameters();
  const [stop, to, until] = frame.locals();
  return {
    name: 'spread',
    frame,
    body: [
      set(stop, add(ids, shl(count, 2))),
      set(to, out),
      block(
        'done',
        loop(
          'entries',
          brIf('done', ge(ids, stop)),
          set(until, add(out, shl(load32(from, 4), 2))),
          block(
            'next',
            loop(
              'samples',
              brIf('next', ge(to, until)),
              store32(to, load32(ids)),
              increase(to, 4),
              br('samples'),
            ),
          ),
          increase(ids, 4),
          increase(from, 4),
          br('entries'),
        ),
      ),
    ],
  };
}

export const matchModule = compile([matchRanges(), matchVectors(), spread()], 2);
