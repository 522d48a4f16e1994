import {
  add,
  and,
  block,
  br,
  brIf,
  copyBytes,
  eq,
  eqz,
  Frame,
  ge,
  giveBack,
  gt,
  increase,
  load8,
  load16,
  load32,
  load64,
  loadVector,
  loop,
  lt,
  or,
  set,
  shl,
  shr,
  store8,
  store64,
  storeVector,
  sub,
  type WasmFunction,
  when,
} from '../../core/wasm.ts';

/**
 * `decode(from, end, to, toEnd)`: the elements of a snappy block, bytes[from, end), into
 * bytes[to, toEnd). Returns 1, or 0 when the block is broken. Copies go by 16 bytes and may
 * write up to 64 behind `toEnd` and read 16 behind `end`.
 */
export function snappyDecoder(): WasmFunction {
  const frame = new Frame();
  const [ip, end, op, opEnd] = frame.parameters();
  const [start, tag, size, back, stop] = frame.locals();
  const broken = giveBack(0);
  const literal = [
    set(size, add(shr(tag, 2), 1)),
    when(gt(size, 60), [
      // 1 to 4 bytes of length follow.
      set(stop, sub(size, 60)),
      when(gt(stop, sub(end, ip)), [broken]),
      set(size, add(and(load32(ip), shr(-1, sub(32, shl(stop, 3)))), 1)),
      increase(ip, stop),
    ]),
    // Unsigned: a size of 0 (2^32) is caught by the first comparison of sizes less one.
    when(ge(sub(size, 1), sub(end, ip)), [broken]),
    when(gt(size, sub(opEnd, op)), [broken]),
    when(
      gt(size, 64),
      [copyBytes(op, ip, size)],
      [
        storeVector(op, loadVector(ip)),
        when(gt(size, 16), [
          storeVector(op, loadVector(ip, 16), 16),
          when(gt(size, 32), [
            storeVector(op, loadVector(ip, 32), 32),
            storeVector(op, loadVector(ip, 48), 48),
          ]),
        ]),
      ],
    ),
    increase(ip, size),
    increase(op, size),
    br('elements'),
  ];
  const copy = [
    when(
      eq(and(tag, 3), 1),
      [
        set(size, add(and(shr(tag, 2), 7), 4)),
        set(back, or(shl(shr(tag, 5), 8), load8(ip))),
        increase(ip, 1),
      ],
      [
        set(size, add(shr(tag, 2), 1)),
        when(
          eq(and(tag, 3), 2),
          [set(back, load16(ip)), increase(ip, 2)],
          [set(back, load32(ip)), increase(ip, 4)],
        ),
      ],
    ),
    when(gt(ip, end), [broken]),
    // An offset of 0 becomes 2^32 - 1 here, more than there is.
    when(ge(sub(back, 1), sub(op, start)), [broken]),
    when(gt(size, sub(opEnd, op)), [broken]),
    set(stop, add(op, size)),
    when(ge(back, 16), [
      set(back, sub(op, back)),
      storeVector(op, loadVector(back)),
      when(gt(size, 16), [
        storeVector(op, loadVector(back, 16), 16),
        when(gt(size, 32), [
          storeVector(op, loadVector(back, 32), 32),
          storeVector(op, loadVector(back, 48), 48),
        ]),
      ]),
      set(op, stop),
      br('elements'),
    ]),
    set(back, sub(op, back)),
    when(ge(sub(op, back), 8), [
      loop(
        'words',
        store64(op, load64(back)),
        increase(op, 8),
        increase(back, 8),
        brIf('words', lt(op, stop)),
      ),
      set(op, stop),
      br('elements'),
    ]),
    loop(
      'bytes',
      store8(op, load8(back)),
      increase(op, 1),
      increase(back, 1),
      brIf('bytes', lt(op, stop)),
    ),
  ];
  return {
    name: 'decode',
    frame,
    body: [
      set(start, op),
      block(
        'done',
        loop(
          'elements',
          brIf('done', ge(ip, end)),
          set(tag, load8(ip)),
          increase(ip, 1),
          when(eqz(and(tag, 3)), literal),
          ...copy,
          br('elements'),
        ),
      ),
      giveBack(eq(op, opEnd)),
    ],
  };
}
