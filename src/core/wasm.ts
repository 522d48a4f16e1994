/**
 * A small assembler for WebAssembly functions over imported memories (webassembly.github.io/spec,
 * binary format): for the few inner loops where it pays, written beside the TypeScript that they
 * speed up. Code is built by functions named like the instructions. A local given as an operand is
 * read, a number is an i32 constant. Comparisons and shifts are unsigned.
 */
export type Code = (out: number[], labels: readonly string[]) => void;
export type ValueType = 'i32' | 'i64';

const typeBytes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e };

export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** What an instruction takes: a constant, a local, or code that leaves a value. */
export type Operand = number | Local | Code;

function leb(out: number[], value: number): void {
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) out.push((rest & 0x7f) | 0x80);
  out.push(rest);
}

function signedLeb(out: number[], value: bigint): void {
  for (let rest = value; ; rest >>= 7n) {
    const byte = Number(rest & 0x7fn);
    const sign = byte & 0x40 ? -1n : 0n;
    if (rest >> 7n === sign) {
      out.push(byte);
      return;
    }
    out.push(byte | 0x80);
  }
}

function emit(out: number[], labels: readonly string[], value: Operand): void {
  if (typeof value === 'function') value(out, labels);
  else if (typeof value === 'number') {
    out.push(0x41);
    signedLeb(out, BigInt(value | 0));
  } else {
    out.push(0x20);
    leb(out, value.index);
  }
}

const op1 =
  (...opcode: number[]) =>
  (a: Operand): Code =>
  (out, labels) => {
    emit(out, labels, a);
    out.push(...opcode);
  };

const op2 =
  (...opcode: number[]) =>
  (a: Operand, b: Operand): Code =>
  (out, labels) => {
    emit(out, labels, a);
    emit(out, labels, b);
    out.push(...opcode);
  };

/** Alignment (none promised), memory when it is not the first, offset. */
function place(out: number[], offset: number, memory: number): void {
  if (memory === 0) out.push(0);
  else out.push(0x40, memory);
  leb(out, offset);
}

/** Loads at address + offset of the memory with the given index. */
const load =
  (...opcode: number[]) =>
  (address: Operand, offset = 0, memory = 0): Code =>
  (out, labels) => {
    emit(out, labels, address);
    out.push(...opcode);
    place(out, offset, memory);
  };

const store =
  (...opcode: number[]) =>
  (address: Operand, value: Operand, offset = 0, memory = 0): Code =>
  (out, labels) => {
    emit(out, labels, address);
    emit(out, labels, value);
    out.push(...opcode);
    place(out, offset, memory);
  };

export const i64 =
  (value: bigint): Code =>
  (out) => {
    out.push(0x42);
    signedLeb(out, BigInt.asIntN(64, value));
  };
export const add = op2(0x6a);
export const sub = op2(0x6b);
export const mul = op2(0x6c);
export const and = op2(0x71);
export const or = op2(0x72);
export const shl = op2(0x74);
export const shr = op2(0x76);
export const eq = op2(0x46);
export const ne = op2(0x47);
export const lt = op2(0x49);
export const gt = op2(0x4b);
export const ge = op2(0x4f);
export const eqz = op1(0x45);
export const sub64 = op2(0x7d);
export const and64 = op2(0x83);
export const or64 = op2(0x84);
export const xor64 = op2(0x85);
export const shl64 = op2(0x86);
export const shr64 = op2(0x88);
export const eq64 = op2(0x51);
export const ne64 = op2(0x52);
export const eqz64 = op1(0x50);
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
  (to: Operand, from: Operand, count: Operand, memory = 0): Code =>
  (out, labels) => {
    for (const value of [to, from, count]) emit(out, labels, value);
    out.push(0xfc, 0x0a, memory, memory);
  };

export const set =
  (local: Local, value: Operand): Code =>
  (out, labels) => {
    emit(out, labels, value);
    out.push(0x21);
    leb(out, local.index);
  };
export const increase = (local: Local, by: Operand): Code => set(local, add(local, by));

const nest = (out: number[], labels: readonly string[], label: string, body: readonly Code[]) => {
  const inside = [label, ...labels];
  for (const part of body) part(out, inside);
};
/** `br(label)` inside leaves the block. */
export const block =
  (label: string, ...body: Code[]): Code =>
  (out, labels) => {
    out.push(0x02, 0x40);
    nest(out, labels, label, body);
    out.push(0x0b);
  };
/** `br(label)` inside begins again; it ends when its end is reached. */
export const loop =
  (label: string, ...body: Code[]): Code =>
  (out, labels) => {
    out.push(0x03, 0x40);
    nest(out, labels, label, body);
    out.push(0x0b);
  };
export const when =
  (condition: Operand, then: readonly Code[], otherwise: readonly Code[] = []): Code =>
  (out, labels) => {
    emit(out, labels, condition);
    out.push(0x04, 0x40);
    nest(out, labels, '', then);
    if (otherwise.length > 0) out.push(0x05);
    nest(out, labels, '', otherwise);
    out.push(0x0b);
  };

const jump = (out: number[], labels: readonly string[], opcode: number, label: string): void => {
  const depth = labels.indexOf(label);
  if (depth < 0) throw new Error(`no block is labelled ${label}`);
  out.push(opcode);
  leb(out, depth);
};
export const br =
  (label: string): Code =>
  (out, labels) =>
    jump(out, labels, 0x0c, label);
export const brIf =
  (label: string, condition: Operand): Code =>
  (out, labels) => {
    emit(out, labels, condition);
    jump(out, labels, 0x0d, label);
  };
export const giveBack =
  (value: Operand): Code =>
  (out, labels) => {
    emit(out, labels, value);
    out.push(0x0f);
  };

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
  const out = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const section = (id: number, items: readonly number[][]): void => {
    const bytes: number[] = [];
    leb(bytes, items.length);
    for (const item of items) for (const byte of item) bytes.push(byte);
    out.push(id);
    leb(out, bytes.length);
    for (const byte of bytes) out.push(byte);
  };
  const each = (make: (f: WasmFunction, index: number) => number[]): number[][] =>
    functions.map(make);
  section(
    1,
    each(({ frame }) => [0x60, ...counted(Array(frame.parameterCount).fill(0x7f)), 1, 0x7f]),
  );
  const memory = (index: number): number[] => [
    ...[...name('env'), ...name(String(index))],
    ...[0x02, 0x00, 0x01],
  ];
  section(
    2,
    Array.from({ length: memories }, (_, index) => memory(index)),
  );
  section(
    3,
    each((_, index) => counted([], index)),
  );
  section(
    7,
    each((f, index) => [...name(f.name), 0x00, ...counted([], index)]),
  );
  section(10, each(functionBody));
  return Uint8Array.from(out);
}

function functionBody({ frame, body }: WasmFunction): number[] {
  const bytes: number[] = [];
  leb(bytes, frame.localTypes.length);
  for (const type of frame.localTypes) bytes.push(1, typeBytes[type]);
  for (const part of body) part(bytes, []);
  // The result of a function that reaches its end.
  emit(bytes, [], 0);
  bytes.push(0x0b);
  return counted(bytes);
}

/** Bytes behind their count, which may also be given alone. */
function counted(bytes: readonly number[], count = bytes.length): number[] {
  const out: number[] = [];
  leb(out, count);
  for (const byte of bytes) out.push(byte);
  return out;
}

function name(text: string): number[] {
  return counted([...text].map((character) => character.charCodeAt(0)));
}
