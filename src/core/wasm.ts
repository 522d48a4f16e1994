/**
 * A small assembler for WebAssembly functions over imported memories (webassembly.github.io/spec,
 * binary format): for the few inner loops where it pays, written beside the TypeScript that they
 * speed up. Code is built by functions named like the instructions. A local given as an operand is
 * read, a number is an i32 constant. Comparisons and shifts are unsigned.
 */
export type Code = (labels: readonly string[]) => number[];
export type ValueType = 'i32' | 'i64' | 'f64' | 'v128';

const typeBytes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b };

/** A 32-bit number, or code that leaves one. */
export type I32 = number | Local | Code;

export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

const flat = (parts: readonly Code[], labels: readonly string[]): number[] =>
  parts.flatMap((part) => part(labels));

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const byte = Number(rest & 0x7fn);
    const done = rest >> 6n === 0n || rest >> 6n === -1n;
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

/** Code of an operand: a number is an i32 constant, a local is read. */
function operand(value: I32): Code {
  if (typeof value === 'function') return value;
  if (typeof value === 'number') return () => [0x41, ...signedLeb(BigInt(value | 0))];
  return () => [0x20, ...leb(value.index)];
}

const op1 =
  (...opcode: number[]) =>
  (a: I32): Code =>
  (labels) => [...operand(a)(labels), ...opcode];

const op2 =
  (...opcode: number[]) =>
  (a: I32, b: I32): Code =>
  (labels) => [...operand(a)(labels), ...operand(b)(labels), ...opcode];

/** Alignment (none promised), memory when it is not the first, offset. */
const place = (offset: number, memory: number): number[] =>
  memory === 0 ? [0, ...leb(offset)] : [0x40, memory, ...leb(offset)];

/** Loads at address + offset of the memory with the given index. */
const load =
  (...opcode: number[]) =>
  (address: I32, offset = 0, memory = 0): Code =>
  (labels) => [...operand(address)(labels), ...opcode, ...place(offset, memory)];

const store =
  (...opcode: number[]) =>
  (address: I32, value: I32, offset = 0, memory = 0): Code =>
  (labels) => [
    ...operand(address)(labels),
    ...operand(value)(labels),
    ...opcode,
    ...place(offset, memory),
  ];

export const add = op2(0x6a);
export const sub = op2(0x6b);
export const mul = op2(0x6c);
export const and = op2(0x71);
export const or = op2(0x72);
export const xor = op2(0x73);
export const shl = op2(0x74);
export const shr = op2(0x76);
export const eq = op2(0x46);
export const ne = op2(0x47);
export const lt = op2(0x49);
export const gt = op2(0x4b);
export const le = op2(0x4d);
export const ge = op2(0x4f);
export const eqz = op1(0x45);
export const ctz = op1(0x68);
export const i64 =
  (value: bigint): Code =>
  () => [0x42, ...signedLeb(BigInt.asIntN(64, value))];
export const add64 = op2(0x7c);
export const sub64 = op2(0x7d);
export const and64 = op2(0x83);
export const or64 = op2(0x84);
export const xor64 = op2(0x85);
export const shl64 = op2(0x86);
export const shr64 = op2(0x88);
export const eq64 = op2(0x51);
export const ne64 = op2(0x52);
export const eqz64 = op1(0x50);
export const ctz64 = op1(0x7a);
export const wrap = op1(0xa7);
export const extend = op1(0xad);
/** Signed 64-bit number to double. */
export const toDouble = op1(0xb9);
/** Double to signed 64-bit number, the nearest one that exists. */
export const fromDouble = op1(0xfc, 0x06);
export const lt64 = op2(0x54);
export const load8 = load(0x2d);
export const load16 = load(0x2f);
export const load32 = load(0x28);
export const load64 = load(0x29);
export const loadVector = load(0xfd, 0x00);
export const store8 = store(0x3a);
export const store16 = store(0x3b);
export const store32 = store(0x36);
export const store64 = store(0x37);
export const loadDouble = load(0x2b);
export const storeDouble = store(0x39);
export const storeVector = store(0xfd, 0x0b);
export const xorVector = op2(0xfd, 0x51);
/** 1 when any bit of a vector is set. */
export const anyBit = op1(0xfd, 0x53);

export const copyBytes =
  (to: I32, from: I32, count: I32, memory = 0): Code =>
  (labels) => [
    ...operand(to)(labels),
    ...operand(from)(labels),
    ...operand(count)(labels),
    0xfc,
    0x0a,
    memory,
    memory,
  ];
export const fillBytes =
  (to: I32, value: I32, count: I32): Code =>
  (labels) => [
    ...operand(to)(labels),
    ...operand(value)(labels),
    ...operand(count)(labels),
    0xfc,
    0x0b,
    0,
  ];

export const set =
  (local: Local, value: I32): Code =>
  (labels) => [...operand(value)(labels), 0x21, ...leb(local.index)];
/** Sets and leaves the value. */
export const tee =
  (local: Local, value: I32): Code =>
  (labels) => [...operand(value)(labels), 0x22, ...leb(local.index)];
export const increase = (local: Local, by: I32): Code => set(local, add(local, by));

/** `br(label)` inside leaves the block. */
export const block =
  (label: string, ...body: Code[]): Code =>
  (labels) => [0x02, 0x40, ...flat(body, [label, ...labels]), 0x0b];
/** `br(label)` inside begins again; it ends when its end is reached. */
export const loop =
  (label: string, ...body: Code[]): Code =>
  (labels) => [0x03, 0x40, ...flat(body, [label, ...labels]), 0x0b];
export const when =
  (condition: I32, then: Code[], otherwise: Code[] = []): Code =>
  (labels) => [
    ...operand(condition)(labels),
    0x04,
    0x40,
    ...flat(then, ['', ...labels]),
    ...(otherwise.length > 0 ? [0x05, ...flat(otherwise, ['', ...labels])] : []),
    0x0b,
  ];
const depth = (labels: readonly string[], label: string): number[] => {
  const index = labels.indexOf(label);
  if (index < 0) throw new Error(`no block is labelled ${label}`);
  return leb(index);
};
export const br =
  (label: string): Code =>
  (labels) => [0x0c, ...depth(labels, label)];
export const brIf =
  (label: string, condition: I32): Code =>
  (labels) => [...operand(condition)(labels), 0x0d, ...depth(labels, label)];
export const giveBack =
  (value: I32): Code =>
  (labels) => [...operand(value)(labels), 0x0f];

/** The locals of one function: as many as are taken, parameters before all others. */
export class Frame {
  #parameters = 0;
  readonly #types: ValueType[] = [];

  /** Parameters, all i32: `const [a, b] = frame.parameters()`. */
  *parameters(): Generator<Local, never> {
    for (;;) yield { index: this.#parameters++, type: 'i32' };
  }

  *locals(type: ValueType = 'i32'): Generator<Local, never> {
    for (;;) {
      this.#types.push(type);
      yield { index: this.#parameters + this.#types.length - 1, type };
    }
  }

  get parameterCount(): number {
    return this.#parameters;
  }

  get localTypes(): readonly ValueType[] {
    return this.#types;
  }
}

/** A function of i32 parameters that returns an i32 (0 when it reaches its end). */
export interface WasmFunction {
  readonly name: string;
  readonly frame: Frame;
  readonly body: readonly Code[];
}

/** Module bytes: imports `memories` memories as `env.0`, `env.1` ... and exports the functions. */
export function assemble(
  functions: readonly WasmFunction[],
  memories = 1,
): Uint8Array<ArrayBuffer> {
  const vector = (items: number[][]): number[] => [...leb(items.length), ...items.flat()];
  const section = (id: number, bytes: number[]): number[] => [id, ...leb(bytes.length), ...bytes];
  const name = (text: string): number[] => vector([...text].map((c) => [c.charCodeAt(0)]));
  const types = functions.map(({ frame }) => [
    0x60,
    ...vector(Array(frame.parameterCount).fill([typeBytes.i32])),
    ...vector([[typeBytes.i32]]),
  ]);
  const imports = Array.from({ length: memories }, (_, index) => [
    ...[...name('env'), ...name(String(index))],
    ...[0x02, 0x00, 0x01],
  ]);
  const names = functions.map((f, index) => [...leb(index), ...name(f.name)]);
  const code = functions.map(({ frame, body }) => {
    const locals = vector(frame.localTypes.map((type) => [1, typeBytes[type]]));
    const bytes = [...locals, ...flat(body, []), ...operand(0)([]), 0x0b];
    return [...leb(bytes.length), ...bytes];
  });
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector(imports)),
    ...section(3, vector(functions.map((_, index) => leb(index)))),
    ...section(7, vector(functions.map((f, index) => [...name(f.name), 0x00, ...leb(index)]))),
    ...section(10, vector(code)),
    // Names, for profilers.
    ...section(0, [...name('name'), ...section(1, vector(names))]),
  ]);
}
