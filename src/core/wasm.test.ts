import { expect, test } from 'vitest';
import { compile, Heap, link } from './heap.ts';
import {
  add,
  assemble,
  block,
  br,
  brIf,
  type Code,
  extend,
  Frame,
  fromDouble,
  ge,
  giveBack,
  i64,
  increase,
  load8,
  load32,
  loadDouble,
  loop,
  lt,
  mul,
  set,
  shl,
  shr,
  store32,
  store64,
  storeDouble,
  sub,
  toDouble,
  type WasmFunction,
  when,
} from './wasm.ts';

function run(body: (frame: Frame) => Code[], ...args: number[]): number {
  const frame = new Frame();
  const heap = new Heap();
  const f: WasmFunction = { name: 'f', frame, body: body(frame) };
  return link(compile([f]), heap).f!(...args);
}

test('constants of all sizes survive', () => {
  for (const value of [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)]) {
    expect(run(() => [giveBack(add(value, 0))])).toBe(value);
  }
});

test('loops, blocks and branches: a sum', () => {
  const sum = (n: number): number =>
    run((frame) => {
      const [count] = frame.parameters();
      const [total] = frame.locals();
      return [
        block(
          'done',
          loop(
            'again',
            brIf('done', lt(count, 1)),
            increase(total, count),
            set(count, sub(count, 1)),
            br('again'),
          ),
        ),
        when(ge(total, 100), [giveBack(mul(total, 2))], [giveBack(total)]),
      ];
    }, n);
  expect([sum(0), sum(4), sum(100)]).toEqual([0, 10, 10_100]);
});

test('a function that reaches its end gives 0; shifts and comparisons are unsigned', () => {
  expect(run(() => [])).toBe(0);
  expect(run(() => [giveBack(shr(-1, 28))])).toBe(15);
  expect(run(() => [giveBack(lt(-1, 1))])).toBe(0);
});

test('loads and stores go to the memory that they name', () => {
  const frame = new Frame();
  const [to, from] = frame.parameters();
  const [wide] = frame.locals('i64');
  const body = [
    store32(to, load8(from, 3, 1), 4),
    set(wide, i64(-(2n ** 63n))),
    store64(to, wide, 8),
    storeDouble(to, toDouble(fromDouble(loadDouble(from, 8, 1))), 16),
    set(wide, extend(shl(load32(from, 0, 1), 1))),
    store64(to, wide, 24),
  ];
  const heaps = [new Heap(), new Heap()] as const;
  const view = new DataView(heaps[1].buffer);
  view.setUint32(64, 0xc1020304, true);
  view.setFloat64(72, -1234.9, true);
  link(compile([{ name: 'f', frame, body }], 2), ...heaps).f!(128, 64);
  const out = new DataView(heaps[0].buffer);
  expect(out.getUint32(132, true)).toBe(0xc1);
  expect(out.getBigInt64(136, true)).toBe(-(2n ** 63n));
  expect(out.getFloat64(144, true)).toBe(-1234);
  expect(out.getBigUint64(152, true)).toBe(0x82040608n);
});

test('a branch to nowhere is told at once', () => {
  const frame = new Frame();
  expect(() => assemble([{ name: 'f', frame, body: [br('away')] }])).toThrow(/away/);
});
