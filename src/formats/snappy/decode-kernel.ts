import {
  add,
  and,
  block,
  br,
  brIf,
  type Code,
  copyBytes,
  eq,
  eqz,
  Frame,
  ge,
  giveBack,
  gt,
  increase,
  type Local,
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

interface Locals {
  readonly ip: Local;
  readonly end: Local;
  readonly op: Local;
  readonly opEnd: Local;
  readonly start: Local;
  readonly tag: Local;
  readonly size: Local;
  readonly back: Local;
  readonly stop: Local;
}

const broken = giveBack(0);

/** 16, 32 or 64 bytes, whatever `size` (at most 64) asks for. */
const copyVectors = (to: Local, from: Local, size: Local): Code[] => [
  storeVector(to, loadVector(from)),
  when(gt(size, 16), [
    storeVector(to, loadVector(from, 16), 16),
    when(gt(size, 32), [
      storeVector(to, loadVector(from, 32), 32),
      storeVector(to, loadVector(from, 48), 48),
    ]),
  ]),
];

const literal = ({ ip, end, op, opEnd, tag, size, stop }: Locals): Code[] => [
  set(size, add(shr(tag, 2), 1)),
  when(gt(size, 60), [
    // 1 to 4 bytes of length follow.
    set(stop, sub(size, 60)),
    when(gt(stop, sub(end, ip)), [broken]),
    set(size, add(and(load32(ip), shr(-1, sub(32, shl(stop, 3)))), 1)),
    increase(ip, stop),
  ]),
  // A size of 2^32 is 0 here: the comparison of sizes less one catches it.
  when(ge(sub(size, 1), sub(end, ip)), [broken]),
  when(gt(size, sub(opEnd, op)), [broken]),
  when(gt(size, 64), [copyBytes(op, ip, size)], copyVectors(op, ip, size)),
  increase(ip, size),
  increase(op, size),
  br('elements'),
];

/** Size and offset (`back`) of a copy. */
const readCopy = ({ ip, tag, size, back }: Locals): Code[] => [
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
];

const copy = (locals: Locals): Code[] => {
  const { ip, end, op, opEnd, start, size, back, stop } = locals;
  const step = (label: string, bytes: number, move: Code): Code =>
    loop(label, move, increase(op, bytes), increase(back, bytes), brIf(label, lt(op, stop)));
  return [
    ...readCopy(locals),
    when(gt(ip, end), [broken]),
    // An offset of 0 is 2^32 - 1 here, more than there is.
    when(ge(sub(back, 1), sub(op, start)), [broken]),
    when(gt(size, sub(opEnd, op)), [broken]),
    set(stop, add(op, size)),
    set(back, sub(op, back)),
    // Pieces must not be longer than the offset: a copy may repeat what it has just written.
    when(ge(sub(op, back), 16), [...copyVectors(op, back, size), set(op, stop), br('elements')]),
    when(ge(sub(op, back), 8), [
      step('words', 8, store64(op, load64(back))),
      set(op, stop),
      br('elements'),
    ]),
    step('bytes', 1, store8(op, load8(back))),
  ];
};

/**
 * `decode(from, end, to, toEnd)`: the elements of a snappy block, bytes[from, end), into
 * bytes[to, toEnd). Returns 1, or 0 when the block is broken. Copies go by 16 bytes and may
 * write up to 64 behind `toEnd` and read 64 behind `end`.
 */
export function snappyDecoder(): WasmFunction {
  const frame = new Frame();
  const [ip, end, op, opEnd] = frame.parameters();
  const [start, tag, size, back, stop] = frame.locals();
  const locals = { ip, end, op, opEnd, start, tag, size, back, stop };
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
          when(eqz(and(tag, 3)), literal(locals)),
          ...copy(locals),
          br('elements'),
        ),
      ),
      giveBack(eq(op, opEnd)),
    ],
  };
}
